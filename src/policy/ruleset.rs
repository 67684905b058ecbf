//! All policies in force of a revision, and its guardrails: each file in its own form, or in its last good one.

use super::bounds::{self, Bounds};
use super::catalogue::{Catalogue, Tree};
use super::decide::PolicySet;
use super::expectation::{self, Expectation, Outcome};
use super::file::TrustPolicy;
use super::guardrail::Guardrails;
use super::reading::{self, FileRead, LoadedFile};
use super::standing::StandingGuardrails;
use crate::words::yaml::{Fault, Fields, Node};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The policies and guardrails in force.
#[derive(Debug, Default)]
pub struct Ruleset {
    /// Every policy file, in the order of their names.
    pub(super) files: Vec<LoadedFile>,
    pub(super) guardrails: StandingGuardrails,
    /// The faults of the revision's guardrails; empty if they could be read.
    pub(super) guardrail_faults: Vec<Fault>,
    /// Made at its first use: it is not needed for a further source, whose policies decide in a set with those of all sources.
    pub(super) set: OnceLock<PolicySet>,
}

impl Ruleset {
    /// How many findings its policies accept.
    pub fn accepted_findings(&self) -> usize {
        self.set().policies().iter().map(|policy| policy.accepted.len()).sum()
    }

    /// What was in force before a restart: the policies of this tree, except those in `others`, which have the form that is there (or
    /// none); and these forms of the guardrails.
    pub fn recorded(
        tree: &Tree,
        catalogue: &Catalogue,
        others: &BTreeMap<&str, Option<Arc<TrustPolicy>>>,
        guardrails: Vec<Arc<Guardrails>>,
    ) -> Self {
        let read = reading::read_all(tree, catalogue, &[]).into_iter();
        let kept = |read: Arc<FileRead>| {
            let policy = others.get(read.file.as_str()).cloned().unwrap_or_else(|| read.policy.clone());
            LoadedFile { read, policy }
        };
        Self { files: read.map(kept).collect(), guardrails: StandingGuardrails::of(guardrails), ..Self::default() }
    }

    /// Only a further source's policies, each as it decides beside those of other sources; and the faults of those that cannot.
    pub fn among_others(&self, bounds: &[Arc<Bounds>], catalogue: &Catalogue) -> (Self, Vec<Fault>) {
        let (placed, faults) = self.placed(bounds, catalogue);
        (Self { set: PolicySet::new(placed, self.guardrails.all().clone(), None).into(), ..Self::default() }, faults)
    }

    /// A further source's policies under their own names, each narrowed by its bounds; and the faults of those outside. The source's own
    /// tests run over these, because they name its secrets without the source's prefix.
    pub fn within(&self, bounds: &[Arc<Bounds>], catalogue: &Catalogue) -> (Self, Vec<Fault>) {
        let (mut files, mut faults) = (Vec::new(), Vec::new());
        for kept in &self.files {
            let narrowed = kept.policy.as_ref().map(|policy| bounds::within(policy, bounds, catalogue)).transpose();
            let policy = narrowed.map_err(|outside| faults.extend(outside)).ok().flatten().map(Arc::new);
            files.push(LoadedFile { read: kept.read.clone(), policy });
        }
        (Self { files, guardrails: self.guardrails.clone(), ..Self::default() }, faults)
    }

    /// A fault for each of the policies' own tests that does not hold. A policy as it was read has none.
    pub fn failed_tests(&self, tree: &Tree, catalogue: &Catalogue) -> Vec<Fault> {
        self.policies().flat_map(|policy| reading::failed_tests(policy, tree, catalogue)).collect()
    }

    /// One policy by itself, without guardrails.
    pub(super) fn alone(policy: &Arc<TrustPolicy>) -> Self {
        Self { set: PolicySet::new(vec![policy.clone()], Arc::default(), None).into(), ..Self::default() }
    }

    /// The set that decides.
    pub fn set(&self) -> &PolicySet {
        self.set.get_or_init(|| self.merge(&[], None))
    }

    /// The policies in force.
    pub fn policies(&self) -> impl Iterator<Item = &Arc<TrustPolicy>> {
        self.files.iter().filter_map(|kept| kept.policy.as_ref())
    }

    /// The policies whose form in this revision is not in force, because it is faulty or waits; and whether an older form is.
    pub fn other_forms(&self) -> impl Iterator<Item = (&str, bool)> {
        let is_own = |kept: &LoadedFile| match (&kept.policy, &kept.read.policy) {
            (Some(in_force), Some(own)) => Arc::ptr_eq(own, in_force),
            _ => false,
        };
        let others = self.files.iter().filter(move |kept| !is_own(kept));
        others.map(|kept| (kept.read.file.as_str(), kept.policy.is_some()))
    }

    /// The forms of the guardrails that are in force at the same time.
    pub fn guardrail_forms(&self) -> &[Arc<Guardrails>] {
        self.guardrails.forms()
    }

    /// These policies as they are in force beside those of other sources, within their bounds; and the faults of those outside.
    pub fn placed(&self, bounds: &[Arc<Bounds>], catalogue: &Catalogue) -> (Vec<Arc<TrustPolicy>>, Vec<Fault>) {
        let (mut policies, mut faults) = (Vec::new(), Vec::new());
        for policy in self.policies() {
            match bounds::place(policy, bounds, catalogue) {
                Ok(placed) => policies.push(Arc::new(placed)),
                Err(outside) => faults.extend(outside),
            }
        }
        (policies, faults)
    }

    /// The set of these policies and of those of further sources. If few differ from `before`, its index is used again.
    pub fn merge(&self, further: &[&[Arc<TrustPolicy>]], before: Option<&PolicySet>) -> PolicySet {
        let all = self.policies().chain(further.iter().copied().flatten()).cloned();
        PolicySet::new(all.collect(), self.guardrails.all().clone(), before)
    }

    /// Whether the guardrails of the last commit could not be read. Then nothing may widen in any source.
    pub const fn has_faulty_guardrails(&self) -> bool {
        !self.guardrail_faults.is_empty()
    }

    /// The faults of the guardrails.
    pub fn guardrail_faults(&self) -> &[Fault] {
        &self.guardrail_faults
    }

    /// Runs every policy's own tests, and the repository's expectations over the whole set.
    pub fn test(&self, tree: &Tree, catalogue: &Catalogue) -> (Vec<Outcome>, Vec<Fault>) {
        let own_outcomes = self.files.iter().flat_map(|kept| kept.read.own_outcomes.iter().cloned());
        let own = self.policies().flat_map(|policy| expectation::run_own_over_files(policy, tree, catalogue));
        let mut outcomes: Vec<Outcome> = own_outcomes.chain(own).collect();
        let mut faults = Vec::new();
        for (file, bytes) in tree.iter().filter(|(file, _)| file.starts_with("tests/") && file.ends_with(".yaml")) {
            for expectation in read_expectations(file, bytes, &mut faults) {
                outcomes.push(expectation.run_over_files(file, self.set(), None, tree, catalogue));
            }
        }
        (outcomes, faults)
    }
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
