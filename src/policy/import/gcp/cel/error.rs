//! Why an expression of Google's is not imported.

use std::fmt::Display;

/// What of it no line expresses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum CelError {
    /// An operator or a function that is not read.
    #[error("{found} is not imported: write `==`, `in [\u{2026}]`, `startsWith` and `&&` alone, or the policy by hand")]
    NotImported { found: String },
    /// Another token than expected.
    #[error("expected {expected}, found {found}")]
    Expected { expected: String, found: String },
    /// A text that does not end.
    #[error("a quote is open at the end: was it cut?")]
    Open,
    /// A text with an escape.
    #[error("an escape (`\\`) in a text is not imported")]
    Escape,
    /// It is nested deeper than anybody writes.
    #[error("too deep")]
    TooDeep,
}

impl CelError {
    pub(super) fn expected(expected: &str, found: Option<impl Display>) -> Self {
        let found = found.map_or_else(|| "the end".to_owned(), |found| found.to_string());
        Self::Expected { expected: expected.to_owned(), found }
    }
}
