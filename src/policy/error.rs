//! What is wrong with a text of a policy, or with a request.

use crate::token::{FormError, JsonError};
use crate::words::names::{NameError, RowName};

/// Longer than any name, pattern or tag: what grows beyond it is a mistake, or meant to grow.
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
    /// They have no such value.
    #[error("the rows have no `{name}`")]
    NoColumn {
        /// What was to be put in.
        name: String,
    },
    /// It grows beyond anything that is meant.
    #[error("longer than {FILLED_CHARACTERS_MAX} characters with the row's values in it")]
    TooLong,
}

/// A row whose name would not tell it from others.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum RowNameError {
    /// It is none.
    #[error("`{file}`: by its `name` a cloud tells a row from the others, and `{name}` is none: {fault}")]
    Name {
        /// The file of the rows.
        file: String,
        /// As it is written.
        name: String,
        /// Why.
        fault: NameError,
    },
    /// Another row has it.
    #[error("`{file}`: by its `name` a cloud tells a row from the others, and two are called `{name}`")]
    Twice {
        /// The file of the rows.
        file: String,
        /// The name of both.
        name: RowName,
    },
}

/// A text into which a row's values were to be put, and which was to be something then.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum FilledError<E> {
    /// They cannot be put in.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// It is none of what belongs there.
    #[error(transparent)]
    Value(E),
}

/// A text in which something stands that is no attribute.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum TemplateError {
    /// A row's values cannot be put in.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// A placeholder has no end.
    #[error("`{{` without `}}`")]
    Unclosed,
    /// It names something else.
    #[error("`{{{name}}}` is no attribute")]
    NoAttribute {
        /// What it names.
        name: String,
    },
}

/// A text that is no pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PatternError {
    /// It has nothing in it.
    #[error("an empty pattern matches nothing")]
    Empty,
    /// It has too much in it.
    #[error("longer than {PATTERN_CHARACTERS_MAX} characters")]
    TooLong,
    /// Two stars stand within a segment.
    #[error("`**` stands for whole segments, between `/`, `:` or `@`")]
    WithinSegment,
}

/// A body that asks for nothing that there is.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Serde would take it.
    #[error("an array stands where an object belongs")]
    ArrayForObject,
    /// It is other JSON.
    #[error(transparent)]
    Form(#[from] FormError),
}
