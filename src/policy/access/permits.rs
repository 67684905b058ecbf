//! For one credential of one revision: the regions of identities that may have it.

use super::literal::{Dimension, Literal, claim_value};
use super::region::{Example, Region};
use crate::identity::{Attribute, Mapping, put_claim};
use crate::policy::condition::Subject;
use crate::policy::file::{Rule, TrustPolicy};
use crate::policy::request::Wanted;
use crate::policy::{Catalogue, PolicySet, Ruleset};
use crate::words::UnixTime;
use crate::words::names::IssuerName;
use crate::words::yaml::Place;
use serde::Serialize;
use serde_json::{Map, Value};

/// The parts into which a region may fall; beyond it the rest is told as one, larger than it is.
const PARTS_MAX: usize = 256;

/// One grant of a credential, and the identities that it reaches.
pub(super) struct Permit<'a> {
    pub(super) policy: &'a TrustPolicy,
    pub(super) place: Place,
    pub(super) regions: Vec<Region>,
}

/// Who can reach a credential by one policy.
#[derive(Debug, Serialize)]
pub struct Reach {
    /// The grant: file and line.
    pub at: String,
    /// The issuer of the identities.
    pub issuer: IssuerName,
    /// The identities, in the policy's words.
    pub who: String,
    /// One of them, as claims of that issuer.
    pub example: Map<String, Value>,
}

/// Who can reach this credential.
pub fn who_can(ruleset: &Ruleset, catalogue: &Catalogue, wanted: &Wanted, now: UnixTime) -> Vec<Reach> {
    let mut reached = Vec::new();
    for permit in permits(ruleset, catalogue, wanted, now) {
        let Some(mapping) = mapping(catalogue, permit.policy) else { continue };
        for region in &permit.regions {
            let Some(example) = region.example(mapping) else { continue };
            reached.push(Reach {
                at: permit.at(),
                issuer: permit.policy.issuer.clone(),
                who: region.wording(mapping),
                example: region.claims(&example, mapping),
            });
        }
    }
    reached
}

/// The grants of this credential, each without what a guardrail denies.
pub(super) fn permits<'a>(ruleset: &'a Ruleset, catalogue: &Catalogue, wanted: &Wanted, now: UnixTime) -> Vec<Permit<'a>> {
    let offering =
        |policy: &'a TrustPolicy| policy.rules.iter().filter_map(move |rule| Some((policy, rule, rule.offer(wanted)?)));
    let set: &PolicySet = ruleset.set();
    set.policies()
        .iter()
        .filter(|policy| policy.in_force(now))
        .flat_map(|policy| offering(policy))
        .filter_map(|(policy, rule, place)| {
            let mapping = mapping(catalogue, policy)?;
            let denied = set.guardrails().regions_against(&policy.issuer, wanted);
            let regions = denied.iter().fold(regions(rule, mapping), |regions, denied| without(regions, denied, mapping));
            Some(Permit { policy, place, regions })
        })
        .collect()
}

pub(super) fn mapping<'a>(catalogue: &'a Catalogue, policy: &TrustPolicy) -> Option<&'a Mapping> {
    catalogue.issuer(&policy.issuer).map(|entry| &*entry.mapping)
}

/// The identities that a rule matches.
fn regions(rule: &Rule, mapping: &Mapping) -> Vec<Region> {
    let named = |attribute| {
        rule.conditions.iter().any(|condition| condition.subject == Subject::Attribute(attribute) && condition.is_positive())
    };
    let unnamed: Vec<Attribute> = [Attribute::Fork, Attribute::SshSession]
        .into_iter()
        .filter(|attribute| mapping.claims(*attribute) && !named(*attribute))
        .collect();
    let regions = Region::of(&rule.conditions).into_iter();
    regions.map(|region| unnamed.iter().fold(region, |region, attribute| region.and(Literal::unless_named(*attribute)))).collect()
}

/// These regions without the other one.
pub(super) fn without(regions: Vec<Region>, other: &Region, mapping: &Mapping) -> Vec<Region> {
    if regions.len() > PARTS_MAX {
        return regions;
    }
    regions.iter().flat_map(|region| region.minus(other, mapping)).collect()
}

impl Permit<'_> {
    pub(super) fn at(&self) -> String {
        format!("{}:{}", self.policy.file, self.place.line)
    }
}

impl Region {
    /// The example as claims of its issuer, as far as the mapping can be read backwards.
    pub(super) fn claims(&self, example: &Example, mapping: &Mapping) -> Map<String, Value> {
        let mut claims = Map::new();
        for (dimension, text) in example {
            match dimension {
                Dimension::Attribute(attribute) => mapping.put_text(*attribute, text, &mut claims),
                Dimension::Id(attribute) => mapping.put_id(*attribute, text, &mut claims),
                Dimension::Claim(pointer) => put_claim(&mut claims, pointer, claim_value(text)),
            }
        }
        claims
    }
}
