//! The regions of identities that may have one credential of one revision.

use super::claim_value;
use super::literal::{Dimension, Literal};
use super::region::{Example, Region};
use crate::identity::{Attribute, Mapping, put_claim};
use crate::kind::Target;
use crate::policy::file::{Rule, TrustPolicy};
use crate::policy::grantable::{Offer, OfferedTo};
use crate::policy::pattern::Pattern;
use crate::policy::{Catalogue, PolicySet, Ruleset};
use crate::words::UnixTime;
use crate::words::names::{IssuerName, RowName};
use crate::words::yaml::Place;
use serde::Serialize;
use serde_json::{Map, Value};

/// The most parts of a region. With more, nothing further is subtracted, and the region is reported larger than it is.
pub(super) const PARTS_MAX: usize = 256;

/// One grant of a credential, and the identities that it reaches.
#[derive(Clone)]
pub(in crate::policy) struct Permit<'a> {
    pub(in crate::policy) policy: &'a TrustPolicy,
    pub(in crate::policy) place: Place,
    pub(in crate::policy) terms: Offer<'a>,
    pub(in crate::policy) row: Option<&'a RowName>,
    /// The identities that its rule matches.
    pub(super) matched: Vec<Region>,
    /// The identities to whom guardrails deny it, or another row of the policy on other terms.
    pub(super) denied: Vec<Region>,
    /// `matched` without `denied`.
    pub(super) regions: Vec<Region>,
    /// Whether all of `denied` is subtracted from `regions`. It is not if there are too many parts.
    pub(super) is_exact: bool,
}

/// Who can reach a credential by one policy.
#[derive(Debug, Serialize)]
pub struct Reach {
    /// The part that they reach, if it is not all: for example one value of a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The other credential that they reach, and by which they get this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The grant: file and line.
    pub at: String,
    /// The issuer of the identities.
    pub issuer: IssuerName,
    /// The identities, in the policy's words.
    pub who: String,
    /// One of them, as claims of that issuer.
    pub example: Map<String, Value>,
}

/// Who can reach this credential, or a part of it.
pub fn who_can(ruleset: &Ruleset, catalogue: &Catalogue, target: &Target, now: UnixTime) -> Vec<Reach> {
    let mut reached = reaches(ruleset, catalogue, target, None, now);
    for part in target.parts(ruleset.policies().flat_map(|policy| &policy.rules)) {
        let mut of_part = reaches(ruleset, catalogue, &part, Some(&part), now);
        // A grant of the whole is one of its parts.
        let is_known = |one: &Reach| reached.iter().any(|all| all.part.is_none() && all.is_of_same(one));
        of_part.retain(|one| !is_known(one));
        reached.extend(of_part);
    }
    if let Some(other) = target.had_by() {
        let by = |one: Reach| Reach { by: Some(other.to_string()), ..one };
        reached.extend(reaches(ruleset, catalogue, &other, None, now).into_iter().map(by));
    }
    reached
}

fn reaches(ruleset: &Ruleset, catalogue: &Catalogue, target: &Target, part: Option<&Target>, now: UnixTime) -> Vec<Reach> {
    let mut reached = Vec::new();
    for permit in permits(ruleset, catalogue, target, now) {
        let Some(mapping) = mapping(catalogue, permit.policy) else { continue };
        for region in &permit.regions {
            let Some(example) = region.token(mapping) else { continue };
            let (issuer, who) = (permit.policy.issuer.clone(), region.wording(mapping));
            reached.push(Reach { part: part.map(Target::to_string), by: None, at: permit.at(), issuer, who, example });
        }
    }
    reached
}

impl Reach {
    /// Whether both are about the same identities and the same file.
    fn is_of_same(&self, other: &Self) -> bool {
        let file = |reach: &Self| reach.at.rsplit_once(':').map(|(file, _)| file.to_owned());
        self.issuer == other.issuer && self.who == other.who && file(self) == file(other)
    }
}

/// The grants of this credential, each without what a guardrail denies.
pub(in crate::policy) fn permits<'a>(
    ruleset: &'a Ruleset,
    catalogue: &Catalogue,
    target: &Target,
    now: UnixTime,
) -> Vec<Permit<'a>> {
    let offering =
        |policy: &'a TrustPolicy| policy.rules.iter().filter_map(move |rule| Some((policy, rule, rule.offer(target)?)));
    let set: &PolicySet = ruleset.set();
    let mut permits: Vec<Permit<'a>> = set
        .policies()
        .iter()
        .filter(|policy| policy.in_force(now))
        .flat_map(|policy| offering(policy))
        .filter_map(|(policy, rule, (place, terms))| {
            let mapping = mapping(catalogue, policy)?;
            let mut denied = set.guardrails().regions_against(&policy.issuer, mapping, target);
            let between = rule.grants.between().filter(|(at, _)| *at == place).map(|(_, target)| target);
            denied.extend(between.flat_map(|target| set.guardrails().regions_against(&policy.issuer, mapping, &target)));
            let matched = of_holders(of_own(regions(rule, mapping), target), rule.offered_to(target));
            Some(Permit { policy, place, terms, row: rule.row.as_ref(), matched, denied, regions: Vec::new(), is_exact: true })
        })
        .collect();
    permits.chunk_by_mut(|one, other| std::ptr::eq(one.policy, other.policy)).for_each(deny_the_ambiguous);
    for permit in &mut permits {
        let Some(mapping) = mapping(catalogue, permit.policy) else { continue };
        (permit.regions, permit.is_exact) = without_all(permit.matched.clone(), &permit.denied, mapping);
    }
    permits
}

/// Denies each grant of a policy to those whom another one of it gives the same on other terms: a request can name a policy, and no row.
fn deny_the_ambiguous(permits: &mut [Permit<'_>]) {
    for number in 1..permits.len() {
        let (earlier, later) = permits.split_at_mut(number);
        let [permit, ..] = later else { return };
        for other in earlier.iter_mut().filter(|other| other.terms != permit.terms) {
            let pairs = in_both(&other.matched, &permit.matched).map(|(one, other)| (one.clone(), other.clone()));
            let (of_other, of_this): (Vec<Region>, Vec<Region>) = pairs.unzip();
            other.denied.extend(of_this);
            permit.denied.extend(of_other);
        }
    }
}

/// The pairs that may have identities in common, as far as is seen at once.
pub(super) fn in_both<'a>(some: &'a [Region], others: &'a [Region]) -> impl Iterator<Item = (&'a Region, &'a Region)> {
    let pairs = some.iter().flat_map(|region| others.iter().map(move |other| (region, other)));
    pairs.filter(|(region, other)| !region.is_apart(other))
}

pub(super) fn mapping<'a>(catalogue: &'a Catalogue, policy: &TrustPolicy) -> Option<&'a Mapping> {
    catalogue.issuer(&policy.issuer).map(|entry| &*entry.mapping)
}

/// The identities that a rule matches.
fn regions(rule: &Rule, mapping: &Mapping) -> Vec<Region> {
    let unnamed: Vec<Attribute> = rule.unnamed_dangers().filter(|attribute| mapping.claims(*attribute)).collect();
    let regions = Region::of(&rule.conditions).into_iter();
    regions
        .map(|region| unnamed.iter().fold(region, |region, attribute| region.and(Literal::unless_named(*attribute, mapping))))
        .collect()
}

/// These regions, limited to identities with a repository of their own, if the target is for that one.
fn of_own(regions: Vec<Region>, target: &Target) -> Vec<Region> {
    let Some(own) = target.own_pattern() else { return regions };
    let called = Literal::is_called_like(Attribute::Repository, &[&own]);
    regions.into_iter().map(|region| region.and(called.clone())).collect()
}

/// These regions, limited to the identities to whom it is offered.
fn of_holders(regions: Vec<Region>, holders: OfferedTo) -> Vec<Region> {
    let called = |names: Vec<String>| {
        let names: Vec<Pattern> = names.iter().map(|name| Pattern::literal_of(name)).collect();
        Literal::is_called_like(Attribute::Repository, &names.iter().collect::<Vec<_>>())
    };
    let literal = match holders {
        OfferedTo::Anyone => return regions,
        OfferedTo::NoOne => return Vec::new(),
        OfferedTo::Only(names) => called(names),
        OfferedTo::AllBut(names) => called(names).negated(),
    };
    regions.into_iter().map(|region| region.and(literal.clone())).collect()
}

/// These regions without the other one. Nearly all of a thousand policies are for repositories of their own, which is seen without a
/// search.
pub(super) fn without(regions: Vec<Region>, other: &Region, mapping: &Mapping) -> Vec<Region> {
    if regions.len() > PARTS_MAX || regions.iter().all(|region| region.is_apart(other)) {
        return regions;
    }
    let rest = |region: Region| if region.is_apart(other) { vec![region] } else { region.minus(other, mapping) };
    regions.into_iter().flat_map(rest).collect()
}

/// These regions without all of the others, and whether all were subtracted.
pub(super) fn without_all(mut regions: Vec<Region>, others: &[Region], mapping: &Mapping) -> (Vec<Region>, bool) {
    for other in others {
        if regions.len() > PARTS_MAX {
            return (regions, false);
        }
        regions = without(regions, other, mapping);
    }
    (regions, true)
}

/// The claims of a token that both let in. What two of one policy deny each other, because their terms differ, is let in here.
pub(in crate::policy) fn overlap<'a>(one: &Permit<'a>, other: &Permit<'a>, catalogue: &Catalogue) -> Option<Map<String, Value>> {
    let mapping = mapping(catalogue, one.policy)?;
    let is_one_policy = std::ptr::eq(one.policy, other.policy);
    let [regions, others] = [one, other].map(|permit| if is_one_policy { &permit.matched } else { &permit.regions });
    in_both(regions, others).find_map(|(region, other)| region.both(other).token(mapping))
}

/// Whether the other lets in everybody whom this one lets in.
pub(in crate::policy) fn within<'a>(one: &Permit<'a>, other: &Permit<'a>, catalogue: &Catalogue) -> bool {
    let Some(mapping) = mapping(catalogue, one.policy) else { return false };
    one.beyond_all([other], mapping).iter().all(|region| region.example(mapping).is_none())
}

impl Permit<'_> {
    /// Whether its entry names no other credential than this.
    pub(in crate::policy) fn grants_only(&self, target: &Target) -> bool {
        let entries = self.policy.rules.iter().flat_map(|rule| rule.grants.entries());
        entries.filter(|entry| entry.place() == self.place).all(|entry| entry.named().is_none_or(|named| named == *target))
    }

    pub(super) fn at(&self) -> String {
        format!("{}:{}", self.policy.file, self.place.line)
    }
}

impl Region {
    /// The claims of a token of the region; `None` if there is none.
    pub(in crate::policy) fn token(&self, mapping: &Mapping) -> Option<Map<String, Value>> {
        self.example(mapping).map(|example| self.claims(&example, mapping))
    }

    /// The example as claims of its issuer, as far as the mapping can be inverted.
    fn claims(&self, example: &Example, mapping: &Mapping) -> Map<String, Value> {
        let mut claims = Map::new();
        // `fork` comes last: it changes claims that other attributes set.
        let (last, first): (Vec<_>, Vec<_>) =
            example.iter().partition(|(dimension, _)| **dimension == Dimension::Attribute(Attribute::Fork));
        for (dimension, text) in first.into_iter().chain(last) {
            match dimension {
                Dimension::Attribute(attribute) => mapping.put_text(*attribute, text, &mut claims),
                Dimension::Id(attribute) => mapping.put_id(*attribute, text, &mut claims),
                Dimension::Claim(pointer) => put_claim(&mut claims, pointer, claim_value::parse(text)),
            }
        }
        claims
    }
}
