//! Errors of SOPS files and of the documents that become one. They never hold a value.

mod creation;
mod open;
mod read;
mod syntax;
mod write;

pub use creation::CreationError;
pub(super) use creation::{RuleError, RuleFault};
pub use open::EntryError;
pub(super) use open::{CipherError, KeyError, MetadataError, OpenError};
pub(in crate::secrets) use read::ReadError;
pub(super) use syntax::{SyntaxError, SyntaxFault};
pub(super) use write::{ChangeError, SpliceError, ValueError, WriteError};

/// Why a file cannot be read, opened, changed or written.
#[derive(Debug, thiserror::Error)]
pub enum SopsError {
    /// It is not UTF-8.
    #[error("the file is neither age nor SOPS: it is not UTF-8")]
    NotUtf8,
    /// It is not encrypted.
    #[error("the file is neither age nor SOPS: it has no `sops` section")]
    NoSection,
    /// It has a section, but lacks the `data` of a file with a single value.
    #[error("a file with this extension holds one value, `data`, but this file has none")]
    NoData,
    /// Its text is not valid in its format.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// Its section cannot be used.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// No identity here opens its data key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its data key opens, but the file does not decrypt.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It opens, but this part of it is not given.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It opens, but cannot be changed this way.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The rules do not say how to encrypt it.
    #[error(transparent)]
    Creation(#[from] CreationError),
}

/// Converts errors of single steps, so that `?` works on them.
macro_rules! steps {
    ($($step:ty => $variant:ident;)*) => {$(
        impl From<$step> for SopsError {
            fn from(fault: $step) -> Self {
                Self::$variant(fault.into())
            }
        }
    )*};
}

steps! {
    CipherError => Open;
    SpliceError => Write;
    ValueError => Write;
}
