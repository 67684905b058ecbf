//! Errors in a text of a policy, and in a request.

use crate::token::{FormError, JsonError};
use crate::words::names::{NameError, RowName};

/// Longer than any name, pattern or tag. A text that grows beyond it is a mistake or an attack.
pub(super) const FILLED_CHARACTERS_MAX: usize = 64 * 1024;

/// Longer than any ref or workflow path that a forge accepts.
pub(super) const PATTERN_CHARACTERS_MAX: usize = 1024;

/// A text into which no row's values can be put.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum FillError {
    /// A placeholder has no end.
    #[error("`{{each.` without `}}`")]
    Unclosed,
    /// There are no rows.
    #[error("`{{each.…}}` needs `for_each`")]
    NoRows,
    /// The rows have no such column.
    #[error("the rows have no `{name}`")]
    NoColumn {
        /// The column that the placeholder names.
        name: String,
    },
    /// The filled text is too long.
    #[error("longer than {FILLED_CHARACTERS_MAX} characters with the row's values in it")]
    TooLong,
}

/// A row whose name does not identify it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum RowNameError {
    /// It is no valid name.
    #[error("`{file}`: clouds tell the rows apart by `name`, and `{name}` is no valid name: {fault}")]
    Name {
        /// The file of the rows.
        file: String,
        /// As it is written.
        name: String,
        /// Why.
        fault: NameError,
    },
    /// Another row has it.
    #[error("`{file}`: clouds tell the rows apart by `name`, and two are called `{name}`")]
    Twice {
        /// The file of the rows.
        file: String,
        /// The name of both.
        name: RowName,
    },
}

/// A value with placeholders that cannot be filled, or that is invalid once it is filled.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum FilledError<E> {
    /// The placeholders cannot be filled.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// The filled text is no valid value.
    #[error(transparent)]
    Value(E),
}

/// A text that is no template.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum TemplateError {
    /// A row's values cannot be filled in.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// A placeholder has no end.
    #[error("`{{` without `}}`")]
    Unclosed,
    /// A placeholder names no attribute.
    #[error("`{{{name}}}` is no attribute")]
    NoAttribute {
        /// The name in the placeholder.
        name: String,
    },
}

/// A text that is no pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PatternError {
    /// It is empty.
    #[error("an empty pattern matches nothing")]
    Empty,
    /// It is too long.
    #[error("longer than {PATTERN_CHARACTERS_MAX} characters")]
    TooLong,
    /// `**` is only a part of a segment.
    #[error("`**` stands for whole segments, between `/`, `:` or `@`")]
    WithinSegment,
}

/// A body that is no request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// An array stands for an object. Serde would accept it.
    #[error("an array stands where an object belongs")]
    ArrayForObject,
    /// It is JSON of another form.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A credential's name or field holds a secret, which would stand in the record of the decision.
    #[error(
        "a value of `credentials` looks like a token, a private key or an address with a user: it is refused, and not repeated"
    )]
    HoldsSecret,
}
