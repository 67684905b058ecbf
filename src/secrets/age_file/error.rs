//! What is wrong with an age file, or with a key for one.

mod key;

pub use key::IdentityError;
pub(super) use key::{KeyFault, RecipientError, RecipientFault, SshError};

use super::header::{RECIPIENTS_MAX, STANZAS_MAX};
use crate::secrets::RepositoryPath;
use age::{DecryptError, EncryptError};
use std::io;

/// Why an age file does not open, or is not written.
#[derive(Debug, thiserror::Error)]
pub enum AgeError {
    /// Its armor is broken.
    #[error("not a good age file: {0}")]
    Armor(#[source] io::Error),
    /// Its header is.
    #[error("not a good age file: {0}")]
    Header(#[source] DecryptError),
    /// Its header has no end, or is for more than is read.
    #[error("not a good age file: its header has no end, or more than {STANZAS_MAX} stanzas")]
    Unbounded,
    /// Nobody here would open it.
    #[error("{count} recipients are more than the {RECIPIENTS_MAX} that an age file has here: make groups of them")]
    TooMany {
        /// For so many it should be.
        count: usize,
    },
    /// Its header is written as age's first versions did.
    #[error("not a good age file: a stanza of its header lacks its last line")]
    StanzaEnd,
    /// A person would have to type.
    #[error("the file is encrypted to a passphrase; encrypt it to the source's recipient instead")]
    Passphrase,
    /// It is for others.
    #[error("none of this source's age identities opens it: {fault} (it is encrypted to: {})", told(.kinds))]
    ForOthers {
        /// What the identities say.
        #[source]
        fault: DecryptError,
        /// The kinds of keys that it is for, as far as they are known here.
        kinds: Vec<&'static str>,
    },
    /// Its header opens, and what follows it does not.
    #[error("the file is damaged: {0}")]
    Damaged(#[source] io::Error),
    /// It holds more than a secret is.
    #[error("the plaintext is larger than 1 MiB")]
    TooLarge,
    /// It was encrypted for another path.
    #[error(
        "the file is encrypted for `{path}` and opens at no other path: encrypt it anew for this one with \
         `daypass secret rotate {here}` and a key that opens it"
    )]
    ForOtherPath {
        /// What its header says, made fit to be shown.
        path: String,
        /// Where it is.
        here: RepositoryPath,
    },
    /// Another one is asked for.
    #[error("it is not the header that is asked for")]
    OtherHeader,
    /// One to whom it is to be encrypted.
    #[error(transparent)]
    Recipient(#[from] RecipientError),
    /// Several, not of one sort.
    #[error(
        "post-quantum recipients (age1pq1…, age1tagpq1…) are not mixed with others: whoever breaks one of the others has the \
         file; encrypt to one sort alone"
    )]
    Mixed,
    /// It is not encrypted.
    #[error(transparent)]
    Encrypt(EncryptError),
    /// It is not written.
    #[error(transparent)]
    Write(io::Error),
}

fn told(kinds: &[&str]) -> String {
    if kinds.is_empty() { "kinds that are not known here".to_owned() } else { kinds.join(", ") }
}
