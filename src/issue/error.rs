//! Why this server's keys cannot be loaded.

use crate::secrets::AgeError;
use crate::token::SessionKeyError;
use crate::words::Denial;
use aws_lc_rs::error::{KeyRejected, Unspecified};

/// Why this server's keys cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The store does not write or read their rows.
    #[error("{}", .0.cause)]
    Store(#[from] Denial),
    /// A new signing key.
    #[error("a signing key cannot be made")]
    NotMade(#[from] Unspecified),
    /// A new key of sessions.
    #[error("a session key cannot be made")]
    SessionKeyNotMade(#[source] Unspecified),
    /// A stored signing key, of another version.
    #[error("a stored signing key is of an unknown algorithm")]
    UnknownAlgorithm {
        /// As the row has it.
        algorithm: String,
    },
    /// A stored signing key.
    #[error("a stored signing key is broken: {0}")]
    Broken(#[from] KeyRejected),
    /// A stored key of sessions.
    #[error(transparent)]
    SessionKey(#[from] SessionKeyError),
    /// They cannot be encrypted to the root identity, or it does not decrypt them.
    #[error(
        "the identity of `key_encryption` and the server's own keys in its data directory do not fit: {0}; name the identity that \
         belongs to this directory"
    )]
    Sealed(#[from] AgeError),
}
