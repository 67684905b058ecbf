//! A test of a text by patterns.

use crate::policy::pattern::Pattern;

/// One pattern that a text may fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Matcher {
    pub(super) pattern: Pattern,
    /// Whether it ignores the case of ASCII letters.
    pub(super) fold: bool,
    /// The name that a policy writes before an id. It is only for people.
    pub(super) name: Option<String>,
}

impl Matcher {
    /// Fits this text alone.
    pub(super) fn exact(text: &str) -> Self {
        Self { pattern: Pattern::literal_of(text), fold: false, name: None }
    }
}

/// A condition on a text: whether it may fit one of the matchers (`inside`), and whether it may fit none (`outside`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Test<'a> {
    pub(super) matchers: &'a [Matcher],
    pub(super) inside: bool,
    pub(super) outside: bool,
}

/// What the search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum SearchResult {
    /// This text satisfies all tests.
    Example(String),
    /// No text can.
    Nothing,
    /// The search stopped early: nobody knows whether one can.
    Unknown,
}

impl Matcher {
    /// The only text that fits, if there is only one.
    pub(super) fn word(&self) -> Option<&str> {
        if self.fold { None } else { self.pattern.literal() }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        if self.fold { self.pattern.matches_folded(text) } else { self.pattern.matches(text) }
    }
}

impl Test<'_> {
    pub(super) fn holds(&self, text: &str) -> bool {
        if self.matchers.iter().any(|matcher| matcher.matches(text)) { self.inside } else { self.outside }
    }
}
