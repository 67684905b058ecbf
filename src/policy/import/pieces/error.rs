//! Why a foreign pattern is none of ours.

/// A text of IAM that no pattern says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum LikeError {
    /// It has a wildcard for one character.
    #[error("`{text}`: no pattern says `?`")]
    OneCharacter {
        /// The text.
        text: String,
    },
    /// It is filled in by IAM.
    #[error("`{text}`: a variable of IAM's own")]
    Variable {
        /// The text.
        text: String,
    },
    /// A piece of it.
    #[error("`{text}`: {reason}")]
    Piece {
        /// The text.
        text: String,
        /// Why not.
        #[source]
        reason: PieceError,
    },
}

/// A piece of a foreign pattern that no pattern of ours says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum PieceError {
    /// A placeholder.
    #[error("`{{each.` is filled in from rows here, and cannot be matched")]
    Placeholder,
    /// A star that stands for itself.
    #[error("`*` is always a wildcard here, and the original means the character")]
    Star,
    /// What nobody sees.
    #[error("a control character")]
    Control,
    /// A wildcard that takes more than one character at least.
    #[error("no pattern says how many characters a wildcard takes: `{pattern}` would take in more")]
    Counts {
        /// As far as it is written.
        pattern: String,
    },
}
