//! The private key of an App, in GitHub's format: RSA, in PEM. A file is checked before each use, and read again after a change.

mod error;

pub use error::{AppKeyError, PemKeyError};

use super::settings::KeyAt;
use crate::custody::sign;
use crate::words::Secret;
use crate::words::names::KmsKeyArn;
use arc_swap::ArcSwapOption;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What signs for an App.
pub(super) enum AppKey {
    /// A file, with the key that was last read and the file's stamp at that time.
    File(PathBuf, ArcSwapOption<(Stamp, KeyPair)>),
    /// AWS KMS.
    Kms(KmsKeyArn),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(Option<SystemTime>, u64);

impl AppKey {
    /// Reads a file at once, so that a wrong one is reported at the start.
    pub(super) fn open(at: &KeyAt) -> Result<Self, AppKeyError> {
        let path = match at {
            KeyAt::Kms(key) => return Ok(Self::Kms(key.clone())),
            KeyAt::File(path) => path.clone(),
            KeyAt::Credential(name, Some(folder)) => folder.join(name),
            KeyAt::Credential(name, None) => return Err(AppKeyError::NoCredentials { name: name.clone() }),
        };
        let loaded = read(&path)?;
        Ok(Self::File(path, ArcSwapOption::from_pointee(loaded)))
    }

    /// Signs these bytes with RS256.
    pub(super) async fn sign(&self, input: &[u8]) -> Result<Vec<u8>, AppKeyError> {
        match self {
            Self::Kms(key) => Ok(sign(key, input).await?),
            Self::File(path, cached) => sign_by(&current(path, cached)?.1, input),
        }
    }
}

/// The key in the file; the key that was last read while the file is unreadable, as in the middle of a change.
fn current(path: &Path, cached: &ArcSwapOption<(Stamp, KeyPair)>) -> Result<Arc<(Stamp, KeyPair)>, AppKeyError> {
    let known = cached.load_full();
    match known {
        Some(known) if stamp(path).is_ok_and(|now| now == known.0) => Ok(known),
        known => match (read(path), known) {
            (Ok(fresh), _) => {
                let fresh = Arc::new(fresh);
                cached.store(Some(Arc::clone(&fresh)));
                Ok(fresh)
            }
            (Err(fault), Some(known)) => {
                tracing::warn!(%fault, "the changed key file of a GitHub App cannot be read; the previous key keeps signing");
                Ok(known)
            }
            (Err(fault), None) => Err(fault),
        },
    }
}

fn read(path: &Path) -> Result<(Stamp, KeyPair), AppKeyError> {
    let failed = |fault| AppKeyError::File { path: path.to_owned(), fault };
    let stamp = stamp(path).map_err(failed)?;
    let bytes = Secret::new(std::fs::read(path).map_err(failed)?);
    let pair = parse(bytes.expose()).map_err(|fault| AppKeyError::Content { path: path.to_owned(), fault })?;
    Ok((stamp, pair))
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let metadata = std::fs::metadata(path)?;
    Ok(Stamp(metadata.modified().ok(), metadata.len()))
}

/// Reads PKCS#1, which GitHub gives out, or PKCS#8.
fn parse(pem: &[u8]) -> Result<KeyPair, PemKeyError> {
    let sealed = [&b"ENCRYPTED PRIVATE KEY-----"[..], b"Proc-Type: 4,ENCRYPTED"];
    if sealed.iter().any(|line| pem.windows(line.len()).any(|window| window == *line)) {
        return Err(PemKeyError::Passphrase);
    }
    match PrivateKeyDer::from_pem_slice(pem).map_err(|_| PemKeyError::NoPem)? {
        PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
        _ => return Err(PemKeyError::NotRsa),
    }
    .map_err(|_| PemKeyError::NotRsa)
}

fn sign_by(pair: &KeyPair, input: &[u8]) -> Result<Vec<u8>, AppKeyError> {
    let mut signature = vec![0; pair.public_modulus_len()];
    let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature);
    signed.map(|()| signature).map_err(|_| AppKeyError::NotSigned)
}

#[cfg(test)]
mod tests;
