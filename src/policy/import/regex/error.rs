//! Why no patterns express a regular expression.

use crate::policy::import::pieces::PieceError;
use regex_syntax::ast::ErrorKind;

/// A longer list of alternatives belongs in rows (`for_each`). Each part of an expression can multiply them.
pub(super) const ALTERNATIVES_MAX: usize = 64;

/// An expression that no pattern expresses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum RegexError {
    /// A part of it.
    #[error("`{regex}`, character {column}: `{part}`: {reason}")]
    Part {
        regex: String,
        /// Where the part begins.
        column: usize,
        part: String,
        #[source]
        reason: PartError,
    },
    /// One of its alternatives, written as a pattern.
    #[error("`{regex}`: {reason}")]
    Piece {
        regex: String,
        #[source]
        reason: PieceError,
    },
    /// It matches the empty text alone.
    #[error("`{regex}` means the empty text alone, and nothing matches that here")]
    Empty { regex: String },
}

/// A part that no pattern expresses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum PartError {
    /// It is no expression.
    #[error("{0}")]
    Syntax(Box<ErrorKind>),
    /// The original's engine does not read it, so no token matches there.
    #[error("RE2, which octo-sts reads expressions with, refuses this")]
    NotRe2,
    /// A named class, an anchor within the expression, or flags.
    #[error("no pattern expresses this")]
    Unsaid,
    /// Too many alternatives.
    #[error("more than {ALTERNATIVES_MAX} alternatives")]
    Alternatives,
    /// A repetition with a count.
    #[error("no pattern counts repetitions")]
    Counts,
    /// A repetition of some characters only.
    #[error("a wildcard here matches any characters, and would match more; write the line by hand if you mean that")]
    Wider,
    /// A class of too many characters.
    #[error("no pattern expresses one character out of many")]
    Class,
}
