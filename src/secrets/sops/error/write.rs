//! Why something cannot be written: a value in this format, a change at this place, a document with this section.

use crate::secrets::age_file::AgeError;
use crate::words::names::PointerError;

/// Why a format cannot hold a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ValueError {
    #[error("a value is not UTF-8, which only a binary file may hold")]
    NotUtf8,
    #[error("a value is not UTF-8, which {form} cannot hold")]
    NotUtf8In { form: &'static str },
    #[error("JSON has no number for infinity or NaN")]
    NotFinite,
    #[error("a value holds a carriage return, which dotenv cannot hold")]
    CarriageReturn,
    #[error("a value holds what INI cannot hold: line breaks or backticks together with three double quotes")]
    IniQuotes,
    #[error("a comment is not UTF-8")]
    CommentNotUtf8,
}

/// Why changes cannot be applied to a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpliceError {
    #[error("two changes of the file overlap: write the value on one line")]
    Overlap,
    #[error("a change reaches beyond the file")]
    Beyond,
}

/// Why a value cannot be set or removed at a pointer.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error(transparent)]
    Pointer(#[from] PointerError),
    #[error("the pointer is that of the whole document: edit it instead")]
    SetWhole,
    #[error("the pointer is that of the whole document: remove the file instead")]
    UnsetWhole,
    #[error("a file with this extension is one value: change it as a whole")]
    OneValue,
    #[error("the file has several documents: start the pointer with the number of one")]
    SeveralDocuments,
    #[error("the document has no `{pointer}`")]
    NoValue { pointer: String },
    #[error("`{pointer}` comes from an alias: change what the alias refers to")]
    FromAlias { pointer: String },
    #[error("`{step}` would be within an alias: change what the alias refers to")]
    WithinAlias { step: String },
    #[error("`{step}` would be within a value that is not a mapping")]
    NoMapping { step: String },
    #[error("the list has no `{step}`: `-` stands for the position after its last item")]
    NoItem { step: String },
    #[error("a value in this format is one text")]
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
    #[error("the value is not JSON: {0}")]
    NoJson(#[from] crate::token::JsonError),
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// Why a file cannot be written, or would not be read back as intended.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("a file needs a recipient (`age1…`)")]
    NoRecipient,
    #[error(transparent)]
    Age(#[from] AgeError),
    #[error("the file is already encrypted: it has a `sops` section")]
    Encrypted,
    #[error("the name `sops` is taken by the metadata: choose another")]
    NameTaken,
    #[error("the document is not UTF-8")]
    NotUtf8,
    #[error("there is no section to write")]
    NoSection,
    #[error("the document is not a mapping")]
    NoMapping,
    #[error("the document's root is in braces: write it as lines of `key: value`")]
    RootInBraces,
    #[error("a section lacks `{name}`")]
    SectionLacks { name: &'static str },
    #[error("the `sops` section has no list `age`, not even an empty one")]
    NoAgeList,
    #[error("`{at}` would not be read back unchanged: write it in another way (no anchor, on one line)")]
    ReadBack { at: String },
    #[error("the recipients would not be read back unchanged: write the `sops` section as SOPS does")]
    RecipientsReadBack,
    #[error("the file is encrypted to {} keys too, which only sops can give a new key: run `sops rotate`", .kinds.join(" and "))]
    Foreign { kinds: Vec<&'static str> },
    #[error(transparent)]
    Value(#[from] ValueError),
    #[error(transparent)]
    Splice(#[from] SpliceError),
}
