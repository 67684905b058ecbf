//! SSH keys as recipients and identities: stanzas `ssh-ed25519` and `ssh-rsa`, as age writes them. Why they are implemented here:
//! docs/decisions/0014.

mod ed25519;
mod rsa;

use super::error::SshError;
use super::stanza::{Unwrapped, argument, written};
use age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};
use aws_lc_rs::digest::{SHA256, digest};
use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;
use ssh_key::{PrivateKey, PublicKey};
use std::collections::HashSet;
use std::io;

/// The first and the last line of a private key in OpenSSH's own form.
pub(super) const IDENTITY_BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
pub(super) const IDENTITY_END: &str = "-----END OPENSSH PRIVATE KEY-----";

/// A private key.
pub(super) struct Identity {
    private: Private,
    public: PublicKey,
    tag: [u8; 4],
}

enum Private {
    Ed25519(ed25519::Private),
    Rsa(rsa::Private),
}

impl Identity {
    /// Reads OpenSSH's own form of a private key.
    pub(super) fn parse(pem: &str) -> Result<Self, SshError> {
        let key = PrivateKey::from_openssh(pem).map_err(|_| SshError::NoPrivateKey)?;
        if key.is_encrypted() {
            return Err(SshError::Passphrase);
        }
        let wire = wire(key.public_key())?;
        let private = match key.key_data() {
            KeypairData::Ed25519(pair) => ed25519::Private::new(pair, &wire).map(Private::Ed25519),
            KeypairData::Rsa(pair) => rsa::Private::new(pair).map(Private::Rsa),
            _ => return Err(SshError::Kind { algorithm: key.algorithm() }),
        };
        let private = private.ok_or(SshError::Numbers)?;
        let mut public = key.public_key().clone();
        public.set_comment("");
        Ok(Self { private, public, tag: tag(&wire) })
    }

    /// The public key, as `authorized_keys` has it.
    pub(super) fn recipient(&self) -> String {
        self.public.to_openssh().unwrap_or_default()
    }

    fn open(&self, stanza: &Stanza) -> Unwrapped {
        match argument::<4>(stanza, 0) {
            Ok(tag) if tag != self.tag => return None,
            Ok(_) => {}
            Err(fault) => return Some(Err(fault)),
        }
        Some(match &self.private {
            Private::Ed25519(key) => key.open(stanza),
            Private::Rsa(key) => key.open(stanza),
        })
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Unwrapped {
        let kind = match &self.private {
            Private::Ed25519(_) => ed25519::KIND,
            Private::Rsa(_) => rsa::KIND,
        };
        if stanza.tag == kind { self.open(stanza) } else { None }
    }
}

/// A public key.
pub(super) struct Recipient {
    public: Public,
    tag: [u8; 4],
}

enum Public {
    Ed25519(ed25519::Public),
    Rsa(rsa::Public),
}

impl Recipient {
    /// Reads a line of `authorized_keys` without options.
    pub(super) fn parse(text: &str) -> Result<Self, SshError> {
        let key = PublicKey::from_openssh(text).map_err(|_| SshError::NoPublicKey)?;
        let wire = wire(&key)?;
        let public = match key.key_data() {
            KeyData::Ed25519(public) => ed25519::Public::new(&public.0, &wire).map(Public::Ed25519),
            KeyData::Rsa(public) => rsa::Public::new(public).map(Public::Rsa),
            _ => return Err(SshError::Kind { algorithm: key.algorithm() }),
        };
        let public = public.ok_or(SshError::Numbers)?;
        Ok(Self { public, tag: tag(&wire) })
    }
}

impl age::Recipient for Recipient {
    fn wrap_file_key(&self, key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let sealed = match &self.public {
            Public::Ed25519(public) => public.seal(key),
            Public::Rsa(public) => public.seal(key),
        };
        let (kind, more, body) = sealed.map_err(|_| EncryptError::Io(io::Error::other("the SSH key cannot encrypt")))?;
        let args = std::iter::once(written(&self.tag)).chain(more).collect();
        Ok((vec![Stanza { tag: kind.to_owned(), args, body }], HashSet::new()))
    }
}

/// A stanza's kind, its arguments after the tag, and its body.
type Sealed = (&'static str, Option<String>, Vec<u8>);

/// The key as SSH's protocol sends it (RFC 4253, section 6.6).
fn wire(key: &PublicKey) -> Result<Vec<u8>, SshError> {
    key.to_bytes().map_err(|_| SshError::NotWritten)
}

/// The tag by which a stanza names its recipient: four bytes of the key's SHA-256.
fn tag(wire: &[u8]) -> [u8; 4] {
    let mut tag = [0; 4];
    tag.copy_from_slice(&digest(&SHA256, wire).as_ref()[..4]);
    tag
}

fn failed(_: aws_lc_rs::error::Unspecified) -> DecryptError {
    DecryptError::DecryptionFailed
}
