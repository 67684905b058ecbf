//! Where age identities are kept: in files, in systemd's credentials, or in files that only AWS KMS opens. This module reads
//! them, and reads them again when they change.

mod error;
mod kms;
mod limit;

pub use error::{ContentError, CustodyError};
pub use kms::{KmsError, sign, unwrap, wrap};
pub use limit::AnswerLimit;

use crate::secrets::Identities;
use crate::words::names::KmsKeyArn;
use crate::words::{Digest, Secret};
use arc_swap::ArcSwap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Mutex;

/// What an identity is for. AWS KMS unwraps an identity only for the purpose for which it was wrapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Our signing and session keys are encrypted to it.
    KeyEncryption,
    /// Secrets of a source are encrypted to it.
    SourceSecrets,
}

impl Purpose {
    /// Its word in the encryption context.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyEncryption => "key-encryption",
            Self::SourceSecrets => "source-secrets",
        }
    }
}

/// Where an age identity file is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IdentityFile {
    /// An unencrypted identity file.
    Plain(PathBuf),
    /// A systemd credential of this service, by its name, and systemd's folder if there is one.
    Credential(String, Option<PathBuf>),
    /// Wrapped: the ciphertext blob of AWS KMS Encrypt.
    Wrapped(KmsKeyArn, PathBuf),
}

impl IdentityFile {
    fn path(&self) -> Result<PathBuf, CustodyError> {
        match self {
            Self::Plain(path) | Self::Wrapped(_, path) => Ok(path.clone()),
            Self::Credential(name, Some(folder)) => Ok(folder.join(name)),
            Self::Credential(name, None) => Err(CustodyError::NoCredentials { name: name.clone() }),
        }
    }

    /// Reads its identities.
    pub async fn open(&self, purpose: Purpose) -> Result<Identities, CustodyError> {
        let (path, bytes) = self.read().await?;
        self.open_bytes(bytes, purpose).await.map_err(|fault| CustodyError::Content { path, fault })
    }

    async fn read(&self) -> Result<(PathBuf, Secret), CustodyError> {
        let path = self.path()?;
        match tokio::fs::read(&path).await {
            Ok(bytes) => Ok((path, Secret::new(bytes))),
            Err(fault) => Err(CustodyError::File { path, fault }),
        }
    }

    async fn open_bytes(&self, bytes: Secret, purpose: Purpose) -> Result<Identities, ContentError> {
        match self {
            Self::Plain(_) | Self::Credential(..) => Ok(Identities::parse(&bytes)?),
            Self::Wrapped(key, _) => Ok(Identities::parse(&unwrap(key, purpose, bytes.expose()).await?)?),
        }
    }
}

/// The identities of one source.
pub struct Custody {
    files: Vec<IdentityFile>,
    purpose: Purpose,
    /// For each file its last good identities, with the digest of its bytes.
    last_good: Mutex<Vec<Option<(Digest, Identities)>>>,
    all: ArcSwap<Identities>,
}

/// The outcome of reading them.
#[derive(Debug, Default)]
pub struct ReadOutcome {
    /// Whether the identities are others than before.
    pub changed: bool,
    /// What is wrong with the first faulty file.
    pub fault: Option<CustodyError>,
}

impl Custody {
    /// Holds no identities before the first [`Self::read`].
    pub fn new(files: Vec<IdentityFile>, purpose: Purpose) -> Self {
        let last_good = Mutex::new(files.iter().map(|_| None).collect());
        Self { files, purpose, last_good, all: ArcSwap::default() }
    }

    /// The identities that open the secrets now.
    pub fn identities(&self) -> Arc<Identities> {
        self.all.load_full()
    }

    /// Reads the files, and opens those whose bytes changed. A file that is gone loses its identities. A file that cannot be
    /// read, or that AWS KMS does not open, keeps its last good ones.
    pub async fn read(&self) -> ReadOutcome {
        let mut last_good = self.last_good.lock().await;
        let mut reading = ReadOutcome::default();
        for (file, slot) in self.files.iter().zip(last_good.iter_mut()) {
            match self.read_one(file, slot).await {
                Ok(changed) => reading.changed |= changed,
                Err(fault) => {
                    reading.changed |= fault.is_gone() && slot.take().is_some();
                    reading.fault = reading.fault.or(Some(fault));
                }
            }
        }
        if reading.changed {
            let mut all = Identities::default();
            last_good.iter().flatten().for_each(|(_, identities)| all.join(identities.clone()));
            self.all.store(Arc::new(all));
        }
        reading
    }

    async fn read_one(&self, file: &IdentityFile, slot: &mut Option<(Digest, Identities)>) -> Result<bool, CustodyError> {
        let (path, bytes) = file.read().await?;
        let digest = Digest::plain(bytes.expose());
        if slot.as_ref().is_some_and(|(known, _)| *known == digest) {
            return Ok(false);
        }
        let opened = file.open_bytes(bytes, self.purpose).await.map_err(|fault| CustodyError::Content { path, fault })?;
        *slot = Some((digest, opened));
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
