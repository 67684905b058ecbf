//! Code that the kinds of recipients share: reading and writing the arguments of stanzas, and X25519.

use age::DecryptError;
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::error::Unspecified;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

/// A wrapped file key is the key and the tag of ChaCha20-Poly1305. Other lengths are refused before decryption: a longer ciphertext
/// could be made to open under many keys.
pub(super) const WRAPPED_BYTES: usize = FILE_KEY_BYTES + 16;

/// The result of unwrapping a stanza. `None`: it is not for this identity.
pub(super) type Unwrapped = Option<Result<FileKey, DecryptError>>;

/// An argument that is exactly `N` bytes in canonical base64.
pub(super) fn argument<const N: usize>(stanza: &Stanza, number: usize) -> Result<[u8; N], DecryptError> {
    let bytes = stanza.args.get(number).and_then(|text| STANDARD_NO_PAD.decode(text).ok());
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(DecryptError::InvalidHeader)
}

/// Bytes written as an argument.
pub(super) fn written(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

/// Refuses a stanza with another number of arguments after its kind.
pub(super) fn check_arguments(stanza: &Stanza, count: usize) -> Result<(), DecryptError> {
    if stanza.args.len() == count { Ok(()) } else { Err(DecryptError::InvalidHeader) }
}

/// Refuses a body that does not have the length of a file key wrapped by ChaCha20-Poly1305.
pub(super) fn check_body(stanza: &Stanza) -> Result<(), DecryptError> {
    if stanza.body.len() == WRAPPED_BYTES { Ok(()) } else { Err(DecryptError::InvalidHeader) }
}

/// The unwrapped bytes as a file key. Bytes of another length are refused.
pub(super) fn file_key(bytes: &[u8]) -> Result<FileKey, DecryptError> {
    let bytes: &[u8; FILE_KEY_BYTES] = bytes.try_into().map_err(|_| DecryptError::DecryptionFailed)?;
    Ok(FileKey::init_with_mut(|key| key.copy_from_slice(bytes)))
}

/// A private key of X25519 (RFC 7748).
pub(super) fn private_key(bytes: &[u8]) -> Result<PrivateKey, Unspecified> {
    PrivateKey::from_private_key(&X25519, bytes).map_err(|_| Unspecified)
}

/// A fresh private key, for one stanza.
pub(super) fn ephemeral() -> Result<PrivateKey, Unspecified> {
    PrivateKey::generate(&X25519)
}

/// Its public key.
pub(super) fn public_key(private: &PrivateKey) -> Result<[u8; 32], Unspecified> {
    private.compute_public_key()?.as_ref().try_into().map_err(|_| Unspecified)
}

/// X25519. A shared secret of only zeros is refused.
pub(super) fn x25519(private: &PrivateKey, public: &[u8]) -> Result<Zeroizing<[u8; 32]>, Unspecified> {
    agree(private, UnparsedPublicKey::new(&X25519, public), Unspecified, |shared| {
        shared.try_into().map(Zeroizing::new).map_err(|_| Unspecified)
    })
}
