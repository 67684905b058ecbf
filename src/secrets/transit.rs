//! Transit keys: 32 random bytes in an age file, used for AES-256-GCM (NIST SP 800-38D). Ciphertexts are written as Vault writes them.
//!
//! The nonce is random and has 96 bits. NIST allows 2^32 encryptions with one key that way: `docs/operating.md` says when to add a
//! version.

mod error;

pub use error::{CiphertextError, TransitError};

use super::age_file::{self, Identities};
use super::{RepositoryPath, encrypt_at};
use crate::words::names::TransitKey;
use crate::words::{Secret, TransitFile, parse_version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// AES-256.
const KEY_BYTES: usize = 32;
/// GCM's own tag length.
const TAG_BYTES: usize = 16;
/// The start of Vault's ciphertexts.
const PREFIX: &str = "vault:v";

/// A fresh key, encrypted to these recipients (`age1…`) and bound to the path of its file if that is known.
pub fn create_transit_key(recipients: &[String], path: Option<&RepositoryPath>) -> Result<Vec<u8>, TransitError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    rand::fill(&mut *key).map_err(|_| TransitError::NoRandomness)?;
    Ok(encrypt_at(&*key, recipients, true, path)?)
}

/// A ciphertext as Vault writes it, `vault:vVERSION:BASE64`: the nonce, the encrypted bytes, the tag.
#[derive(PartialEq, Eq, Debug)]
pub struct Ciphertext {
    /// The version of the key that made it.
    pub version: u32,
    sealed: Vec<u8>,
}

impl Ciphertext {
    /// Reads it strictly: each ciphertext has a single spelling.
    pub fn parse(text: &str) -> Result<Self, CiphertextError> {
        let (version, sealed) = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once(':')).ok_or(CiphertextError::Form)?;
        let version = parse_version(version).ok_or(CiphertextError::Version)?;
        let sealed = STANDARD.decode(sealed).map_err(|_| CiphertextError::Base64)?;
        if sealed.len() < NONCE_LEN + TAG_BYTES {
            return Err(CiphertextError::TooShort);
        }
        Ok(Self { version, sealed })
    }

    fn write(&self) -> String {
        format!("{PREFIX}{}:{}", self.version, STANDARD.encode(&self.sealed))
    }
}

/// One version of a key, opened. It lives as long as one request.
pub struct OpenedTransitKey {
    key: LessSafeKey,
    /// The name and version as additional data of each ciphertext, so that no other key decrypts it.
    bound: String,
    version: u32,
}

impl OpenedTransitKey {
    /// Opens a version's file: an age file with 32 bytes, or with a line of base64 of 32 bytes. `name` is the key's name across all
    /// sources.
    pub fn open(name: &TransitKey, file: &TransitFile, bytes: &[u8], identities: &Identities) -> Result<Self, TransitError> {
        let (version, identities) = (file.version, identities.at(RepositoryPath::of_transit(file)));
        let failed = |_| TransitError::Unusable;
        let key = read_key(&age_file::decrypt(bytes, &identities)?)?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).map_err(failed)?);
        Ok(Self { key, bound: format!("daypass transit {name} v{version}"), version })
    }

    /// Encrypts under a fresh nonce.
    pub fn encrypt(&self, plaintext: &Secret) -> Result<String, TransitError> {
        let failed = |_| TransitError::Encrypt;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(failed)?;
        let mut sealed = Zeroizing::new(plaintext.expose().to_vec());
        let place = Nonce::assume_unique_for_key(nonce);
        let tag = self.key.seal_in_place_separate_tag(place, Aad::from(&self.bound), &mut sealed).map_err(failed)?;
        let sealed = [&nonce[..], &sealed, tag.as_ref()].concat();
        Ok(Ciphertext { version: self.version, sealed }.write())
    }

    /// Decrypts. Nothing is given out unless all of it is authentic and was made by this key and version.
    pub fn decrypt(&self, ciphertext: &Ciphertext) -> Result<Secret, TransitError> {
        let failed = || TransitError::Decrypt { version: self.version };
        let (nonce, body) = ciphertext.sealed.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self.key.open_in_place(nonce, Aad::from(&self.bound), &mut body).map_err(|_| failed())?.len();
        body.truncate(length);
        Ok(Secret::new(std::mem::take(&mut *body)))
    }
}

fn read_key(plaintext: &Secret) -> Result<Zeroizing<[u8; KEY_BYTES]>, TransitError> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if plaintext.expose().len() == KEY_BYTES {
        key.copy_from_slice(plaintext.expose());
        return Ok(key);
    }
    let decoded = STANDARD.decode(plaintext.expose().trim_ascii()).map(Zeroizing::new);
    match decoded {
        Ok(decoded) if decoded.len() == KEY_BYTES => key.copy_from_slice(&decoded),
        _ => return Err(TransitError::NoKey),
    }
    Ok(key)
}

#[cfg(test)]
mod tests;
