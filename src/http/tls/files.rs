//! The PEM files of a certificate and its key, and what is wrong with them in words that say what to do.

use rustls::pki_types::pem::{Error as PemFault, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// The certificates of a file, of which there is at least one.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, PemFault> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|fault| broken(&fault))?;
    if !found.is_empty() {
        return Ok(found);
    }
    Err(if holds(bytes, "PRIVATE KEY-----") {
        "it holds a key and no certificate: were the two files changed over?".to_owned()
    } else if bytes.first() == Some(&DER) {
        "it is no PEM: `openssl x509 -inform der` writes a binary certificate (DER) as PEM".to_owned()
    } else {
        "it holds no PEM certificate (`-----BEGIN CERTIFICATE-----`)".to_owned()
    })
}

/// The key of a file.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let bytes = zeroize::Zeroizing::new(std::fs::read(path).map_err(|fault| fault.to_string())?);
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|fault| match fault {
        PemFault::NoItemsFound if holds(&bytes, "ENCRYPTED PRIVATE KEY-----") => {
            "the key has a passphrase, for which nobody is asked: `openssl pkey` writes it without".to_owned()
        }
        PemFault::NoItemsFound if holds(&bytes, "BEGIN CERTIFICATE-----") => {
            "it holds a certificate and no key: were the two files changed over?".to_owned()
        }
        PemFault::NoItemsFound if bytes.first() == Some(&DER) => {
            "it is no PEM: `openssl pkey -inform der` writes a binary key (DER) as PEM".to_owned()
        }
        PemFault::NoItemsFound => "it holds no PEM key (`-----BEGIN PRIVATE KEY-----`)".to_owned(),
        fault => broken(&fault),
    })
}

/// Why these two are no pair; it names the file that is wrong.
pub(super) fn no_pair(chain: &Path, key: &Path, fault: &rustls::Error) -> String {
    let (chain, key) = (chain.display(), key.display());
    match fault {
        rustls::Error::InconsistentKeys(_) => format!(
            "{key}: it is not the key of the certificate in {chain}: `openssl x509 -noout -pubkey` and `openssl pkey -pubout` \
             print the same of a pair; the server's own certificate stands first in its file"
        ),
        rustls::Error::InvalidCertificate(_) => format!("{chain}: {UNREADABLE}"),
        rustls::Error::General(_) => {
            format!("{key}: no key that TLS has use for: ECDSA (P-256, P-384, P-521), Ed25519, or RSA of 2048 bits and more")
        }
        fault => format!("{chain}: {fault}"),
    }
}

/// What no client can read either.
pub(in crate::http) const UNREADABLE: &str = "a certificate in it cannot be read (X.509): copy it anew";

/// The first byte of what is not in PEM: a sequence.
const DER: u8 = 0x30;

fn holds(bytes: &[u8], line: &str) -> bool {
    bytes.windows(line.len()).any(|window| window == line.as_bytes())
}

fn broken(fault: &PemFault) -> String {
    match fault {
        PemFault::MissingSectionEnd { .. } => "its PEM has no `-----END`: it was cut off".to_owned(),
        PemFault::Io(fault) => fault.to_string(),
        _ => "its PEM is broken: copy it anew".to_owned(),
    }
}
