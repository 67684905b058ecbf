//! Documents that only the past has. No tree tells of them, so the grants' own patterns do: they are told apart into kinds, and of
//! each kind one document stands for all.

use super::language::{Found, Matcher, Test, search};
use crate::policy::file::Rule;
use crate::policy::pattern::Pattern;
use crate::policy::sections::SecretGrant;
use crate::words::names::SecretPath;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds that are told apart: a policy names a handful of folders, and the work grows with the square. Beyond it nothing is claimed.
const KINDS_MAX: usize = 64;
/// What may stand for `*` and for `**`, the likeliest first: a folder within a folder tells the two apart.
const FILLERS: [(&str, &str); 4] = [("a", "a"), ("b", "a/a"), ("c", "a/a/a"), ("z0", "z0")];

/// Documents that all fit these patterns and none of those.
#[derive(Clone, Default)]
pub(super) struct Kind<'a> {
    inside: Vec<&'a Pattern>,
    outside: Vec<&'a Pattern>,
}

/// Whether a kind has a document.
pub(super) enum Met {
    One(SecretPath),
    None,
    Unknown,
}

/// Documents of the past, and whether they stand for all of which these rules grant it.
pub(super) struct Documents {
    pub(super) documents: BTreeSet<SecretPath>,
    pub(super) stand_for_all: bool,
}

/// One document of each kind of which these rules grant the past, of those that there are where one is. Where the kinds are too many
/// to be told apart, one for each pattern. What is denied takes a kind apart too.
pub(super) fn documents<'a>(
    rules: impl Iterator<Item = &'a Rule>,
    denied: impl Iterator<Item = &'a Pattern>,
    present: &BTreeSet<SecretPath>,
) -> Documents {
    // What stands beside an entry that grants the past may take that of some documents away again.
    let granting = rules.filter(|rule| rule.grants.of::<SecretGrant>().any(|grant| grant.kept.history));
    let mut patterns: BTreeMap<String, &Pattern> = denied.map(|pattern| (pattern.to_string(), pattern)).collect();
    let mut past = BTreeMap::new();
    for grant in granting.flat_map(|rule| rule.grants.of::<SecretGrant>()) {
        let text = grant.documents.to_string();
        past.extend(grant.kept.history.then(|| (text.clone(), &grant.documents)));
        patterns.insert(text, &grant.documents);
    }
    let apart = of_each_kind(&patterns, &past, present);
    let stand_for_all = apart.is_some();
    let of_each_pattern = || past.values().filter_map(|pattern| SecretPath::parse(&pattern.sample()).ok()).collect();
    Documents { documents: apart.unwrap_or_else(of_each_pattern), stand_for_all }
}

fn of_each_kind(
    patterns: &BTreeMap<String, &Pattern>,
    past: &BTreeMap<String, &Pattern>,
    present: &BTreeSet<SecretPath>,
) -> Option<BTreeSet<SecretPath>> {
    let mut kinds = vec![Kind::default()];
    for pattern in patterns.values() {
        kinds = kinds.iter().flat_map(|kind| kind.apart(pattern)).collect();
        if kinds.len() > KINDS_MAX {
            return None;
        }
    }
    kinds.retain(|kind| kind.inside.iter().any(|pattern| past.contains_key(&pattern.to_string())));
    let mut documents = BTreeSet::new();
    for kind in &kinds {
        match present.iter().find(|document| kind.holds(document.as_str())).cloned().map_or_else(|| kind.meet(), Met::One) {
            Met::One(document) => _ = documents.insert(document),
            Met::None => {}
            Met::Unknown => return None,
        }
    }
    Some(documents)
}

impl<'a> Kind<'a> {
    /// Of the documents that fit this pattern.
    pub(super) fn of(pattern: &'a Pattern) -> Self {
        Self { inside: vec![pattern], outside: Vec::new() }
    }

    /// The two kinds into which a pattern takes it apart; one that has no document is left out.
    pub(super) fn apart(&self, pattern: &'a Pattern) -> impl Iterator<Item = Self> {
        let (mut fits, mut does_not) = (self.clone(), self.clone());
        fits.inside.push(pattern);
        does_not.outside.push(pattern);
        [fits, does_not].into_iter().filter(|kind| !matches!(kind.meet(), Met::None))
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        self.inside.iter().all(|pattern| pattern.matches(text)) && !self.outside.iter().any(|pattern| pattern.matches(text))
    }

    pub(super) fn meet(&self) -> Met {
        let filled = |pattern: &&Pattern| FILLERS.map(|(within, across)| pattern.filled(within, across));
        let suggested = self.inside.iter().flat_map(filled).chain(FILLERS.map(|(_, across)| across.to_owned()));
        if let Some(document) = suggested.filter(|text| self.holds(text)).find_map(|text| SecretPath::parse(&text).ok()) {
            return Met::One(document);
        }
        let matcher = |pattern: &&Pattern| [Matcher { pattern: pattern.expanded(), fold: false, name: None }];
        let inside: Vec<_> = self.inside.iter().map(matcher).collect();
        let outside: Vec<_> = self.outside.iter().map(matcher).collect();
        let tests: Vec<Test<'_>> = inside
            .iter()
            .map(|matchers| Test { matchers, inside: true, outside: false })
            .chain(outside.iter().map(|matchers| Test { matchers, inside: false, outside: true }))
            .collect();
        match search(&tests) {
            Found::Example(text) => SecretPath::parse(&text).map_or(Met::Unknown, Met::One),
            Found::Nothing => Met::None,
            Found::Unknown => Met::Unknown,
        }
    }
}
