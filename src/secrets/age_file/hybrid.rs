//! Post-quantum recipients and identities: `age1pq1…`, `AGE-SECRET-KEY-PQ-1…`, stanza `mlkem768x25519` (c2sp.org/age). Why they
//! are implemented here: docs/decisions/0014.

mod kem;

use super::stanza::{Unwrapped, argument, check_arguments, check_body, file_key, written};
use age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};
use age_core::primitives::{bech32_decode, bech32_encode};
use age_core::secrecy::ExposeSecret;
use aws_lc_rs::error::Unspecified;
use bech32::Hrp;
use kem::{ENCAPSULATED_BYTES, PUBLIC_BYTES, PrivateKey, SEED_BYTES, encapsulate};
use std::collections::HashSet;
use std::io;
use zeroize::Zeroizing;

const KIND: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
/// The label of recipients that withstand a quantum computer. Because of it, age refuses to mix them with others.
const LABEL: &str = "postquantum";
const RECIPIENT: Hrp = Hrp::parse_unchecked("age1pq");
const IDENTITY: Hrp = Hrp::parse_unchecked("age-secret-key-pq-");

/// The start of an identity of this kind.
pub(super) const IDENTITY_PREFIX: &str = "AGE-SECRET-KEY-PQ-1";
/// The start of a recipient of this kind.
pub(super) const RECIPIENT_PREFIX: &str = "age1pq1";

/// A private key.
pub(super) struct Identity(PrivateKey);

impl Identity {
    /// Reads `AGE-SECRET-KEY-PQ-1…`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let seed: [u8; SEED_BYTES] = decode(text, IDENTITY)?.as_slice().try_into().ok()?;
        PrivateKey::from_seed(&seed).ok().map(Self)
    }

    /// A fresh identity as text, and its recipient.
    pub(super) fn generate() -> Option<(Zeroizing<String>, String)> {
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        aws_lc_rs::rand::fill(&mut *seed).ok()?;
        let recipient = Self(PrivateKey::from_seed(&seed).ok()?).recipient();
        let lower = Zeroizing::new(bech32_encode(IDENTITY, &*seed));
        Some((Zeroizing::new(lower.to_uppercase()), recipient))
    }

    /// The public key, `age1pq1…`.
    pub(super) fn recipient(&self) -> String {
        bech32_encode(RECIPIENT, self.0.public())
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Unwrapped {
        if stanza.tag != KIND {
            return None;
        }
        match self.open(stanza) {
            // A stanza does not say whose it is: one that does not open may be for another identity.
            Err(DecryptError::DecryptionFailed) => None,
            opened => Some(opened),
        }
    }
}

impl Identity {
    fn open(&self, stanza: &Stanza) -> Result<FileKey, DecryptError> {
        check_arguments(stanza, 1)?;
        let encapsulated: [u8; ENCAPSULATED_BYTES] = argument(stanza, 0)?;
        check_body(stanza)?;
        // Only a share of low order has no shared secret; no honest sender makes one.
        let shared = self.0.decapsulate(&encapsulated).map_err(|_| DecryptError::InvalidHeader)?;
        let mut body = Zeroizing::new(stanza.body.clone());
        file_key(shared.open(INFO, &mut body).map_err(|_| DecryptError::DecryptionFailed)?)
    }
}

/// A public key.
pub(super) struct Recipient([u8; PUBLIC_BYTES]);

impl Recipient {
    /// Reads `age1pq1…`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        decode(text, RECIPIENT)?.as_slice().try_into().ok().map(Self)
    }

    fn seal(&self, key: &FileKey) -> Result<Stanza, Unspecified> {
        let (encapsulated, shared) = encapsulate(&self.0)?;
        let body = shared.seal(INFO, key.expose_secret())?;
        Ok(Stanza { tag: KIND.to_owned(), args: vec![written(&encapsulated)], body })
    }
}

impl age::Recipient for Recipient {
    fn wrap_file_key(&self, key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let failed = |_| EncryptError::Io(io::Error::other("the post-quantum recipient is not a valid public key"));
        let stanza = self.seal(key).map_err(failed)?;
        Ok((vec![stanza], HashSet::from([LABEL.to_owned()])))
    }
}

fn decode(text: &str, expected: Hrp) -> Option<Zeroizing<Vec<u8>>> {
    let named = |found: Hrp| (found == expected).then_some(()).ok_or(());
    bech32_decode(text, |_| (), named, |_, bytes| Ok(Zeroizing::new(bytes.collect::<Vec<u8>>()))).ok()
}
