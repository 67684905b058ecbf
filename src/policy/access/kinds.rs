//! Kinds of texts: the texts that fit some patterns and none of some others, and an example of each kind.

use super::matcher::{Matcher, SearchResult, Test};
use super::search::{patterns_overlap, search_for};
use crate::policy::pattern::Pattern;
use crate::words::names::SecretPath;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Texts for `*` and for `**`, the likeliest first. A folder within a folder distinguishes the two.
const FILLERS: [(&str, &str); 4] = [("a", "a"), ("b", "a/a"), ("c", "a/a/a"), ("z0", "z0")];

/// The texts that fit all patterns of `inside` and none of `outside`.
#[derive(Clone, Default)]
pub(in crate::policy) struct Kind<'a> {
    inside: Vec<&'a Pattern>,
    outside: Vec<&'a Pattern>,
}

/// Whether a kind has a text that can be read as something.
pub(in crate::policy) enum Interpretation<T> {
    One(T),
    None,
    Unknown,
}

impl<'a> Kind<'a> {
    /// The texts that fit this pattern.
    pub(in crate::policy) fn of(pattern: &'a Pattern) -> Self {
        Self { inside: vec![pattern], outside: Vec::new() }
    }

    /// The two kinds into which a pattern divides it. A kind without a text is left out.
    pub(in crate::policy) fn apart(&self, pattern: &'a Pattern) -> impl Iterator<Item = Self> {
        // Most patterns have no text in common with one of `inside`. Then there is nothing to divide.
        if self.inside.iter().any(|inside| !patterns_overlap(inside, pattern)) {
            return vec![self.clone()].into_iter();
        }
        let (mut fits, mut does_not) = (self.clone(), self.clone());
        fits.inside.push(pattern);
        does_not.outside.push(pattern);
        let kinds: Vec<Self> = [fits, does_not].into_iter().filter(|kind| !kind.is_empty()).collect();
        kinds.into_iter()
    }

    /// The same without what fits this pattern.
    pub(in crate::policy) fn but<'b>(&self, pattern: &'b Pattern) -> Kind<'b>
    where
        'a: 'b,
    {
        let outside = self.outside.iter().copied().chain([pattern]).collect();
        Kind { inside: self.inside.clone(), outside }
    }

    /// Whether its texts fit one of these patterns, which it was divided by.
    pub(in crate::policy) fn is_inside(&self, patterns: &BTreeMap<String, &Pattern>) -> bool {
        self.inside.iter().any(|pattern| patterns.contains_key(&pattern.to_string()))
    }

    pub(in crate::policy) fn holds(&self, text: &str) -> bool {
        self.inside.iter().all(|pattern| pattern.matches(text)) && !self.outside.iter().any(|pattern| pattern.matches(text))
    }

    /// A document of this kind.
    pub(in crate::policy) fn document(&self) -> Interpretation<SecretPath> {
        self.read_first(|text| SecretPath::parse(text).ok())
    }

    /// The result of the first of its texts that `read` accepts.
    pub(in crate::policy) fn read_first<T>(&self, read: impl Fn(&str) -> Option<T>) -> Interpretation<T> {
        if let Some(one) = self.suggested().find_map(|text| read(&text)) {
            return Interpretation::One(one);
        }
        let has_text = Cell::new(false);
        let can_read = |text: &str| {
            has_text.set(true);
            read(text).is_some()
        };
        match self.search(&can_read) {
            SearchResult::Example(text) => read(&text).map_or(Interpretation::Unknown, Interpretation::One),
            // The search visits each state once, with one text: `read` may accept another text of that state.
            SearchResult::Nothing if !has_text.get() => Interpretation::None,
            SearchResult::Nothing | SearchResult::Unknown => Interpretation::Unknown,
        }
    }

    fn is_empty(&self) -> bool {
        self.suggested().next().is_none() && self.search(&|_| true) == SearchResult::Nothing
    }

    fn suggested(&self) -> impl Iterator<Item = String> {
        let all = self.filled(&FILLERS).chain(FILLERS.map(|(_, across)| across.to_owned()));
        all.filter(|text| self.holds(text))
    }

    /// The texts of the patterns of `inside` with these fillers for `*` and `**`. Not all of them are of the kind.
    pub(in crate::policy) fn filled(&self, fillers: &[(&str, &str)]) -> impl Iterator<Item = String> {
        self.inside.iter().flat_map(|pattern| fillers.iter().map(|(within, across)| pattern.filled(within, across)))
    }

    fn search(&self, good: &dyn Fn(&str) -> bool) -> SearchResult {
        let matcher = |pattern: &&Pattern| [Matcher { pattern: pattern.expanded(), fold: false, name: None }];
        let inside: Vec<_> = self.inside.iter().map(matcher).collect();
        let outside: Vec<_> = self.outside.iter().map(matcher).collect();
        let tests: Vec<Test<'_>> = inside
            .iter()
            .map(|matchers| Test { matchers, inside: true, outside: false })
            .chain(outside.iter().map(|matchers| Test { matchers, inside: false, outside: true }))
            .collect();
        search_for(&tests, good)
    }
}
