//! Why a file is not encrypted, opened or given. None of it holds a value: it is for operators.

use super::NotBelow;
use super::age_file::AgeError;
use super::sops::{ReadError, SopsError};

/// Why a file is not read, opened or written.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Nothing larger is read.
    #[error("the file is larger than 2 MiB")]
    TooLarge,
    /// It does not stand where encrypted files do.
    #[error(transparent)]
    NotBelow(#[from] NotBelow),
    /// It is no age file, though it claims to be one.
    #[error("the age file has no good header")]
    NoHeader,
    /// It opens by other headers than the one that is asked for.
    #[error("no header of the document is the one that is asked for")]
    NotByThisHeader,
    /// Of an age file.
    #[error(transparent)]
    Age(#[from] AgeError),
    /// Of a SOPS file.
    #[error(transparent)]
    Sops(#[from] SopsError),
}

/// What a file does not have, though it opens.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Missing {
    /// It has no parts.
    #[error("the document is one value: ask for it without `#/key`")]
    OneValue,
    /// It has no parts, and only parts are granted.
    #[error("the document is one value, and only keys of it are granted")]
    OneValueOnly,
    /// Nothing stands at the JSON pointer.
    #[error("the document has no `{key}`")]
    Key {
        /// The pointer.
        key: String,
    },
    /// Nothing stands at any of the JSON pointers.
    #[error("the document has none of the keys that are granted: {}", .keys.join(", "))]
    Keys {
        /// The pointers.
        keys: Vec<String>,
    },
}

/// Why nothing of a file was given.
#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    /// It opens, and does not have what is asked for. Also its readers may hear the words.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// It does not open, or may not be given.
    #[error(transparent)]
    Unreadable(#[from] SecretError),
}

impl From<AgeError> for Unopened {
    fn from(fault: AgeError) -> Self {
        Self::Unreadable(fault.into())
    }
}

impl From<SopsError> for Unopened {
    fn from(fault: SopsError) -> Self {
        Self::Unreadable(fault.into())
    }
}

impl From<ReadError> for Unopened {
    fn from(fault: ReadError) -> Self {
        SopsError::from(fault).into()
    }
}
