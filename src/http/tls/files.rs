//! Reads the PEM files of a certificate and its key.

use super::error::{ChainError, PemError, PrivateKeyError, TlsError};
use rustls::pki_types::pem::{Error as PemFault, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The path is no regular file.
#[derive(Debug, thiserror::Error)]
#[error("it is a pipe, a device or a folder, and no file")]
struct NoFile;

/// Reads a regular file. A pipe without a writer has no end: a start or `doctor` would wait for it.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other(NoFile));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The certificates of a file, at least one.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, ChainError> {
    let found: Result<Vec<_>, PemFault> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(PemError::from)?;
    if !found.is_empty() {
        return Ok(found);
    }
    Err(if contains(bytes, "PRIVATE KEY-----") {
        ChainError::KeyInstead
    } else if bytes.first() == Some(&DER) {
        ChainError::Der
    } else {
        ChainError::NoPem
    })
}

/// The key of a file.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, PrivateKeyError> {
    let bytes = zeroize::Zeroizing::new(read(path)?);
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|fault| match fault {
        PemFault::NoItemsFound if contains(&bytes, "ENCRYPTED PRIVATE KEY-----") => PrivateKeyError::Passphrase,
        PemFault::NoItemsFound if contains(&bytes, "BEGIN CERTIFICATE-----") => PrivateKeyError::CertificateInstead,
        PemFault::NoItemsFound if bytes.first() == Some(&DER) => PrivateKeyError::Der,
        PemFault::NoItemsFound => PrivateKeyError::NoPem,
        fault => PemError::from(fault).into(),
    })
}

/// Why these two are no pair. The error names the file that is wrong.
pub(super) fn no_pair(chain: &Path, key: &Path, fault: rustls::Error) -> TlsError {
    let (chain, key) = (chain.to_owned(), key.to_owned());
    match fault {
        rustls::Error::InconsistentKeys(_) => TlsError::NoPair { key, chain },
        rustls::Error::InvalidCertificate(_) => TlsError::Chain { path: chain, fault: ChainError::Unreadable },
        rustls::Error::General(_) => TlsError::Key { path: key, fault: PrivateKeyError::Unfit },
        fault => TlsError::Refused { chain, fault: fault.into() },
    }
}

/// The first byte of a file in DER: the tag of a sequence.
const DER: u8 = 0x30;

fn contains(bytes: &[u8], line: &str) -> bool {
    bytes.windows(line.len()).any(|window| window == line.as_bytes())
}
