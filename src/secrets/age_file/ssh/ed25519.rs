//! `ssh-ed25519`: the signing key's point is mapped to Curve25519 (RFC 7748, section 4.1) and used for X25519. The shared secret is
//! multiplied by a scalar from the SSH key, so that the same key in another form never gives the same secret.

use super::super::stanza::{
    argument, check_arguments, check_body, ephemeral, file_key, private_key, public_key, written, x25519,
};
use super::{Sealed, failed};
use age::DecryptError;
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{aead_decrypt, aead_encrypt, hkdf};
use age_core::secrecy::ExposeSecret;
use aws_lc_rs::agreement::PrivateKey;
use aws_lc_rs::digest::{SHA512, digest};
use aws_lc_rs::error::Unspecified;
use curve25519_dalek::edwards::CompressedEdwardsY;
use ssh_key::private::Ed25519Keypair;
use zeroize::Zeroizing;

pub(super) const KIND: &str = "ssh-ed25519";
const INFO: &[u8] = b"age-encryption.org/v1/ssh-ed25519";

pub(super) struct Private {
    private: PrivateKey,
    twist: PrivateKey,
    public: [u8; 32],
}

impl Private {
    pub(super) fn new(pair: &Ed25519Keypair, wire: &[u8]) -> Option<Self> {
        // RFC 8032, section 5.1.5: the scalar is the first half of the seed's digest; X25519 clamps it as Ed25519 does.
        let seed = Zeroizing::new(pair.private.to_bytes());
        let private = private_key(&digest(&SHA512, &*seed).as_ref()[..32]).ok()?;
        let public = public_key(&private).ok()?;
        Some(Self { private, twist: twist(wire).ok()?, public })
    }

    pub(super) fn open(&self, stanza: &Stanza) -> Result<FileKey, DecryptError> {
        check_arguments(stanza, 2)?;
        let share: [u8; 32] = argument(stanza, 1)?;
        check_body(stanza)?;
        let shared = x25519(&self.private, &share).and_then(|shared| x25519(&self.twist, &*shared)).map_err(failed)?;
        let key = wrapping(&share, &self.public, &*shared);
        let opened = aead_decrypt(&key, FILE_KEY_BYTES, &stanza.body).map_err(|_| DecryptError::DecryptionFailed)?;
        file_key(&Zeroizing::new(opened))
    }
}

pub(super) struct Public {
    public: [u8; 32],
    twist: PrivateKey,
}

impl Public {
    pub(super) fn new(point: &[u8; 32], wire: &[u8]) -> Option<Self> {
        let public = CompressedEdwardsY(*point).decompress()?.to_montgomery().to_bytes();
        Some(Self { public, twist: twist(wire).ok()? })
    }

    pub(super) fn seal(&self, key: &FileKey) -> Result<Sealed, Unspecified> {
        let own = ephemeral()?;
        let share = public_key(&own)?;
        let shared = x25519(&self.twist, &*x25519(&own, &self.public)?)?;
        let body = aead_encrypt(&wrapping(&share, &self.public, &*shared), key.expose_secret());
        Ok((KIND, Some(written(&share)), body))
    }
}

fn twist(wire: &[u8]) -> Result<PrivateKey, Unspecified> {
    private_key(&hkdf(wire, INFO, b""))
}

fn wrapping(share: &[u8; 32], public: &[u8; 32], shared: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hkdf(&[*share, *public].concat(), INFO, shared))
}
