//! Why a file does not open: its section cannot be used, no identity here opens its data key, or a value was changed.

use super::{RuleError, ValueError};
use crate::secrets::age_file::AgeError;

/// Why a section cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MetadataError {
    #[error(
        "the data key is split among key groups (Shamir); write one key group with an age recipient and run `sops updatekeys`"
    )]
    Shamir,
    #[error("the file has no MAC, so nothing proves that it was not changed; encrypt it anew")]
    NoMac,
    #[error("the file has no `lastmodified`, which its MAC needs; encrypt it anew")]
    NoLastModified,
    #[error(transparent)]
    Rule(#[from] RuleError),
}

/// Why more recipients may open a file than its section names.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EntryError {
    /// An entry names nobody: anybody may be its recipient.
    #[error("an entry names no recipient")]
    NoRecipient,
    /// Two entries name the same recipient.
    #[error("two entries name one recipient, and one of them could be for somebody else: {recipient}")]
    Twice {
        /// The recipient.
        recipient: String,
    },
    /// An entry holds keys for several recipients but names one.
    #[error("an entry holds {keys} keys and names one recipient: {recipient}")]
    Several {
        /// The number of keys.
        keys: usize,
        /// The recipient that it names.
        recipient: String,
    },
    /// It has a list that a later version of SOPS may use for keys.
    #[error("its section has `{kind}`, which is not known here and may hold keys")]
    UnknownKeys {
        /// The name of the list.
        kind: String,
    },
    /// It has keys in two places: sops uses one of them, and other tools may use the other.
    #[error("its section has keys both in a key group and outside of it")]
    BesideGroup,
}

/// Why the data key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the file has no age recipient{} is never contacted); add the source's recipient and run `sops updatekeys`", key_of(.foreign))]
    NoRecipient { foreign: Vec<&'static str> },
    /// The error of the last stanza that was tried.
    #[error(transparent)]
    Age(#[from] AgeError),
    #[error(transparent)]
    Cipher(#[from] CipherError),
}

fn key_of(foreign: &[&str]) -> String {
    if foreign.is_empty() { " (a key of another kind".to_owned() } else { format!(" (its {} key", foreign.join(" or ")) }
}

/// Why one value cannot be encrypted or decrypted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CipherError {
    #[error("the data key is not 32 bytes long")]
    KeyLength,
    #[error("the system returned no random bytes")]
    NoRandomness,
    #[error("a value could not be encrypted")]
    Encrypt,
    #[error("the value at `{path}` does not have SOPS's form of an encrypted value")]
    Malformed { path: String },
    #[error("the value at `{path}` does not decrypt: it was changed or moved")]
    Changed { path: String },
}

/// Why a document is not what its author encrypted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Cipher(#[from] CipherError),
    #[error(transparent)]
    Value(#[from] ValueError),
    #[error(
        "the value at `{path}` should be encrypted but is not: restore the file from Git, and write the value with `daypass secret set`"
    )]
    Readable { path: String },
    #[error("the value at `{path}` is not of its type `{kind}`")]
    WrongKind { path: String, kind: String },
    #[error("a comment in the list at `{path}` does not decrypt: it was changed")]
    CommentChanged { path: String },
    #[error("the file's MAC does not decrypt: its `sops` section was changed; restore the file from Git")]
    MacUnreadable,
    #[error(
        "the file's MAC does not match its values: the file was changed by hand; restore it and change it with an editor that knows SOPS"
    )]
    MacWrong,
}
