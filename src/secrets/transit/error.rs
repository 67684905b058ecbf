//! What is wrong with a transit key, or with a ciphertext by one.

use super::KEY_BYTES;
use crate::secrets::age_file::AgeError;

/// Why a key is not made, opened or used.
#[derive(Debug, thiserror::Error)]
pub enum TransitError {
    /// No key is made.
    #[error("the system gives no randomness")]
    NoRandomness,
    /// Its file does not open, or is not written.
    #[error(transparent)]
    Age(#[from] AgeError),
    /// Its file holds something else.
    #[error("a transit key is {KEY_BYTES} random bytes, or one line of base64 of them")]
    NoKey,
    /// AES refuses the bytes.
    #[error("the key could not be made")]
    Unusable,
    /// Nothing is encrypted.
    #[error("the plaintext could not be encrypted")]
    Encrypt,
    /// Nothing is decrypted.
    #[error("it was not made by version {version} of this key, or was changed")]
    Decrypt {
        /// By which it was tried.
        version: u32,
    },
}

/// A text that is no ciphertext.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CiphertextError {
    /// Something else altogether.
    #[error("expected `vault:vVERSION:…`, as an encryption answers it")]
    Form,
    /// Vault's versions begin at 1.
    #[error("its version is no number from 1")]
    Version,
    /// It was cut or changed.
    #[error("what follows the version is no base64")]
    Base64,
    /// It was cut.
    #[error("it is too short: a part of it is missing")]
    TooShort,
}
