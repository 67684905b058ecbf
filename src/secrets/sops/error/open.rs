//! What does not open: a section that is not understood, a data key that nobody here has, a value that was changed.

use super::{RuleError, ValueError};
use crate::secrets::age_file::AgeError;

/// A section that says too little, or too much.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MetadataError {
    #[error(
        "the data key is split among key groups (Shamir); write one key group with an age recipient and run `sops updatekeys`"
    )]
    Shamir,
    #[error("the file has no MAC, so nothing says that it is whole; encrypt it anew")]
    NoMac,
    #[error("the file has no `lastmodified`, which its MAC needs; encrypt it anew")]
    NoLastModified,
    #[error(transparent)]
    Rule(#[from] RuleError),
}

/// An entry, or a whole section, that more can open than it says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EntryError {
    /// It may be for anybody.
    #[error("an entry names no recipient")]
    NoRecipient,
    /// It names somebody whom another one names.
    #[error("two entries name one recipient, and one of them could be for somebody else: {recipient}")]
    Twice {
        /// Whom.
        recipient: String,
    },
    /// It is for several, and names one.
    #[error("an entry holds {keys} keys and names one recipient: {recipient}")]
    Several {
        /// For how many.
        keys: usize,
        /// Whom it names.
        recipient: String,
    },
    /// A later version of SOPS may know it.
    #[error("its section has `{kind}`, which is not known here and may hold keys")]
    UnknownKeys {
        /// The list.
        kind: String,
    },
    /// Of both sops takes one, and other tools the other.
    #[error("it has keys in a key group and others beside it")]
    BesideGroup,
}

/// No data key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the file has no age recipient{} is never contacted); add the source's recipient and run `sops updatekeys`", key_of(.foreign))]
    NoRecipient { foreign: Vec<&'static str> },
    /// What the last of its recipients' stanzas said.
    #[error(transparent)]
    Age(#[from] AgeError),
    #[error(transparent)]
    Cipher(#[from] CipherError),
}

fn key_of(foreign: &[&str]) -> String {
    if foreign.is_empty() { " (a key of another kind".to_owned() } else { format!(" (its {} key", foreign.join(" or ")) }
}

/// One value, encrypted or decrypted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CipherError {
    #[error("the data key is not 32 bytes long")]
    KeyLength,
    #[error("the system gives no randomness")]
    NoRandomness,
    #[error("a value could not be encrypted")]
    Encrypt,
    #[error("the value at `{path}` is not encrypted as SOPS does")]
    Malformed { path: String },
    #[error("the value at `{path}` does not decrypt: it was changed or moved")]
    Changed { path: String },
}

/// A document that is not what its author encrypted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Cipher(#[from] CipherError),
    #[error(transparent)]
    Value(#[from] ValueError),
    #[error(
        "the value at `{path}` should be encrypted and is not: restore the file from Git, and write the value with `daypass secret set`"
    )]
    Readable { path: String },
    #[error("the value at `{path}` is no `{kind}`")]
    WrongKind { path: String, kind: String },
    #[error("a comment in the list at `{path}` does not decrypt: it was changed")]
    CommentChanged { path: String },
    #[error("the file's MAC does not decrypt: its `sops` section was changed; restore the file from Git")]
    MacUnreadable,
    #[error(
        "the file's MAC does not fit its values: it was changed by hand; restore it and change it with an editor that knows SOPS"
    )]
    MacWrong,
}
