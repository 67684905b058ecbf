//! An index of rules by what they pin, so that a decision evaluates few of many: only rules of the identity's issuer that pin one of
//! its values, or that pin nothing.

use super::condition::Pin;
use super::file::{Rule, TrustPolicy};
use crate::identity::{Attribute, Facts, Value};
use crate::words::names::IssuerName;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// The attributes by which rules are indexed, the best first. Attributes that all jobs of a CI share are left out.
const ORDER: [Attribute; 13] = [
    Attribute::Repository,
    Attribute::ServiceAccount,
    Attribute::Pod,
    Attribute::RepositoryName,
    Attribute::Workflow,
    Attribute::Namespace,
    Attribute::Ref,
    Attribute::Environment,
    Attribute::Owner,
    Attribute::User,
    Attribute::Actor,
    Attribute::Pipeline,
    Attribute::Commit,
];
/// So few rules under one pin are faster evaluated than indexed by another attribute.
const CROWD_MIN: usize = 16;

/// The position of a rule: the number of its policy, and its number in that policy.
type Entry = (u32, u32);

/// Policies with an index of their rules.
#[derive(Debug, Default)]
pub(super) struct Indexed {
    policies: Vec<Arc<TrustPolicy>>,
    by_issuer: HashMap<IssuerName, Index>,
}

impl Indexed {
    pub(super) fn new(policies: Vec<Arc<TrustPolicy>>) -> Self {
        let mut rules: HashMap<&IssuerName, Vec<(Entry, &Rule)>> = HashMap::new();
        for (number, policy) in (0..).zip(&policies) {
            let entries = (0..).zip(&policy.rules).map(|(place, rule)| ((number, place), rule));
            rules.entry(&policy.issuer).or_default().extend(entries);
        }
        let by_issuer = rules.into_iter().map(|(issuer, rules)| (issuer.clone(), Index::new(&rules))).collect();
        Self { policies, by_issuer }
    }

    pub(super) fn policies(&self) -> &[Arc<TrustPolicy>] {
        &self.policies
    }

    /// The rules that could match, each once, in their order, with the number of their policy.
    pub(super) fn candidates(&self, facts: &Facts) -> impl Iterator<Item = (u32, &TrustPolicy, &Rule)> {
        let entries = self.by_issuer.get(&facts.issuer).map(|index| index.candidates(facts)).unwrap_or_default();
        entries.into_iter().map(|(number, rule)| {
            let policy = &*self.policies[number as usize];
            (number, policy, &policy.rules[rule as usize])
        })
    }
}

/// The rules of one issuer, each under the attribute that best separates it from the others.
#[derive(Debug, Default)]
struct Index {
    pinned: Vec<(Attribute, Buckets)>,
    others: Vec<Entry>,
}

#[derive(Debug, Default)]
struct Buckets {
    by_id: HashMap<String, Vec<Entry>>,
    by_name: HashMap<String, Vec<Entry>>,
}

impl Index {
    fn new(rules: &[(Entry, &Rule)]) -> Self {
        let first = |rule| ORDER.iter().find_map(|attribute| Some((*attribute, pins(rule, *attribute)?)));
        let mut sharing: HashMap<(Attribute, Pin<'_>), usize> = HashMap::with_capacity(rules.len());
        for (_, rule) in rules {
            let (attribute, pins) = first(rule).unwrap_or((Attribute::Repository, Vec::new()));
            pins.iter().for_each(|pin| *sharing.entry((attribute, *pin)).or_default() += 1);
        }
        let crowded = |attribute, pins: &[Pin<'_>]| pins.iter().any(|pin| sharing[&(attribute, *pin)] > CROWD_MIN);
        let (mut index, mut rest) = (Self::default(), Vec::new());
        for (entry, rule) in rules {
            match first(rule) {
                Some((attribute, pins)) if !crowded(attribute, &pins) => index.add(attribute, &pins, *entry),
                Some(_) => rest.push((*entry, *rule)),
                None => index.others.push(*entry),
            }
        }
        index.spread(&rest);
        index
    }

    /// Indexes rules that share their first pin with many others: each under the attribute whose value the fewest of them share.
    fn spread(&mut self, rules: &[(Entry, &Rule)]) {
        let counts = Counts::of(rules);
        for (entry, rule) in rules {
            let ways = ORDER.iter().filter_map(|attribute| Some((*attribute, pins(rule, *attribute)?)));
            if let Some((attribute, pins)) = ways.min_by_key(|(attribute, pins)| counts.sharing(*attribute, pins)) {
                self.add(attribute, &pins, *entry);
            }
        }
    }

    fn add(&mut self, attribute: Attribute, pins: &[Pin<'_>], entry: Entry) {
        let place = self.pinned.iter().position(|(known, _)| *known == attribute).unwrap_or_else(|| {
            self.pinned.push((attribute, Buckets::default()));
            self.pinned.len() - 1
        });
        let buckets = &mut self.pinned[place].1;
        for pin in pins {
            match pin {
                Pin::Id(id) => buckets.by_id.entry((*id).to_owned()).or_default().push(entry),
                Pin::Name(name) => buckets.by_name.entry(folded(name).into_owned()).or_default().push(entry),
            }
        }
    }

    /// The rules that could match, each once, in their order.
    fn candidates(&self, facts: &Facts) -> Vec<Entry> {
        let mut found = self.others.clone();
        for (attribute, buckets) in &self.pinned {
            let (name, id) = match facts.attribute(*attribute) {
                Some(Value::Named { name, id }) => (name, id.as_deref()),
                Some(Value::Text(name)) => (name, None),
                Some(Value::Flag(_)) | None => continue,
            };
            found.extend(id.and_then(|id| buckets.by_id.get(id)).into_iter().flatten());
            found.extend(buckets.by_name.get(&*folded(name)).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// How many rules pin the same value.
struct Counts<'a>(HashMap<(Attribute, Pin<'a>), usize>);

impl<'a> Counts<'a> {
    fn of(rules: &[(Entry, &'a Rule)]) -> Self {
        let mut counts = HashMap::new();
        for (_, rule) in rules {
            for attribute in &ORDER {
                for pin in pins(rule, *attribute).into_iter().flatten() {
                    *counts.entry((*attribute, pin)).or_default() += 1;
                }
            }
        }
        Self(counts)
    }

    fn sharing(&self, attribute: Attribute, pins: &[Pin<'a>]) -> usize {
        pins.iter().map(|pin| self.0.get(&(attribute, *pin)).copied().unwrap_or(0)).sum()
    }
}

fn pins(rule: &Rule, attribute: Attribute) -> Option<Vec<Pin<'_>>> {
    rule.conditions.iter().find_map(|condition| condition.pinned(attribute))
}

/// Folds a name for the lookup, because some CIs ignore case. The rule itself decides whether case counts.
fn folded(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}
