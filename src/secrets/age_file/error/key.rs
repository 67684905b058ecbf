//! What is wrong with a recipient, or with a private key.

use crate::secrets::age_file::kinds;

/// A text that is no recipient.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{shown}` {fault}")]
pub struct RecipientError {
    /// As much of it as may be shown.
    pub(in crate::secrets::age_file) shown: String,
    /// Why not.
    #[source]
    pub(in crate::secrets::age_file) fault: RecipientFault,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::secrets::age_file) enum RecipientFault {
    #[error("is no good post-quantum recipient: part of it is missing or changed")]
    Hybrid,
    #[error("is no age recipient ({fault}); the kinds that are taken: {}", kinds::RECIPIENTS)]
    Unknown {
        /// The age crate's own word.
        fault: &'static str,
    },
    #[error(transparent)]
    Ssh(#[from] SshError),
}

/// Why a file of private keys is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IdentityError {
    /// It is bytes.
    #[error("an age identity file is text")]
    NotText,
    /// It is empty, or comments.
    #[error("the file holds no age identity: {}", kinds::IDENTITIES)]
    None,
    /// One of its keys is not taken.
    #[error("key {number} {fault}")]
    Key {
        /// From 1.
        number: usize,
        /// Why not.
        #[source]
        fault: KeyFault,
    },
    /// A file key is for a file with a header.
    #[error("the file has no good age header")]
    NoHeader,
    /// The system gives no randomness.
    #[error("no post-quantum key could be made")]
    NotMade,
}

/// Why a private key is not taken. None of it is told.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyFault {
    #[error("is no good AGE-SECRET-KEY-PQ-1… identity: part of it is missing or changed")]
    Hybrid,
    #[error("is a plugin's identity, and no plugin is run here; the kinds that are taken: {}", kinds::IDENTITIES)]
    Plugin,
    #[error(
        "is `{begin}`; `ssh-keygen -p -f FILE` writes an SSH key in OpenSSH's own form; the kinds that are taken: {}",
        kinds::IDENTITIES
    )]
    OtherPem {
        /// The line by which it begins.
        begin: String,
    },
    #[error("is none of the kinds that are taken: {}", kinds::IDENTITIES)]
    Unknown,
    #[error(transparent)]
    Ssh(#[from] SshError),
}

/// Why an SSH key is not taken, be it a recipient or an identity.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SshError {
    #[error("is no OpenSSH private key that can be read")]
    NoPrivateKey,
    #[error("is no SSH public key that can be read")]
    NoPublicKey,
    #[error(
        "is an SSH key under a passphrase, which nobody is there to type; take it off with `ssh-keygen -p -f FILE`, and protect \
         the file"
    )]
    Passphrase,
    #[error("is an SSH key of the kind {algorithm}; {}", kinds::SSH_KEYS)]
    Kind { algorithm: ssh_key::Algorithm },
    #[error("is an SSH key of no good numbers; RSA keys have 2048 to 8192 bits")]
    Numbers,
    #[error("is an SSH key that cannot be written again")]
    NotWritten,
}
