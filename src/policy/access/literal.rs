//! One test of one dimension of an identity, and a policy's line as such tests.

use super::claim_value::{self, ClaimValues};
use super::matcher::{Matcher, SearchResult, Test};
use super::search::{among, search};
use crate::identity::{Attribute, Mapping, Presence};
use crate::policy::condition::{Condition, EVENTS, Single, Subject, Test as Line};
use crate::policy::pattern::Pattern;
use std::sync::Arc;

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

/// A test of one dimension: whether it accepts an absent value, one that fits, and one that does not fit.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::policy) struct Literal {
    pub(super) dimension: Dimension,
    pub(super) matchers: Arc<[Matcher]>,
    pub(super) absent: bool,
    pub(super) inside: bool,
    pub(super) outside: bool,
}

impl Literal {
    /// The negated test.
    pub(super) fn negated(&self) -> Self {
        Self { absent: !self.absent, inside: !self.inside, outside: !self.outside, ..self.clone() }
    }

    /// Whether no value passes both tests, as far as is seen at once: each accepts only whole words, and they share no word.
    pub(super) fn is_apart(&self, other: &Self) -> bool {
        let known = |matcher: &Matcher| other.matchers.iter().any(|other| other.word() == matcher.word());
        self.dimension == other.dimension && self.lets_only_words() && other.lets_only_words() && !self.matchers.iter().any(known)
    }

    fn lets_only_words(&self) -> bool {
        self.inside && !self.outside && !self.absent && self.matchers.iter().all(|matcher| matcher.word().is_some())
    }

    /// Tests that the attribute has this text or name.
    pub(in crate::policy) fn is(attribute: Attribute, text: &str) -> Self {
        Self::some_text(Dimension::Attribute(attribute), Some(text))
    }

    /// Tests that the attribute has this name, in any case, or the id after the `@`. `None` if tokens may lack the id: then the name or the
    /// id counts, which is no single test.
    pub(in crate::policy) fn is_called(attribute: Attribute, text: &str, mapping: &Mapping) -> Option<Self> {
        let Some((_, id)) = text.rsplit_once('@') else {
            let folded = Matcher { fold: true, ..Matcher::exact(text) };
            return Some(Self { matchers: Arc::from([folded]), ..Self::is(attribute, text) });
        };
        let has_id = mapping.has_id(attribute) && mapping.id_presence(attribute) == Presence::Always;
        has_id.then(|| Self::some_text(Dimension::Id(attribute), Some(id)))
    }

    /// Tests that the attribute's name fits one of these patterns, in any case.
    pub(in crate::policy) fn is_called_like(attribute: Attribute, patterns: &[&Pattern]) -> Self {
        let folded = |pattern: &&Pattern| Matcher { pattern: pattern.expanded(), fold: true, name: None };
        let matchers: Vec<Matcher> = patterns.iter().map(folded).collect();
        let dimension = Dimension::Attribute(attribute);
        Self { dimension, matchers: matchers.into(), absent: false, inside: true, outside: false }
    }

    /// Tests that the dimension has this text, or any text at all.
    pub(super) fn some_text(dimension: Dimension, text: Option<&str>) -> Self {
        let matchers: Vec<Matcher> = text.map(Matcher::exact).into_iter().collect();
        Self { dimension, matchers: matchers.into(), absent: false, inside: text.is_some(), outside: text.is_none() }
    }

    /// Tests that the claim is there, with one of these values.
    fn of_claim(dimension: &Dimension, values: ClaimValues) -> Self {
        let ClaimValues { matchers, inside } = values;
        Self { dimension: dimension.clone(), matchers: matchers.into(), absent: false, inside, outside: !inside }
    }

    /// The implicit test of every rule that does not name this danger (code from forks, a person's SSH session): the attribute may not be
    /// true. If every token has the attribute, a token without it is refused.
    pub(super) fn unless_named(attribute: Attribute, mapping: &Mapping) -> Self {
        let (matchers, absent) = (Arc::from([Matcher::exact("true")]), mapping.presence(attribute) != Presence::Always);
        Self { dimension: Dimension::Attribute(attribute), matchers, absent, inside: false, outside: true }
    }
}

/// A value for this dimension that passes all tests; `None` if the value may be absent, which is simplest.
pub(super) fn value_of(dimension: &Dimension, literals: &[&Literal], mapping: &Mapping) -> Option<SearchResult> {
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
    fn search(&self, tests: &[Test<'_>], mapping: &Mapping) -> SearchResult {
        match self {
            Self::Attribute(attribute) | Self::Id(attribute) if !mapping.claims(*attribute) => SearchResult::Nothing,
            Self::Attribute(Attribute::RefProtected | Attribute::Fork | Attribute::SshSession) => {
                among(&["true", "false"], tests)
            }
            Self::Attribute(attribute) => match mapping.closed_set(*attribute) {
                Some(words) if *attribute == Attribute::Event => {
                    among(&EVENTS.into_iter().filter(|event| words.contains(event)).collect::<Vec<_>>(), tests)
                }
                Some(words) => among(&words.into_iter().collect::<Vec<_>>(), tests),
                None => search(tests),
            },
            Self::Id(_) => search(tests),
            Self::Claim(_) => {
                let values = claim_value::all();
                let mut all = tests.to_vec();
                all.push(Test { matchers: &values, inside: true, outside: false });
                search(&all)
            }
        }
    }
}

/// The ways in which a line can hold. Each is a conjunction of tests.
pub(super) fn ways(condition: &Condition) -> Vec<Vec<Literal>> {
    let (singles, positive) = match &condition.test {
        Line::Any(singles) => (singles, true),
        Line::Not(singles) => (singles, false),
    };
    let literal = |dimension: Dimension, matchers: Vec<Matcher>, absent: bool| Literal {
        dimension,
        matchers: matchers.into(),
        absent,
        inside: positive,
        outside: !positive,
    };
    match &condition.subject {
        Subject::Claim(pointer) => {
            let dimension = Dimension::Claim(pointer.clone());
            let listed = literal(dimension.clone(), claim_value::listed(singles), false);
            let comparable = if positive { Vec::new() } else { claim_value::comparable(singles) };
            let comparable = comparable.into_iter().map(|values| Literal::of_claim(&dimension, values));
            vec![std::iter::once(listed).chain(comparable).collect()]
        }
        Subject::Attribute(attribute) => {
            let ids: Vec<Matcher> = singles.iter().filter_map(id_matcher).collect();
            let texts: Vec<Matcher> = singles.iter().filter_map(|single| text_matcher(single, condition.ignore_case)).collect();
            let of_ids = |absent| literal(Dimension::Id(*attribute), ids.clone(), absent);
            let of_texts = literal(Dimension::Attribute(*attribute), texts.clone(), false);
            match (ids.is_empty(), positive) {
                (true, _) => vec![vec![of_texts]],
                // The attribute is there, its name is none of these, and its id is none of those or absent.
                (false, false) => vec![vec![of_texts, of_ids(true)]],
                (false, true) if texts.is_empty() => vec![vec![of_ids(false)]],
                (false, true) => vec![vec![of_ids(false)], vec![of_texts]],
            }
        }
    }
}

/// The ways in which a line of a denial can hold, or in which nobody can tell. Absent values count as in [`Condition::denies`].
pub(super) fn denied_ways(condition: &Condition, mapping: &Mapping) -> Vec<Vec<Literal>> {
    let (Line::Any(singles) | Line::Not(singles)) = &condition.test;
    let attribute = match &condition.subject {
        Subject::Claim(pointer) => return denied_claims(pointer, singles, condition.is_positive()),
        Subject::Attribute(attribute) => *attribute,
    };
    let mut ways = ways(condition);
    if !condition.is_positive() {
        ways.iter_mut().flatten().for_each(|literal| literal.absent = true);
        return ways;
    }
    let always = mapping.presence(attribute) == Presence::Always;
    let only_absent = |dimension| Literal { dimension, matchers: Arc::from([]), absent: true, inside: false, outside: false };
    let names: Vec<Matcher> = singles.iter().filter_map(name_matcher).collect();
    let named = Dimension::Attribute(attribute);
    if always {
        ways.push(vec![only_absent(named.clone())]);
    }
    if !names.is_empty() {
        // A token with a name and no id is refused if every token has an id. Else its name counts.
        let name = if mapping.id_presence(attribute) == Presence::Always {
            Literal::some_text(named, None)
        } else {
            Literal { dimension: named, matchers: names.into(), absent: false, inside: true, outside: false }
        };
        ways.push(vec![only_absent(Dimension::Id(attribute)), name]);
    }
    ways
}

fn denied_claims(pointer: &str, singles: &[Single], positive: bool) -> Vec<Vec<Literal>> {
    let dimension = Dimension::Claim(pointer.to_owned());
    // A `not` of a denial holds for every list, so that one leaves out what stands alone.
    let matchers = if positive { claim_value::listed_or_in_list(singles) } else { claim_value::listed(singles) }.into();
    let other = if positive { claim_value::not_comparable(singles) } else { Vec::new() };
    let of_way = |way: Vec<ClaimValues>| way.into_iter().map(|values| Literal::of_claim(&dimension, values)).collect();
    let other: Vec<_> = other.into_iter().map(of_way).collect();
    let listed = Literal { dimension, matchers, absent: !positive, inside: positive, outside: !positive };
    std::iter::once(vec![listed]).chain(other).collect()
}

fn name_matcher(single: &Single) -> Option<Matcher> {
    match single {
        Single::Id { name, .. } => Some(Matcher { fold: true, ..Matcher::exact(name) }),
        Single::Text(_) | Single::Json(_) => None,
    }
}

fn id_matcher(single: &Single) -> Option<Matcher> {
    match single {
        Single::Id { name, id } => Some(Matcher { name: Some(name.clone()), ..Matcher::exact(id) }),
        Single::Text(_) | Single::Json(_) => None,
    }
}

fn text_matcher(single: &Single, ignore_case: bool) -> Option<Matcher> {
    match single {
        Single::Text(pattern) => Some(Matcher { pattern: pattern.expanded(), fold: ignore_case, name: None }),
        Single::Json(value) => Some(Matcher::exact(&value.to_string())),
        Single::Id { .. } => None,
    }
}
