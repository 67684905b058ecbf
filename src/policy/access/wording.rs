//! A region in the words of a policy: what it includes, and what it excludes.

use super::literal::{Dimension, Literal, value_of};
use super::matcher::{Matcher, SearchResult};
use super::region::Region;
use crate::identity::{Attribute, Mapping};
use std::sync::Arc;

/// Any repository.
const ANY_REPOSITORY: &str = "*/*";

impl Region {
    /// One line for people. Values that are no longer possible are left out, and so are exclusions without an effect.
    pub(super) fn wording(&self, mapping: &Mapping) -> String {
        let phrases = self.by_dimension().into_iter().filter_map(|(dimension, literals)| phrase(dimension, &literals, mapping));
        phrases.collect::<Vec<_>>().join(" ")
    }
}

fn phrase(dimension: &Dimension, literals: &[&Literal], mapping: &Mapping) -> Option<String> {
    if matches!(dimension, Dimension::Attribute(Attribute::Fork | Attribute::SshSession))
        && literals.iter().all(|literal| literal.absent)
    {
        return None; // every policy implies this unless it names the attribute
    }
    let possible = |literal: &Literal| {
        let all: Vec<&Literal> = literals.iter().copied().chain([literal]).collect();
        !matches!(value_of(dimension, &all, mapping), Some(SearchResult::Nothing))
    };
    let only = |matcher: &Matcher| Literal {
        dimension: dimension.clone(),
        matchers: Arc::from([matcher.clone()]),
        absent: false,
        inside: true,
        outside: false,
    };
    let positive = narrowest(literals, mapping);
    let left: Vec<Matcher> =
        positive.iter().flat_map(|literal| literal.matchers.iter()).filter(|matcher| possible(&only(matcher))).cloned().collect();
    let values: Vec<String> = left.iter().map(|matcher| value(dimension, matcher)).collect();
    // An exclusion is shown only if its value would otherwise be included.
    let among = positive.map(|literal| Literal { matchers: left.into(), ..literal.clone() });
    let overlaps = |matcher: &Matcher| {
        let narrowed = only(matcher);
        let both: Vec<&Literal> = among.iter().chain([&narrowed]).collect();
        !matches!(value_of(dimension, &both, mapping), Some(SearchResult::Nothing))
    };
    let excluding =
        literals.iter().filter(|literal| literal.outside && !literal.inside).flat_map(|literal| literal.matchers.iter());
    let excluded: Vec<String> = excluding.filter(|matcher| overlaps(matcher)).map(|matcher| value(dimension, matcher)).collect();
    if *dimension == Dimension::Attribute(Attribute::Repository) && excluded.is_empty() && values == [ANY_REPOSITORY] {
        return None; // implied by every credential of the caller's own repository
    }
    Some(joined(dimension, values, excluded, literals.iter().all(|literal| literal.absent)))
}

/// The first of the tests that list what is included, without those that another test makes redundant.
fn narrowest<'a>(literals: &[&'a Literal], mapping: &Mapping) -> Option<&'a Literal> {
    let all: Vec<&Literal> =
        literals.iter().copied().filter(|literal| literal.inside && !literal.outside && !literal.absent).collect();
    let is_needless = |literal: &Literal| {
        let beyond = literal.negated();
        let within = |other: &&&Literal| {
            **other != literal && value_of(&literal.dimension, &[other, &beyond], mapping) == Some(SearchResult::Nothing)
        };
        all.len() > 1 && all.iter().find(within).is_some()
    };
    all.iter().find(|literal| !is_needless(literal)).or(all.first()).copied()
}

fn joined(dimension: &Dimension, values: Vec<String>, mut excluded: Vec<String>, absent: bool) -> String {
    excluded.dedup();
    let list = |mut values: Vec<String>| if values.len() == 1 { values.remove(0) } else { format!("[{}]", values.join(", ")) };
    let or_none = if absent { " or none" } else { "" };
    match (values.is_empty(), excluded.is_empty()) {
        (true, true) => format!("{}any", key(dimension)),
        (false, true) => format!("{}{}", key(dimension), list(values)),
        (true, false) => format!("{}not {}{or_none}", key(dimension), list(excluded)),
        (false, false) => format!("{}{} (not {})", key(dimension), list(values), list(excluded)),
    }
}

/// The key before a value. Values that need no explanation have none.
fn key(dimension: &Dimension) -> String {
    match dimension {
        Dimension::Id(_) | Dimension::Attribute(Attribute::Repository | Attribute::Owner | Attribute::Ref | Attribute::Event) => {
            String::new()
        }
        Dimension::Attribute(attribute) => format!("{attribute}: "),
        Dimension::Claim(pointer) => format!("{pointer}: "),
    }
}

fn value(dimension: &Dimension, matcher: &Matcher) -> String {
    let text = matcher.pattern.to_string();
    match (dimension, &matcher.name) {
        (Dimension::Claim(_), _) => text[1..].to_owned(),
        (Dimension::Id(_), Some(name)) => format!("{name}@{text}"),
        (Dimension::Id(_) | Dimension::Attribute(_), _) => text,
    }
}
