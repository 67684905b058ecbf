//! What cannot be written: a value in this form, a change at this place, a document with this section.

use crate::secrets::age_file::AgeError;
use crate::words::names::PointerError;

/// A value that a form cannot hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ValueError {
    #[error("a value is not UTF-8, which only a binary file may hold")]
    NotUtf8,
    #[error("a value is not UTF-8, which {form} cannot hold")]
    NotUtf8In { form: &'static str },
    #[error("JSON has no number for infinity or for none")]
    NotFinite,
    #[error("a value holds a carriage return, which dotenv cannot")]
    CarriageReturn,
    #[error("a value holds what INI cannot: line breaks or backticks, and three double quotes")]
    IniQuotes,
    #[error("a comment is not UTF-8")]
    CommentNotUtf8,
}

/// Changes of a text that do not fit it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpliceError {
    #[error("two changes of the file overlap: write the value on one line")]
    Overlap,
    #[error("a change reaches beyond the file")]
    Beyond,
}

/// A value that cannot be set, or removed, at a pointer.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error(transparent)]
    Pointer(#[from] PointerError),
    #[error("the whole document is not set but edited")]
    SetWhole,
    #[error("the whole document is not unset but removed")]
    UnsetWhole,
    #[error("a file of this ending is one value: change it whole")]
    OneValue,
    #[error("the file has several documents: the pointer starts with the number of one")]
    SeveralDocuments,
    #[error("the document has no `{pointer}`")]
    NoValue { pointer: String },
    #[error("`{pointer}` comes from an alias: change what it stands for")]
    FromAlias { pointer: String },
    #[error("`{step}` would be within an alias: change what it stands for")]
    WithinAlias { step: String },
    #[error("`{step}` would be within a value that is no mapping")]
    NoMapping { step: String },
    #[error("a list has no `{step}`: `-` stands for the place behind its end")]
    NoItem { step: String },
    #[error("a value of this form is one text")]
    OneText,
    #[error("an INI file holds texts in sections: the pointer is `/section/name`")]
    IniPointer,
    #[error("`{}` cannot be a name in {file} file", .name.escape_default())]
    Name { name: String, file: &'static str },
    #[error("there is nothing to remove")]
    NothingToRemove,
    #[error("there is nothing to add to")]
    NothingToAddTo,
    #[error("the value is not UTF-8: keep it in a file of its own")]
    NotUtf8,
    #[error("a number is out of range: write it as text")]
    NumberOutOfRange,
    #[error("the value is no JSON: {0}")]
    NoJson(#[from] crate::token::JsonError),
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// A file that would not be read back as what it is to be.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("a file needs a recipient (`age1…`)")]
    NoRecipient,
    #[error(transparent)]
    Age(#[from] AgeError),
    #[error("the file is encrypted already: it has a `sops` section")]
    Encrypted,
    #[error("the name `sops` is taken by the metadata: choose another")]
    NameTaken,
    #[error("the document is not UTF-8")]
    NotUtf8,
    #[error("there is no section to write")]
    NoSection,
    #[error("the document is no mapping")]
    NoMapping,
    #[error("the document's root is in braces: write it as lines of `key: value`")]
    RootInBraces,
    #[error("a section lacks `{name}`")]
    SectionLacks { name: &'static str },
    #[error("the `sops` section has no list `age`, not even an empty one")]
    NoAgeList,
    #[error("`{at}` would not be read back as it is: write it in another way (no anchor, on one line)")]
    ReadBack { at: String },
    #[error("the recipients would not be read back: write the `sops` section as SOPS does")]
    RecipientsReadBack,
    #[error("the file is encrypted to {} keys too, which only sops can give a new key: run `sops rotate`", .kinds.join(" and "))]
    Foreign { kinds: Vec<&'static str> },
    #[error(transparent)]
    Value(#[from] ValueError),
    #[error(transparent)]
    Splice(#[from] SpliceError),
}
