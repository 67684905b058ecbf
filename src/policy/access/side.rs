//! One of the two revisions of a comparison.

use super::missing::missing;
use super::permits::{Permit, permits};
use super::repositories::{Granting, Parts, parts};
use crate::kind::{Target, TransitUse};
use crate::policy::file::{Rule, TrustPolicy};
use crate::policy::guardrail::GUARDRAILS_FILE;
use crate::policy::pattern::Pattern;
use crate::policy::sections::{GitHubGrant, SecretGrant, Section};
use crate::policy::{Catalogue, Ruleset, Tree};
use crate::words::names::{SecretName, SecretPath, TransitKey};
use crate::words::{TransitFile, UnixTime};
use std::collections::BTreeSet;
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

    /// The parts of everything that either side grants, as the guardrails of either side leave them.
    pub(super) fn parts(sides: [&Self; 2]) -> Parts<&'a Arc<TrustPolicy>> {
        let policies = sides.iter().flat_map(|side| side.policies());
        let granting: Vec<Granting<'a, _>> = policies
            .flat_map(|policy| {
                let entries = policy.rules.iter().flat_map(|rule| rule.grants.of::<GitHubGrant>());
                entries.map(move |entry| (policy, &policy.issuer, entry))
            })
            .collect();
        let denied = sides.iter().flat_map(|side| side.ruleset.set().guardrails().denied_of(GitHubGrant::WORD));
        parts(&granting, &denied.collect::<Vec<_>>())
    }

    /// The patterns that denials have of documents (`true`) and of transit keys (`false`).
    pub(super) fn denied(&self) -> impl Iterator<Item = (bool, &'a Pattern)> + use<'a> {
        self.ruleset.set().guardrails().patterns()
    }

    /// The values that are granted singly, of any document.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.rules().flat_map(|rule| rule.grants.of::<SecretGrant>().filter_map(|grant| grant.key.as_deref()))
    }

    /// Every credential that a policy names, and every secret and every use of a transit key that the revision has.
    pub(super) fn credentials(&self) -> impl Iterator<Item = Target> + 'a {
        let rules = self.rules();
        let keys: BTreeSet<&str> = self.keys().collect();
        let secrets = self.secrets().flat_map(move |path| {
            let whole = std::iter::once(None).chain(keys.clone().into_iter().map(Some));
            whole
                .map(move |key| Target::Secret(SecretName { path: path.clone(), key: key.map(str::to_owned) }))
                .collect::<Vec<_>>()
        });
        let keys: BTreeSet<TransitKey> = TransitFile::among(self.tree).map(|file| file.key).collect();
        let transit = keys.into_iter().flat_map(|key| TransitUse::of_key(&key).map(Target::Transit).collect::<Vec<_>>());
        rules.flat_map(|rule| rule.grants.named()).chain(secrets).chain(transit)
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = SecretPath> + 'a {
        self.tree.keys().filter_map(|file| SecretPath::parse(file.strip_prefix("secrets/")?).ok())
    }

    pub(super) fn has(&self, wanted: &Target) -> bool {
        missing(self.tree, wanted).is_none()
    }

    /// Whether it is a secret of older commits whose document has no file now. It stands for others of its kind.
    pub(super) fn lacks_now(&self, wanted: &Target) -> bool {
        matches!(wanted, Target::SecretAt(past) if !self.tree.contains_key(&format!("secrets/{}", past.name.path)))
    }

    /// The policies in force.
    pub(super) fn policies(&self) -> impl Iterator<Item = &'a Arc<TrustPolicy>> + use<'a> {
        self.ruleset.set().policies().iter()
    }

    /// The names of the documents that it has.
    pub(super) fn secret_names(&self) -> BTreeSet<String> {
        self.secrets().map(|path| path.to_string()).collect()
    }

    /// The names of the transit keys that it has.
    pub(super) fn key_names(&self) -> BTreeSet<String> {
        TransitFile::among(self.tree).map(|file| file.key.to_string()).collect()
    }

    /// Who may have it, whether or not its file is there.
    pub(super) fn would_permit(&self, wanted: &Target, catalogue: &Catalogue, now: UnixTime) -> Vec<Permit<'a>> {
        permits(self.ruleset, catalogue, wanted, now)
    }

    /// Who may have it. Nobody may have a secret or a key whose file is not there.
    pub(super) fn permits(&self, wanted: &Target, catalogue: &Catalogue, now: UnixTime) -> Vec<Permit<'a>> {
        if self.has(wanted) { permits(self.ruleset, catalogue, wanted, now) } else { Vec::new() }
    }
}
