//! Why no pattern of a policy expresses another system's pattern.

/// A text of IAM that no pattern expresses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum LikeError {
    /// It has a wildcard for one character.
    #[error("`{text}`: no pattern expresses `?`")]
    OneCharacter { text: String },
    /// It has a variable that IAM fills in.
    #[error("`{text}`: IAM fills in a variable in it")]
    Variable { text: String },
    /// One of its pieces.
    #[error("`{text}`: {reason}")]
    Piece {
        text: String,
        #[source]
        reason: PieceError,
    },
}

/// A piece that no pattern expresses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum PieceError {
    /// A text that is a placeholder in a policy.
    #[error("`{{each.` begins a placeholder for a row here, and cannot be matched")]
    Placeholder,
    /// A star that is a literal character.
    #[error("`*` is always a wildcard here, and the original means the character")]
    Star,
    #[error("a control character")]
    Control,
    /// A wildcard that needs more than one character.
    #[error("no pattern expresses how many characters a wildcard needs: `{pattern}` would match more")]
    Counts {
        /// The pattern up to the wildcard.
        pattern: String,
    },
}
