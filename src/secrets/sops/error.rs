//! What is wrong with a SOPS file, or with what is to become one. None of it holds a value.

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
pub(super) use syntax::{Flaw, SyntaxError};
pub(super) use write::{ChangeError, SpliceError, ValueError, WriteError};

/// Why a file is not read, opened, changed or written.
#[derive(Debug, thiserror::Error)]
pub enum SopsError {
    /// It is bytes.
    #[error("the file is neither age nor SOPS: it is not UTF-8")]
    NotUtf8,
    /// Nobody encrypted it.
    #[error("the file is neither age nor SOPS: it has no `sops` section")]
    NoSection,
    /// It has a section, and not what a file of one value has beside it.
    #[error("a file of this ending is one value, `data`, which this one lacks")]
    NoData,
    /// Its text has no good form.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// Its section is not understood.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// Nobody here has its data key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its data key is there, and it does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is open, and this part of it is not given.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is open, and cannot be changed so.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// No rule says how to encrypt it.
    #[error(transparent)]
    Creation(#[from] CreationError),
}

/// Errors of steps, which a `?` takes up by the step that they are of.
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
