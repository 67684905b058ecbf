//! Why keys of ours are not held.

use crate::secrets::AgeError;
use crate::token::SessionKeyError;
use crate::words::Denial;
use aws_lc_rs::error::{KeyRejected, Unspecified};

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The store does not take or give their rows.
    #[error("{}", .0.cause)]
    Store(#[from] Denial),
    /// A new one to sign with.
    #[error("a signing key cannot be made")]
    NotMade(#[from] Unspecified),
    /// A new one of sessions.
    #[error("a session key cannot be made")]
    SessionKeyNotMade(#[source] Unspecified),
    /// One that is stored.
    #[error("a stored signing key is of an unknown algorithm")]
    UnknownAlgorithm {
        /// As the row has it.
        algorithm: String,
    },
    /// One that is stored.
    #[error("a stored signing key is broken: {0}")]
    Broken(#[from] KeyRejected),
    /// One that is stored.
    #[error(transparent)]
    SessionKey(#[from] SessionKeyError),
    /// They cannot be sealed to the root identity, or it does not open them.
    #[error(
        "the identity of `key_encryption` and the server's own keys in its data directory do not fit: {0}; name the identity that \
         belongs to this directory"
    )]
    Sealed(#[from] AgeError),
}
