//! Why a certificate and its key cannot be used, with what to do.

use crate::words::PlainPath;
use rustls::pki_types::pem::Error as PemFault;
use rustls::server::VerifierBuilderError;
use std::io;
use std::path::PathBuf;

/// Why not; it names the file that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The chain, or the authorities of clients.
    #[error("{}: {fault}", .path.plain())]
    Chain {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        fault: ChainError,
    },
    /// The key.
    #[error("{}: {fault}", .path.plain())]
    Key {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        fault: PrivateKeyError,
    },
    /// Both are valid, but no pair.
    #[error(
        "{}: it is not the key of the certificate in {}: `openssl x509 -noout -pubkey` and `openssl pkey -pubout` print the same of a pair; the server's own certificate comes first in its file",
        .key.plain(), .chain.plain()
    )]
    NoPair {
        /// The key's file.
        key: PathBuf,
        /// The chain's file.
        chain: PathBuf,
    },
    /// The library refuses them for another reason.
    #[error("{}: {fault}", .chain.plain())]
    Refused {
        /// The chain's file.
        chain: PathBuf,
        /// What the library says.
        #[source]
        fault: Box<rustls::Error>,
    },
}

/// What is wrong with a file of certificates.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// It is missing, or the server may not read it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is PEM, but faulty.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// The two files were swapped.
    #[error("it holds a key and no certificate: were the two files swapped?")]
    KeyInstead,
    /// It is binary.
    #[error("it is no PEM: `openssl x509 -inform der` writes a binary certificate (DER) as PEM")]
    Der,
    /// It is something else.
    #[error("it holds no PEM certificate (`-----BEGIN CERTIFICATE-----`)")]
    NoPem,
    /// It holds none.
    #[error("it holds no certificate")]
    Empty,
    /// A certificate that no client can read either.
    #[error("a certificate in it cannot be read (X.509): copy it anew")]
    Unreadable,
    /// No client certificate can be verified with it.
    #[error(transparent)]
    Authorities(#[from] VerifierBuilderError),
}

/// What is wrong with a file of a key.
#[derive(Debug, thiserror::Error)]
pub enum PrivateKeyError {
    /// It is missing, or the server may not read it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is PEM, but faulty.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// It is encrypted.
    #[error("the key has a passphrase, and the server asks for none: `openssl pkey` writes the key without one")]
    Passphrase,
    /// The two files were swapped.
    #[error("it holds a certificate and no key: were the two files swapped?")]
    CertificateInstead,
    /// It is binary.
    #[error("it is no PEM: `openssl pkey -inform der` writes a binary key (DER) as PEM")]
    Der,
    /// It is something else.
    #[error("it holds no PEM key (`-----BEGIN PRIVATE KEY-----`)")]
    NoPem,
    /// It is a key of another kind.
    #[error("TLS cannot use this key; it takes ECDSA (P-256, P-384, P-521), Ed25519, or RSA of 2048 bits and more")]
    Unfit,
}

/// What is wrong with PEM.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// It has no end.
    #[error("its PEM has no `-----END`: it was cut off")]
    CutOff,
    /// It cannot be read.
    #[error(transparent)]
    Io(io::Error),
    /// It is no valid base64, or has a malformed section.
    #[error("its PEM is broken: copy it anew")]
    Broken(#[source] PemFault),
}

impl From<PemFault> for PemError {
    fn from(fault: PemFault) -> Self {
        match fault {
            PemFault::MissingSectionEnd { .. } => Self::CutOff,
            PemFault::Io(fault) => Self::Io(fault),
            fault => Self::Broken(fault),
        }
    }
}
