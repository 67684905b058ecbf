//! Why a policy of Vault's is not read.

use crate::token::JsonError;

/// What is wrong with it, and where.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(in crate::policy) struct HclError {
    /// The line, from 1.
    pub(super) line: usize,
    #[source]
    pub(super) reason: HclReason,
}

/// What is wrong with a policy's text.
#[derive(Debug, thiserror::Error)]
pub(super) enum HclReason {
    #[error("not UTF-8")]
    NotUtf8,
    /// It begins like the JSON form, and is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is JSON of another form.
    #[error("expected `{{\"path\": {{\"secret/data/…\": {{\"capabilities\": […]}}}}}}`")]
    Shape,
    /// It ends too early.
    #[error("the policy ends here, and a block is open: was it cut?")]
    Cut,
    /// Another token than expected.
    #[error("found {found}, expected {expected}")]
    Unexpected { found: String, expected: &'static str },
    /// A character that begins no token.
    #[error("`{character}` begins nothing that is read here")]
    Character { character: char },
    /// A text with an escape or a template.
    #[error("a text with `{sequence}` in it is not read here: write the character itself")]
    Escape { sequence: String },
    /// A key that stands twice: readers differ in which one counts.
    #[error("`{key}` stands twice in one block")]
    Twice { key: String },
    /// A value of the wrong type.
    #[error("`{key}`: expected a list of texts, and for `policy` and `comment` a text")]
    Type { key: String },
    /// A capability that is not known.
    #[error("`{word}` is no capability that is known here")]
    Capability { word: String },
    /// An unknown word of the old key `policy`.
    #[error("`policy = \"{word}\"` is not known: expected deny, read, write or sudo")]
    OldWord { word: String },
    /// It is nested deeper than any key of Vault's.
    #[error("nested too deeply")]
    TooDeep,
}
