//! A region: the identities for which several lines hold at once. Regions can be told apart, and each has an example.

use super::language::{Found, Matcher, Test, among, search};
use crate::identity::{Attribute, Mapping};
use crate::policy::condition::{Condition, EVENTS, Single, Subject, Test as Line};
use crate::policy::pattern::Pattern;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Marks a claim that is text; every other JSON value stands as its own text behind `JSON_MARK`.
const TEXT_MARK: char = '\u{1}';
const JSON_MARK: char = '\u{2}';

/// One thing about an identity that a line can test. It has one value, or is absent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Dimension {
    /// An attribute's text, or its name where it has name and id.
    Attribute(Attribute),
    /// The id of an attribute that has one.
    Id(Attribute),
    /// A raw claim by JSON pointer.
    Claim(String),
}

/// A test of one dimension: which of absent, fitting and not fitting it lets through.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Literal {
    dimension: Dimension,
    matchers: Arc<[Matcher]>,
    absent: bool,
    inside: bool,
    outside: bool,
    shown: String,
}

/// Identities for which all literals hold.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::policy) struct Region(Vec<Literal>);

/// A value for each dimension that has to be there.
pub(super) type Example = BTreeMap<Dimension, String>;

impl Literal {
    fn negated(&self) -> Self {
        let shown = self.shown.strip_prefix("not ").map_or_else(|| format!("not {}", self.shown), str::to_owned);
        Self { absent: !self.absent, inside: !self.inside, outside: !self.outside, shown, ..self.clone() }
    }

    /// What the rules say without a word: code from forks, and jobs in which a person sits, are denied unless named.
    pub(super) fn unless_named(attribute: Attribute) -> Self {
        let matchers = Arc::from([exact("true")]);
        let shown = String::new();
        Self { dimension: Dimension::Attribute(attribute), matchers, absent: true, inside: false, outside: true, shown }
    }
}

fn exact(text: &str) -> Matcher {
    Matcher { pattern: Pattern::literal_of(text), fold: false }
}

impl Region {
    /// The regions of a conjunction of lines: several, where one line tests ids or names.
    pub(in crate::policy) fn of(conditions: &[Condition]) -> Vec<Self> {
        let mut regions = vec![Self::default()];
        for condition in conditions {
            let ways = ways(condition);
            let extended = regions.iter().flat_map(|region| {
                ways.iter().map(|way| Self(region.0.iter().chain(way).cloned().collect())).collect::<Vec<_>>()
            });
            regions = extended.collect();
        }
        regions
    }

    pub(super) fn and(mut self, literal: Literal) -> Self {
        self.0.push(literal);
        self
    }

    /// What of this region is not in the other, in parts that do not overlap. The region has to have identities.
    pub(super) fn minus(&self, other: &Self, mapping: &Mapping) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut rest = self.clone();
        for literal in &other.0 {
            let part = rest.clone().and(literal.negated());
            if part.has_value_of(&literal.dimension, mapping) {
                parts.push(part);
            }
            rest.0.push(literal.clone());
            if !rest.has_value_of(&literal.dimension, mapping) {
                return vec![self.clone()];
            }
        }
        parts
    }

    fn has_value_of(&self, dimension: &Dimension, mapping: &Mapping) -> bool {
        let literals: Vec<&Literal> = self.0.iter().filter(|literal| literal.dimension == *dimension).collect();
        value_of(dimension, &literals, mapping) != Some(Found::Nothing)
    }

    /// An identity of the region, with a value for what has to be there; `None` when there is none.
    /// Where the search was given up the region counts as one with identities: a doubt is never told as "nobody".
    pub(super) fn example(&self, mapping: &Mapping) -> Option<Example> {
        let mut by_dimension: BTreeMap<&Dimension, Vec<&Literal>> = BTreeMap::new();
        self.0.iter().for_each(|literal| by_dimension.entry(&literal.dimension).or_default().push(literal));
        let mut example = Example::new();
        for (dimension, literals) in by_dimension {
            match value_of(dimension, &literals, mapping) {
                Some(Found::Example(text)) => _ = example.insert(dimension.clone(), text),
                None | Some(Found::Unknown) => {}
                Some(Found::Nothing) => return None,
            }
        }
        Some(example)
    }

    /// The lines in the words of the policy, those that were taken away last.
    pub(super) fn shown(&self) -> String {
        let mut lines: Vec<&str> = self.0.iter().map(|literal| literal.shown.as_str()).filter(|line| !line.is_empty()).collect();
        lines.dedup();
        lines.join(" ")
    }
}

/// A value for this dimension; `None` where it may be absent, which is simplest.
fn value_of(dimension: &Dimension, literals: &[&Literal], mapping: &Mapping) -> Option<Found> {
    if literals.iter().all(|literal| literal.absent) {
        return None;
    }
    let tests: Vec<Test<'_>> = literals
        .iter()
        .map(|literal| Test { matchers: &literal.matchers, inside: literal.inside, outside: literal.outside })
        .collect();
    Some(dimension.search(&tests, mapping))
}

impl Dimension {
    fn search(&self, tests: &[Test<'_>], mapping: &Mapping) -> Found {
        match self {
            Self::Attribute(attribute) | Self::Id(attribute) if !mapping.claims(*attribute) => Found::Nothing,
            Self::Attribute(Attribute::RefProtected | Attribute::Fork | Attribute::SshSession) => {
                among(&["true", "false"], tests)
            }
            Self::Attribute(Attribute::Event) => among(&EVENTS, tests),
            Self::Attribute(Attribute::Runner) => among(&["hosted", "self-hosted"], tests),
            Self::Attribute(_) | Self::Id(_) => search(tests),
            Self::Claim(_) => {
                // A value is text or another JSON value, which its mark tells.
                let marked = [
                    Matcher { pattern: Pattern::any_behind(TEXT_MARK), fold: false },
                    Matcher { pattern: Pattern::any_behind(JSON_MARK), fold: false },
                ];
                let mut all = tests.to_vec();
                all.push(Test { matchers: &marked, inside: true, outside: false });
                search(&all)
            }
        }
    }
}

/// A claim's value as JSON again.
pub(super) fn claim_value(marked: &str) -> serde_json::Value {
    let body = &marked[1..];
    if marked.starts_with(JSON_MARK) {
        return serde_json::from_str(body).unwrap_or(serde_json::Value::Null);
    }
    body.into()
}

/// The ways in which a line can hold; each is a conjunction.
fn ways(condition: &Condition) -> Vec<Vec<Literal>> {
    let (singles, wanted) = match &condition.test {
        Line::Any(singles) => (singles, true),
        Line::Not(singles) => (singles, false),
    };
    let literal = |dimension: Dimension, matchers: Vec<Matcher>, absent: bool| Literal {
        dimension,
        matchers: matchers.into(),
        absent,
        inside: wanted,
        outside: !wanted,
        shown: shown(condition),
    };
    match &condition.subject {
        Subject::Claim(pointer) => {
            let matchers = singles.iter().filter_map(claim_matcher).collect();
            vec![vec![literal(Dimension::Claim(pointer.clone()), matchers, false)]]
        }
        Subject::Attribute(attribute) => {
            let ids: Vec<Matcher> = singles.iter().filter_map(id_matcher).collect();
            let texts: Vec<Matcher> = singles.iter().filter_map(|single| text_matcher(single, condition.ignore_case)).collect();
            let of_ids = |absent| literal(Dimension::Id(*attribute), ids.clone(), absent);
            let of_texts = literal(Dimension::Attribute(*attribute), texts.clone(), false);
            match (ids.is_empty(), wanted) {
                (true, _) => vec![vec![of_texts]],
                // It is there, its name is none of these, and its id is none of those or not claimed.
                (false, false) => vec![vec![of_texts, of_ids(true)]],
                (false, true) if texts.is_empty() => vec![vec![of_ids(false)]],
                (false, true) => vec![vec![of_ids(false)], vec![of_texts]],
            }
        }
    }
}

/// The line as a person reads it in a row of them: what speaks for itself without its key.
fn shown(condition: &Condition) -> String {
    let (key, value) = condition.shown.split_once(": ").unwrap_or(("", &condition.shown));
    if let Some(excluded) = value.strip_prefix("{not:").and_then(|rest| rest.strip_suffix('}')) {
        return format!("not {key}: {excluded}");
    }
    match condition.subject {
        Subject::Attribute(Attribute::Repository | Attribute::Owner | Attribute::Ref | Attribute::Event) => value.to_owned(),
        _ => condition.shown.clone(),
    }
}

fn id_matcher(single: &Single) -> Option<Matcher> {
    match single {
        Single::Id(id) => Some(exact(id)),
        Single::Text(_) | Single::Json(_) => None,
    }
}

fn text_matcher(single: &Single, ignore_case: bool) -> Option<Matcher> {
    match single {
        Single::Text(pattern) => Some(Matcher { pattern: pattern.clone(), fold: ignore_case && pattern.literal().is_some() }),
        Single::Json(value) => Some(exact(&value.to_string())),
        Single::Id(_) => None,
    }
}

fn claim_matcher(single: &Single) -> Option<Matcher> {
    match single {
        Single::Text(pattern) => Some(Matcher { pattern: pattern.behind(TEXT_MARK), fold: false }),
        Single::Json(value) => Some(exact(&format!("{JSON_MARK}{value}"))),
        Single::Id(_) => None,
    }
}
