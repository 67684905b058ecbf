//! Why a file cannot be encrypted, opened or given. These errors are for operators and never hold a value.

use super::NotBelow;
use super::age_file::AgeError;
use super::sops::{ReadError, SopsError};

/// Why a file cannot be read, opened or written.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is larger than the limit.
    #[error("the file is larger than 2 MiB")]
    TooLarge,
    /// It is not in a folder of encrypted files.
    #[error(transparent)]
    NotBelow(#[from] NotBelow),
    /// It claims to be an age file, but has no valid header.
    #[error("the age file has no valid header")]
    NoHeader,
    /// It has headers, but not the requested one.
    #[error("no header of the document is the requested one")]
    NotByThisHeader,
    /// An error of an age file.
    #[error(transparent)]
    Age(#[from] AgeError),
    /// An error of a SOPS file.
    #[error(transparent)]
    Sops(#[from] SopsError),
}

/// What is missing in a file that opens.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Missing {
    /// A key is asked for, but the document is a single value.
    #[error("the document is one value: ask for it without `#/key`")]
    OneValue,
    /// Only keys are granted, but the document is a single value.
    #[error("the document is one value, and only keys of it are granted")]
    OneValueOnly,
    /// There is nothing at the JSON pointer.
    #[error("the document has no `{key}`")]
    Key {
        /// The pointer.
        key: String,
    },
    /// There is nothing at any of the JSON pointers.
    #[error("the document has none of the keys that are granted: {}", .keys.join(", "))]
    Keys {
        /// The pointers.
        keys: Vec<String>,
    },
}

/// Why nothing of a file is given.
#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    /// It opens, but lacks what is asked for. Its readers may see this text too.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// It does not open, or must not be given.
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
