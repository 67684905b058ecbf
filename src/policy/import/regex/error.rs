//! Why an expression is no pattern of ours.

use crate::policy::import::pieces::PieceError;
use regex_syntax::ast::ErrorKind;

/// More alternatives than this are a list that wants rows (`for_each`), and each level of an expression multiplies them.
pub(super) const ALTERNATIVES_MAX: usize = 64;

/// An expression that no pattern says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum RegexError {
    /// A part of it.
    #[error("`{regex}`, character {column}: `{part}`: {reason}")]
    Part {
        /// The expression.
        regex: String,
        /// Where the part begins.
        column: usize,
        /// The part.
        part: String,
        /// Why not.
        #[source]
        reason: PartError,
    },
    /// One of its alternatives, written as a pattern.
    #[error("`{regex}`: {reason}")]
    Piece {
        /// The expression.
        regex: String,
        /// Why not.
        #[source]
        reason: PieceError,
    },
    /// Nothing is left to match.
    #[error("`{regex}` means the empty text alone, and nothing matches that here")]
    Empty {
        /// The expression.
        regex: String,
    },
}

/// A part of an expression that no pattern says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum PartError {
    /// It is no expression.
    #[error("{0}")]
    Syntax(Box<ErrorKind>),
    /// A class by its name, an anchor in between, flags.
    #[error("no pattern says this")]
    Unsaid,
    /// They are a list that wants rows.
    #[error("more than {ALTERNATIVES_MAX} alternatives")]
    Alternatives,
    /// So many, or so many at least.
    #[error("no pattern counts")]
    Counts,
    /// Any number of some characters.
    #[error("a wildcard here takes any characters, and would take in more; write the line by hand if that is meant")]
    Wider,
    /// A class of more characters than anybody lists.
    #[error("no pattern says one character of many")]
    Class,
}
