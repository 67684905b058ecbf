//! One of the two revisions of a comparison.

mod github;

use super::missing::{lacking, missing};
use super::permits::{Permit, permits};
use crate::kind::{Committed, Target};
use crate::policy::file::{Rule, TrustPolicy};
use crate::policy::grantable::Compared;
use crate::policy::guardrail::GUARDRAILS_FILE;
use crate::policy::pattern::Pattern;
use crate::policy::{Catalogue, Ruleset, Tree};
use crate::words::UnixTime;
use std::sync::Arc;

/// One revision: its rules and its files.
pub(super) struct Side<'a> {
    pub(super) ruleset: &'a Ruleset,
    pub(super) tree: &'a Tree,
}

pub(super) fn guardrails_differ(sides: [&Side<'_>; 2]) -> bool {
    let [old, new] = sides.map(|side| side.tree.get(GUARDRAILS_FILE));
    old != new
}

impl<'a> Side<'a> {
    pub(super) const fn new(ruleset: &'a Ruleset, tree: &'a Tree) -> Self {
        Self { ruleset, tree }
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &'a Rule> + Clone + use<'a> {
        self.ruleset.set().policies().iter().flat_map(|policy| &policy.rules)
    }

    /// The patterns that denials have of things that are files, each with the key of its section.
    pub(super) fn denied(&self) -> impl Iterator<Item = (&'static str, &'a Pattern)> + use<'a> {
        self.ruleset.set().guardrails().of_files()
    }

    /// Every credential that a policy names, and every one that the revision has a file of.
    pub(super) fn credentials(&self) -> impl Iterator<Item = Target> + use<'a> {
        let rules = self.rules();
        let filed = Target::filed(self.tree, rules.clone());
        rules.flat_map(|rule| rule.grants.named()).chain(filed)
    }

    /// The credentials that either revision grants and the files of neither limit, and whether these stand for all.
    pub(super) fn unlisted(sides: [&Self; 2]) -> (Vec<Target>, bool) {
        let (rules, denied) = (sides.into_iter().flat_map(Self::rules), sides.into_iter().flat_map(Self::denied));
        let files = sides.map(|side| side.tree);
        Target::unlisted(&Compared { rules: rules.collect(), denied: denied.collect(), files })
    }

    pub(super) fn has(&self, target: &Target) -> bool {
        missing(self.tree, target).is_none()
    }

    /// Whether it is of older revisions and the present files lack its file. It stands for others of its kind.
    pub(super) fn lacks_now(&self, wanted: &Target) -> bool {
        wanted.committed().and_then(Committed::past).is_some_and(|file| lacking(self.tree, file).is_some())
    }

    /// The policies in force.
    pub(super) fn policies(&self) -> impl Iterator<Item = &'a Arc<TrustPolicy>> + use<'a> {
        self.ruleset.set().policies().iter()
    }

    /// Who may have it, whether or not its file is there.
    pub(super) fn would_permit(&self, target: &Target, catalogue: &Catalogue, now: UnixTime) -> Vec<Permit<'a>> {
        permits(self.ruleset, catalogue, target, now)
    }

    /// Who may have it. Nobody may have a secret or a key whose file is not there.
    pub(super) fn permits(&self, target: &Target, catalogue: &Catalogue, now: UnixTime) -> Vec<Permit<'a>> {
        if self.has(target) { permits(self.ruleset, catalogue, target, now) } else { Vec::new() }
    }
}
