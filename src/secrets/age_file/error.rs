//! Errors of age files and of their keys.

mod key;

pub use key::IdentityError;
pub(super) use key::{KeyFault, RecipientError, RecipientFault, SshError};

use super::header::{RECIPIENTS_MAX, STANZAS_MAX};
use crate::secrets::RepositoryPath;
use age::{DecryptError, EncryptError};
use std::io;

/// Why an age file cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum AgeError {
    /// Its armor is not valid.
    #[error("not a valid age file: {0}")]
    Armor(#[source] io::Error),
    /// Its header is not valid.
    #[error("not a valid age file: {0}")]
    Header(#[source] DecryptError),
    /// Its header has no end, or has too many stanzas.
    #[error("not a valid age file: its header has no end, or more than {STANZAS_MAX} stanzas")]
    Unbounded,
    /// No server would open a file with so many recipients.
    #[error("{count} recipients are more than the {RECIPIENTS_MAX} that an age file may have here: split them into groups")]
    TooMany {
        /// How many recipients were given.
        count: usize,
    },
    /// Its header is written as the first versions of age wrote it.
    #[error("not a valid age file: a stanza of its header lacks its last line")]
    StanzaEnd,
    /// It is encrypted to a passphrase, which a person would have to type.
    #[error("the file is encrypted to a passphrase; encrypt it to the source's recipient instead")]
    Passphrase,
    /// It is encrypted to other recipients.
    #[error("none of this source's age identities opens it: {fault} (it is encrypted to: {})", kind_list(.kinds))]
    ForOthers {
        /// What age reports.
        #[source]
        fault: DecryptError,
        /// The kinds of keys that it is encrypted to, as far as they are known here.
        kinds: Vec<&'static str>,
    },
    /// Its header opens, but the rest does not decrypt.
    #[error("the file is damaged: {0}")]
    Damaged(#[source] io::Error),
    /// Its plaintext is larger than a secret may be.
    #[error("the plaintext is larger than 1 MiB")]
    TooLarge,
    /// It was encrypted for another path.
    #[error(
        "the file is encrypted for `{path}` and opens at no other path: encrypt it anew for this one with \
         `daypass secret rotate {here}` and a key that opens it"
    )]
    ForOtherPath {
        /// The path in its header, made safe to print.
        path: String,
        /// The path where it is.
        here: RepositoryPath,
    },
    /// Its header is not the requested one.
    #[error("this is not the requested header")]
    OtherHeader,
    /// A recipient cannot be read.
    #[error(transparent)]
    Recipient(#[from] RecipientError),
    /// The recipients are not all of one sort.
    #[error(
        "post-quantum recipients (age1pq1…, age1tagpq1…) are not mixed with others: whoever breaks one of the others has the \
         file; encrypt to one sort alone"
    )]
    Mixed,
    /// It cannot be encrypted.
    #[error(transparent)]
    Encrypt(EncryptError),
    /// It cannot be written.
    #[error(transparent)]
    Write(io::Error),
}

fn kind_list(kinds: &[&str]) -> String {
    if kinds.is_empty() { "kinds that are not known here".to_owned() } else { kinds.join(", ") }
}
