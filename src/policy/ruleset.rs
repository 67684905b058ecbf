//! All policies of a revision: each file's good form, or its last good one; deletions and guardrails at once.

use super::decide::PolicySet;
use super::expectation::{self, Expectation, Outcome};
use super::file::TrustPolicy;
use super::guardrail::{GUARDRAILS_FILE, Guardrails};
use crate::identity::Mapping;
use crate::words::names::{IssuerName, IssuerUrl, PolicyName};
use crate::words::yaml::{Fault, Fields, Node, Place};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The files of a revision, by their path in the repository.
pub type Tree = BTreeMap<String, Arc<[u8]>>;

/// The configured issuers, as policies may name them.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(BTreeMap<IssuerName, IssuerEntry>);

/// One configured issuer.
#[derive(Clone, Debug)]
pub struct IssuerEntry {
    /// Its URL.
    pub url: IssuerUrl,
    /// How its claims are read.
    pub mapping: Arc<Mapping>,
}

impl Catalogue {
    /// The issuer of this name.
    pub fn issuer(&self, name: &IssuerName) -> Option<&IssuerEntry> {
        self.0.get(name)
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &IssuerName> {
        self.0.keys()
    }
}

impl FromIterator<(IssuerName, IssuerEntry)> for Catalogue {
    fn from_iter<I: IntoIterator<Item = (IssuerName, IssuerEntry)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

/// The policies and guardrails in force.
#[derive(Debug, Default)]
pub struct Ruleset {
    policies: BTreeMap<PolicyName, Arc<TrustPolicy>>,
    guardrails: Arc<Guardrails>,
    set: PolicySet,
}

impl Ruleset {
    /// Reads a revision. A faulty file keeps its form of `last_good`, every other file and every deletion goes live;
    /// faulty guardrails keep the old ones, and then nothing may widen: only deletions go live.
    pub fn load(tree: &Tree, catalogue: &Catalogue, last_good: Option<&Self>) -> (Self, Vec<Fault>) {
        let mut faults = Vec::new();
        let guardrails = match tree.get(GUARDRAILS_FILE).map(|bytes| Guardrails::parse(bytes)) {
            None => Some(Arc::default()),
            Some(Ok(guardrails)) => Some(Arc::new(guardrails)),
            Some(Err(found)) => {
                faults.extend(found);
                None
            }
        };
        let mut policies = BTreeMap::new();
        for (file, bytes) in tree.iter().filter(|(file, _)| is_policy(file)) {
            let old = last_good.and_then(|old| old.policies.values().find(|policy| policy.file == *file).cloned());
            let read = read_policy(file, bytes, tree, catalogue, &mut faults);
            let kept = if guardrails.is_some() { read.or(old) } else { old };
            policies.extend(kept.map(|policy| (policy.name.clone(), policy)));
        }
        let guardrails = guardrails.or_else(|| last_good.map(|old| old.guardrails.clone())).unwrap_or_default();
        let set = PolicySet::new(&policies, guardrails.clone());
        (Self { policies, guardrails, set }, faults)
    }

    /// What decides.
    pub const fn set(&self) -> &PolicySet {
        &self.set
    }

    /// Runs every policy's tests, and the repository's own over the whole set.
    pub fn test(&self, tree: &Tree, catalogue: &Catalogue) -> (Vec<Outcome>, Vec<Fault>) {
        let mut outcomes: Vec<Outcome> =
            self.policies.values().flat_map(|policy| expectation::run_own(policy, tree, catalogue)).collect();
        let mut faults = Vec::new();
        for (file, bytes) in tree.iter().filter(|(file, _)| file.starts_with("tests/") && file.ends_with(".yaml")) {
            for expectation in read_expectations(file, bytes, &mut faults) {
                outcomes.push(expectation.run(file, &self.set, None, tree, catalogue));
            }
        }
        (outcomes, faults)
    }
}

fn is_policy(file: &str) -> bool {
    file.starts_with("policies/") && file.ends_with(".yaml")
}

/// A file that parses and whose own tests hold.
fn read_policy(
    file: &str,
    bytes: &[u8],
    tree: &Tree,
    catalogue: &Catalogue,
    faults: &mut Vec<Fault>,
) -> Option<Arc<TrustPolicy>> {
    let policy = match TrustPolicy::parse(file, bytes, tree, catalogue) {
        Ok((policy, warnings)) => {
            faults.extend(warnings);
            Arc::new(policy)
        }
        Err(found) => {
            faults.extend(found);
            return None;
        }
    };
    let text = String::from_utf8_lossy(bytes);
    let failed: Vec<Outcome> =
        expectation::run_own(&policy, tree, catalogue).into_iter().filter(|outcome| !outcome.holds).collect();
    for outcome in &failed {
        let line = outcome.at.rsplit_once(':').and_then(|(_, line)| line.parse().ok()).unwrap_or(0);
        let message =
            format!("the policy's own test does not hold: {}: {}", outcome.expected, outcome.why.as_deref().unwrap_or_default());
        faults.push(Fault::new(file, Place { line, column: 1 }, message).coded("test_failed").in_text(&text));
    }
    failed.is_empty().then_some(policy)
}

/// `expectations:` of a file below `tests/`.
fn read_expectations(file: &str, bytes: &[u8], faults: &mut Vec<Fault>) -> Vec<Expectation> {
    let node = match Node::parse(file, bytes) {
        Ok(node) => node,
        Err(fault) => {
            faults.push(fault);
            return Vec::new();
        }
    };
    let text = String::from_utf8_lossy(bytes);
    let mut fields = Fields::new(file, &text, &node, faults);
    let list = fields.required("expectations").map(|node| Expectation::read_list(&mut fields, node)).unwrap_or_default();
    fields.finish();
    list
}
