//! `ssh-rsa`: the file key under RSA-OAEP (RFC 8017) with SHA-256. aws-lc-rs computes it, in constant time. The `rsa` crate only
//! converts the private key to the form that aws-lc-rs reads: OpenSSH's form lacks two of its numbers.

use super::super::stanza::{check_arguments, file_key};
use super::{Sealed, failed};
use age::DecryptError;
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
    PublicKeyComponents,
};
use rsa::pkcs8::EncodePrivateKey;
use rsa::{BigUint, RsaPrivateKey};
use ssh_key::Mpint;
use ssh_key::private::RsaKeypair;
use ssh_key::public::RsaPublicKey;
use zeroize::Zeroizing;

pub(super) const KIND: &str = "ssh-rsa";
const LABEL: &[u8] = b"age-encryption.org/v1/ssh-rsa";

pub(super) struct Private(OaepPrivateDecryptingKey);

impl Private {
    pub(super) fn new(pair: &RsaKeypair) -> Option<Self> {
        let number = |number: &Mpint| number.as_positive_bytes().map(BigUint::from_bytes_be);
        let (public, private) = (&pair.public, &pair.private);
        let primes = vec![number(&private.p)?, number(&private.q)?];
        let key = RsaPrivateKey::from_components(number(&public.n)?, number(&public.e)?, number(&private.d)?, primes).ok()?;
        let document = key.to_pkcs8_der().ok()?;
        let key = PrivateDecryptingKey::from_pkcs8(document.as_bytes()).ok()?;
        OaepPrivateDecryptingKey::new(key).ok().map(Self)
    }

    pub(super) fn open(&self, stanza: &Stanza) -> Result<FileKey, DecryptError> {
        check_arguments(stanza, 1)?;
        if stanza.body.len() != self.0.key_size_bytes() {
            return Err(DecryptError::InvalidHeader);
        }
        let mut room = Zeroizing::new(vec![0; self.0.min_output_size()]);
        let opened = self.0.decrypt(&OAEP_SHA256_MGF1SHA256, &stanza.body, &mut room, Some(LABEL)).map_err(failed)?;
        file_key(opened)
    }
}

pub(super) struct Public(OaepPublicEncryptingKey);

impl Public {
    pub(super) fn new(key: &RsaPublicKey) -> Option<Self> {
        let components = PublicKeyComponents { n: key.n.as_positive_bytes()?, e: key.e.as_positive_bytes()? };
        let key: PublicEncryptingKey = components.try_into().ok()?;
        OaepPublicEncryptingKey::new(key).ok().map(Self)
    }

    pub(super) fn seal(&self, key: &FileKey) -> Result<Sealed, Unspecified> {
        let mut body = vec![0; self.0.ciphertext_size()];
        self.0.encrypt(&OAEP_SHA256_MGF1SHA256, key.expose_secret(), &mut body, Some(LABEL))?;
        Ok((KIND, None, body))
    }
}
