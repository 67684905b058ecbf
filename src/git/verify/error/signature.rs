//! Why a signature does not count.

use pgp::types::Fingerprint as OpenPgpFingerprint;
use ssh_key::Fingerprint as SshFingerprint;

/// Why a signature does not count.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    #[error("it is not signed")]
    None,
    #[error(transparent)]
    Ssh(#[from] SshFault),
    #[error(transparent)]
    OpenPgp(#[from] OpenPgpFault),
}

/// Why an SSH signature does not.
#[derive(Debug, thiserror::Error)]
pub enum SshFault {
    #[error("its SSH signature cannot be read")]
    Unreadable,
    #[error("its signature is for `{namespace}`, not for commits")]
    Namespace { namespace: String },
    #[error(transparent)]
    Data(ssh_key::Error),
    #[error("its key is of an unknown kind: {0}")]
    UnknownKey(#[source] ssh_key::Error),
    #[error("its signature is wrong")]
    Wrong,
    #[error("its security key was not touched")]
    NotTouched,
    #[error("its signature is RSA with SHA-1")]
    RsaSha1,
    #[error("its key {key} is not among the allowed signers")]
    NotListed { key: SshFingerprint },
    #[error("its key {key} is not valid now")]
    NotValid { key: SshFingerprint },
    #[error("its certificate is not valid now, or not signed by its authority")]
    CertificateNotValid,
    #[error("its certificate is not a plain user's")]
    CertificateNotPlain,
    #[error("its certificate by {authority} for {names:?} is not among the allowed signers")]
    CertificateNotListed { authority: SshFingerprint, names: Vec<String> },
}

/// Why an OpenPGP signature does not.
#[derive(Debug, thiserror::Error)]
pub enum OpenPgpFault {
    #[error("its signature cannot be read: {0}")]
    Unreadable(#[source] pgp::errors::Error),
    #[error("no configured OpenPGP key made its signature")]
    UnknownKey,
    #[error("its signature is by a hash that no longer binds")]
    WeakHash,
    #[error("its signature is not one over a document")]
    NotOverDocument,
    #[error("its signature does not say when it was made")]
    NoTime,
    #[error("its signature is of the future")]
    OfTheFuture,
    #[error("its signature has expired")]
    Expired,
    #[error("the key {key} {fault}")]
    Key {
        key: OpenPgpFingerprint,
        #[source]
        fault: OpenPgpKeyFault,
    },
}

/// Why an OpenPGP key may not sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenPgpKeyFault {
    #[error("is revoked")]
    Revoked,
    #[error("says nothing of itself")]
    Silent,
    #[error("has expired")]
    Expired,
    #[error("is not one for signing")]
    NotForSigning,
    #[error("is not bound to its primary key")]
    NotBound,
}
