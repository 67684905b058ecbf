//! Errors of recipients and of private keys.

use crate::secrets::age_file::kinds;

/// Why a text is not a recipient.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{shown}` {fault}")]
pub struct RecipientError {
    /// The part of the text that may be shown.
    pub(in crate::secrets::age_file) shown: String,
    /// What is wrong with it.
    #[source]
    pub(in crate::secrets::age_file) fault: RecipientFault,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::secrets::age_file) enum RecipientFault {
    #[error("is not a valid post-quantum recipient: part of it is missing or changed")]
    Hybrid,
    #[error("is not an age recipient ({fault}); accepted kinds: {}", kinds::RECIPIENTS)]
    Unknown {
        /// The age crate's own text.
        fault: &'static str,
    },
    #[error(transparent)]
    Ssh(#[from] SshError),
}

/// Why a file of private keys cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IdentityError {
    /// It is not UTF-8.
    #[error("an age identity file is text")]
    NotText,
    /// It is empty or has only comments.
    #[error("the file holds no age identity: {}", kinds::IDENTITIES)]
    None,
    /// One of its keys cannot be used.
    #[error("key {number} {fault}")]
    Key {
        /// Which key, counted from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        fault: KeyFault,
    },
    /// A file key needs a file with a valid header.
    #[error("the file has no valid age header")]
    NoHeader,
    /// The system returns no random bytes.
    #[error("no post-quantum key could be made")]
    NotMade,
}

/// Why a private key cannot be used. The error never quotes the key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyFault {
    #[error("is not a valid AGE-SECRET-KEY-PQ-1… identity: part of it is missing or changed")]
    Hybrid,
    #[error("is a plugin's identity, but no plugin runs here; accepted kinds: {}", kinds::IDENTITIES)]
    Plugin,
    #[error(
        "is `{begin}`; `ssh-keygen -p -f FILE` writes an SSH key in OpenSSH's own form; accepted kinds: {}",
        kinds::IDENTITIES
    )]
    OtherPem {
        /// Its first line, with the label and nothing else.
        begin: String,
    },
    #[error("is of no accepted kind; accepted kinds: {}", kinds::IDENTITIES)]
    Unknown,
    #[error(transparent)]
    Ssh(#[from] SshError),
}

/// Why an SSH key, as a recipient or as an identity, cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SshError {
    #[error("is not a readable OpenSSH private key")]
    NoPrivateKey,
    #[error("is not a readable SSH public key")]
    NoPublicKey,
    #[error(
        "is an SSH key with a passphrase, which nobody is there to type; remove it with `ssh-keygen -p -f FILE`, and protect \
         the file"
    )]
    Passphrase,
    #[error("is an SSH key of the kind {algorithm}; {}", kinds::SSH_KEYS)]
    Kind { algorithm: ssh_key::Algorithm },
    #[error("is an SSH key with unusable numbers; RSA keys must have 2048 to 8192 bits")]
    Numbers,
    #[error("is an SSH key that cannot be encoded")]
    NotWritten,
}
