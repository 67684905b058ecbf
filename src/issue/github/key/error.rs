//! What is wrong with an App's key.

use crate::custody::KmsError;
use crate::words::PlainPath;
use std::path::PathBuf;

/// Why there is no key, or no signature. No variant holds a byte of the key.
#[derive(Debug, thiserror::Error)]
pub enum AppKeyError {
    /// The file is not readable.
    #[error("{}: {fault}", .path.plain())]
    File {
        /// Where it should be.
        path: PathBuf,
        /// The cause.
        #[source]
        fault: std::io::Error,
    },
    /// systemd gave this service no credentials.
    #[error("this service has no credential `{name}` (LoadCredential=)")]
    NoCredentials {
        /// Its name.
        name: String,
    },
    /// The file holds no key of an App.
    #[error("{}: {fault}", .path.plain())]
    Content {
        /// Where it is.
        path: PathBuf,
        /// The cause.
        #[source]
        fault: PemKeyError,
    },
    /// AWS KMS does not sign.
    #[error(transparent)]
    Kms(#[from] KmsError),
    /// The library does not sign.
    #[error("the App's key does not sign")]
    NotSigned,
}

/// Why a file holds no key of an App.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PemKeyError {
    /// No PEM, or cut off.
    #[error("it holds no PEM private key: GitHub hands one out under \"Private keys\" of the App's settings")]
    NoPem,
    /// Encrypted with a passphrase.
    #[error("the key has a passphrase: `openssl rsa` writes it without")]
    Passphrase,
    /// Another type of key, or one with too few bits.
    #[error("it is no RSA key of 2048 to 8192 bits, and GitHub's App keys are")]
    NotRsa,
}
