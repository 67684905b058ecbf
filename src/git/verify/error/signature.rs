//! Why a signature is not accepted.
use pgp::types::Fingerprint as OpenPgpFingerprint;
use ssh_key::Fingerprint as SshFingerprint;

/// Why a signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    #[error("it is not signed")]
    None,
    #[error(transparent)]
    Ssh(#[from] SshFault),
    #[error(transparent)]
    OpenPgp(#[from] OpenPgpFault),
}

/// Why an SSH signature is not accepted.
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
    #[error("its certificate is not a user certificate without critical options")]
    CertificateNotPlain,
    #[error("its certificate by {authority} for {names:?} is not among the allowed signers")]
    CertificateNotListed { authority: SshFingerprint, names: Vec<String> },
}

/// Why an OpenPGP signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum OpenPgpFault {
    #[error("its signature cannot be read: {0}")]
    Unreadable(#[source] pgp::errors::Error),
    #[error("no configured OpenPGP key made its signature")]
    UnknownKey,
    #[error("its signature uses a weak hash")]
    WeakHash,
    #[error("its signature is not one of a document")]
    NotOverDocument,
    #[error("its signature does not say when it was made")]
    NoTime,
    #[error("its signature was made in the future")]
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
    #[error("has no valid self-signature")]
    Silent,
    #[error("has expired")]
    Expired,
    #[error("may not sign")]
    NotForSigning,
    #[error("is not bound to its primary key")]
    NotBound,
}
