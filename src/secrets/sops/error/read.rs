//! Why a part of an opened document is not given.

use super::{SpliceError, ValueError};
use crate::words::names::PointerError;

/// The part is missing, is not authenticated, or cannot be written separately.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Pointer(#[from] PointerError),
    #[error("the document has no `{pointer}`")]
    NoValue { pointer: String },
    #[error("the file holds no `data`")]
    NoData,
    #[error(
        "`{at}` is or holds a value that is not encrypted, and with `mac_only_encrypted` nothing proves that it was not changed: \
         encrypt it, or encrypt the file anew without `mac_only_encrypted`"
    )]
    Unauthenticated { at: String },
    #[error("the file holds several documents: ask for one value at a time")]
    SeveralDocuments,
    #[error("the document has none of the values that are granted")]
    NoneGranted,
    #[error("the file is one value: it can only be granted as a whole")]
    GrantedWhole,
    #[error("`{name}` is not a section")]
    NoIniSection { name: String },
    #[error("`{name}` is not a single value")]
    NoSingleValue { name: String },
    #[error("the file is one value, not a document of them")]
    OneValue,
    #[error("the document is not a mapping")]
    NoMapping,
    #[error("the document is not UTF-8")]
    NotUtf8,
    #[error(transparent)]
    Json(#[from] crate::token::JsonError),
    #[error(transparent)]
    Written(#[from] serde_json::Error),
    #[error(transparent)]
    Yaml(#[from] serde_saphyr::ser::Error),
    #[error(transparent)]
    Value(#[from] ValueError),
    #[error(transparent)]
    Splice(#[from] SpliceError),
}
