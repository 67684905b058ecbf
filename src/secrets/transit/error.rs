//! Errors of transit keys and of their ciphertexts.

use super::KEY_BYTES;
use crate::secrets::age_file::AgeError;

/// Why a key cannot be made, opened or used.
#[derive(Debug, thiserror::Error)]
pub enum TransitError {
    /// No key could be made.
    #[error("the system returned no random bytes")]
    NoRandomness,
    /// Its file cannot be opened or written.
    #[error(transparent)]
    Age(#[from] AgeError),
    /// Its file does not hold a key.
    #[error("a transit key is {KEY_BYTES} random bytes, or one line of base64 of them")]
    NoKey,
    /// AES refused the bytes.
    #[error("the key could not be made")]
    Unusable,
    /// The encryption failed.
    #[error("the plaintext could not be encrypted")]
    Encrypt,
    /// The decryption failed.
    #[error("the ciphertext was not made by version {version} of this key, or was changed")]
    Decrypt {
        /// The version that was tried.
        version: u32,
    },
}

/// Why a text is not a ciphertext.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CiphertextError {
    /// It does not have the form of one.
    #[error("expected `vault:vVERSION:…`, as an encryption returns it")]
    Form,
    /// Its version is not a number. Vault's versions start at 1.
    #[error("its version is not a number from 1 up")]
    Version,
    /// It is not base64: it was cut or changed.
    #[error("the part after the version is not base64")]
    Base64,
    /// It was cut.
    #[error("it is too short: a part of it is missing")]
    TooShort,
}
