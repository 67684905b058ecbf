//! Why a policy of Vault's is not read.

use crate::token::JsonError;

/// What is wrong with it, and where.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(in crate::policy) struct HclError {
    /// The line, from 1.
    pub(super) line: usize,
    /// What is wrong.
    #[source]
    pub(super) reason: HclReason,
}

/// What is wrong with a policy's text.
#[derive(Debug, thiserror::Error)]
pub(super) enum HclReason {
    /// It is no text.
    #[error("not UTF-8")]
    NotUtf8,
    /// It is the JSON form, and no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The JSON form has another shape.
    #[error("expected `{{\"path\": {{\"secret/data/…\": {{\"capabilities\": […]}}}}}}`")]
    Shape,
    /// The text ends where something has to follow.
    #[error("the policy ends here, and a block is open: was it cut?")]
    Cut,
    /// Something else stands there.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What may.
        expected: &'static str,
    },
    /// A character that begins nothing.
    #[error("`{character}` begins nothing that is read here")]
    Character {
        /// Which.
        character: char,
    },
    /// A text with what is not read here.
    #[error("a text with `{sequence}` in it is not read here: write the character itself")]
    Escape {
        /// How it begins.
        sequence: String,
    },
    /// Readers differ in which one counts.
    #[error("`{key}` stands twice in one block")]
    Twice {
        /// Which.
        key: String,
    },
    /// A value of another type.
    #[error("`{key}`: expected a list of texts, and for `policy` and `comment` a text")]
    Type {
        /// Of which key.
        key: String,
    },
    /// A capability that is not known.
    #[error("`{word}` is no capability that is known here")]
    Capability {
        /// The word.
        word: String,
    },
    /// One of the old words that is not known.
    #[error("`policy = \"{word}\"` is not known: expected deny, read, write or sudo")]
    OldWord {
        /// The word.
        word: String,
    },
    /// It is nested deeper than anything of Vault's own.
    #[error("nested too deeply")]
    TooDeep,
}
