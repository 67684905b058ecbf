//! Why identities are not read.

use super::kms::KmsError;
use crate::secrets::IdentityError;
use crate::words::PlainPath;
use std::io;
use std::path::PathBuf;

/// What is wrong with one file of identities.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// systemd gave no folder of credentials.
    #[error("the credential `{name}` cannot be read: CREDENTIALS_DIRECTORY is not set, so systemd gave none (LoadCredential=)")]
    NoCredentials {
        /// The one that is named.
        name: String,
    },
    /// The file is missing, or the server may not read it.
    #[error("{}: {fault}", .path.plain())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The file holds no identities that the server can open.
    #[error("{}: {fault}", .path.plain())]
    Content {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        #[source]
        fault: ContentError,
    },
}

impl CustodyError {
    /// Whether the file is gone, and with it what it held.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::File { fault, .. } if fault.kind() == io::ErrorKind::NotFound)
    }
}

/// What is wrong with a file's content.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// AWS KMS does not open it.
    #[error(transparent)]
    Kms(#[from] KmsError),
    /// It holds something else.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}
