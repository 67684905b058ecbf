//! Tokens of GitHub Apps: an entry grants them for several repositories, of which guardrails may deny some to some. So what is left of
//! it is compared part by part.

use crate::kind::Target;
use crate::policy::file::TrustPolicy;
use crate::policy::guardrail::Guardrails;
use crate::policy::sections::{GitHubGrant, Knives, Section};
use crate::words::names::IssuerName;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is granted, part by part.
#[derive(Default)]
pub(super) struct Parts<'a> {
    /// Each part that an entry may come to, and of what it is one.
    pub(super) of: BTreeMap<Target, Whole>,
    /// Entries that cannot be taken apart, and the policy of each.
    pub(super) too_many: Vec<(&'a Arc<TrustPolicy>, Target)>,
}

/// What a part is of.
#[derive(Clone)]
pub(super) struct Whole {
    /// All that the entry grants.
    pub(super) target: Target,
    /// Whether the part stands for others like it: an entry for all repositories of an account names none.
    pub(super) has_more_like_it: bool,
}

/// The parts of all that these policies grant, as any of these guardrails may leave it.
pub(super) fn parts<'a>(policies: &[&'a Arc<TrustPolicy>], guardrails: [&Guardrails; 2]) -> Parts<'a> {
    let entries = |policy: &'a TrustPolicy| policy.rules.iter().flat_map(|rule| rule.grants.of::<GitHubGrant>());
    let granting: Vec<(&Arc<TrustPolicy>, &GitHubGrant)> =
        policies.iter().flat_map(|policy| entries(policy).map(move |entry| (*policy, entry))).collect();
    let mut parts = Parts::default();
    if granting.is_empty() {
        return parts;
    }
    let listed = granting.iter().flat_map(|(_, entry)| entry.names()).cloned().collect();
    let mut knives: BTreeMap<&IssuerName, Knives<'_>> = BTreeMap::new();
    for (policy, entry) in granting {
        let by = knives.entry(&policy.issuer).or_insert_with(|| {
            let denied = guardrails.into_iter().flat_map(|one| one.denied_of(GitHubGrant::WORD));
            let of_issuer = denied.filter(|(issuer, _)| **issuer == policy.issuer).map(|(_, patterns)| patterns);
            Knives::new(of_issuer, &listed)
        });
        let Some(whole) = entry.named() else { continue };
        match entry.parts(by) {
            Some(some) => {
                let others = some.into_iter().map(Target::from).filter(|part| *part != whole);
                let whole = Whole { target: whole.clone(), has_more_like_it: entry.is_of_all() };
                others.for_each(|part| _ = parts.of.entry(part).or_insert_with(|| whole.clone()));
            }
            None => parts.too_many.push((policy, whole)),
        }
    }
    parts
}
