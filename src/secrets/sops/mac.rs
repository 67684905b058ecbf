//! The MAC: SHA-512 over the values in order. It is encrypted like a value, with the time of the last change as additional data.

use super::cipher::DataKey;
use super::error::{CipherError, OpenError};
use super::scalar::Scalar;
use aws_lc_rs::digest::{Context, SHA512};
use std::fmt::Write;

/// SOPS hashes this first when the MAC covers encrypted values only, so that the two kinds of MAC never collide.
const MAC_ONLY_ENCRYPTED_START: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b, 0x97, 0x5b, 0x3b, 0xf4,
    0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// A MAC in progress. It does not cover comments and nulls.
pub(super) struct Mac {
    hash: Context,
    only_encrypted: bool,
}

impl Mac {
    pub(super) fn new(only_encrypted: bool) -> Self {
        let mut hash = Context::new(&SHA512);
        if only_encrypted {
            hash.update(&MAC_ONLY_ENCRYPTED_START);
        }
        Self { hash, only_encrypted }
    }

    /// Whether the MAC covers a value.
    pub(super) const fn covers(&self, encrypted: bool) -> bool {
        encrypted || !self.only_encrypted
    }

    /// Adds a decrypted value.
    pub(super) fn take(&mut self, value: &Scalar) {
        self.hash.update(value.expose());
    }

    /// The encrypted MAC, for the section.
    pub(super) fn seal(self, key: &DataKey, modified: &str) -> Result<String, CipherError> {
        key.encrypt(self.finish().as_bytes(), modified, "str")
    }

    /// Compares it with the MAC in the section.
    pub(super) fn verify(self, key: &DataKey, sealed: &str, modified: &str) -> Result<(), OpenError> {
        let (_, expected) = key.decrypt(sealed, modified).map_err(|_| OpenError::MacUnreadable)?;
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.expose(), self.finish().as_bytes())
            .map_err(|_| OpenError::MacWrong)
    }

    /// Upper-case hexadecimal, as SOPS encrypts it.
    fn finish(self) -> String {
        let mut text = String::with_capacity(128);
        self.hash.finish().as_ref().iter().for_each(|byte| _ = write!(text, "{byte:02X}"));
        text
    }
}
