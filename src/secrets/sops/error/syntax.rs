//! Why a text is not a valid document of its format.

use crate::secrets::sops::limits::LimitError;
use granit_parser::ScanError;

/// What is wrong, and in which line, if it is in one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}{flaw}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct SyntaxError {
    line: Option<usize>,
    #[source]
    flaw: SyntaxFault,
}

/// What is wrong with a text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::secrets::sops) enum SyntaxFault {
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("`{name}` appears twice")]
    Twice { name: String },

    #[error("the file starts with a byte order mark: save it without")]
    ByteOrderMark,
    #[error("{}", .0.to_string().lines().next().unwrap_or_default())]
    Yaml(#[source] Box<ScanError>),
    #[error("the YAML is not understood")]
    YamlUnknown,
    #[error("the YAML ends too early")]
    YamlEnds,
    #[error("the file holds no document")]
    NoDocument,
    #[error("the document is not a mapping (`key: value`); SOPS encrypts nothing else")]
    NoMapping,
    #[error("an alias within its own anchor")]
    AliasWithinAnchor,
    #[error("a key is not a text")]
    KeyNoText,
    #[error("the key `{key}` is not a text: put it in quotes")]
    KeyNotQuoted { key: String },
    #[error("brackets hold a `key: value` pair: put it in braces")]
    PairWithinBrackets,
    #[error("the tag `!!{tag}` is not understood")]
    UnknownTag { tag: String },
    #[error("a value has the tag `!!{tag}` but is not of that type")]
    WrongTag { tag: String },
    #[error("a `!!binary` value is not UTF-8: keep it in a file of its own")]
    BinaryNotUtf8,
    #[error("a whole number is beyond 63 bits, which SOPS does not write: put it in quotes")]
    IntegerTooLarge,

    #[error("{what} is expected")]
    JsonExpected { what: &'static str },
    #[error("something follows the document")]
    JsonFollowed,
    #[error("a text is not closed or not escaped as JSON requires")]
    JsonText,
    #[error("a number is not written as JSON requires")]
    JsonNumber,
    #[error("the document is not an object (`{{…}}`); SOPS encrypts nothing else")]
    NoObject,

    #[error("expected {form}")]
    NoPair { form: &'static str },
    #[error("a section's name is not closed by `]`")]
    SectionNotClosed,
    #[error("the section `{name}` appears twice")]
    SectionTwice { name: String },
    #[error("a name is in quotes or empty: write it without quotes")]
    NameQuoted,
    #[error("`{name}` appears twice in its section")]
    TwiceInSection { name: String },
    #[error("a quoted value is not closed")]
    QuoteNotClosed,
    #[error("a value goes on in the next line: put it in three double quotes")]
    GoesOn,
}

impl SyntaxFault {
    /// The error with its line.
    pub(in crate::secrets::sops) const fn at(self, line: usize) -> SyntaxError {
        SyntaxError { line: Some(line), flaw: self }
    }
}

/// A flaw that is not in one line.
impl From<SyntaxFault> for SyntaxError {
    fn from(flaw: SyntaxFault) -> Self {
        Self { line: None, flaw }
    }
}

impl From<LimitError> for SyntaxError {
    fn from(limit: LimitError) -> Self {
        SyntaxFault::Limit(limit).into()
    }
}
