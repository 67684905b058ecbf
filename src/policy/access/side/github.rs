//! Tokens of GitHub Apps: an entry grants them for several repositories, and guardrails may deny some of these to some identities. So what
//! is left of the entry is compared part by part.

use super::Side;
use crate::kind::Target;
use crate::policy::file::TrustPolicy;
use crate::policy::pattern::Pattern;
use crate::policy::sections::{Divisions, GitHubGrant, Section};
use crate::words::names::IssuerName;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The parts of what is granted.
pub(in crate::policy::access) struct Parts<'a> {
    /// Each part that guardrails may leave of an entry, and its whole.
    pub(in crate::policy::access) of: BTreeMap<Target, Whole>,
    /// Entries with too many parts, and the policy of each.
    pub(in crate::policy::access) too_many: Vec<(&'a Arc<TrustPolicy>, Target)>,
}

/// The whole of a part.
pub(in crate::policy::access) struct Whole {
    /// All that the entry grants.
    pub(in crate::policy::access) target: Target,
    /// Whether the part stands for others like it: an entry for all repositories of an account names none.
    pub(in crate::policy::access) has_more_like_it: bool,
}

impl<'a> Side<'a> {
    /// The parts of everything that either side grants, as the guardrails of either side leave them.
    pub(in crate::policy::access) fn parts(sides: [&Self; 2]) -> Parts<'a> {
        let policies = sides.iter().flat_map(|side| side.policies());
        let granting: Vec<Granting<'a>> = policies
            .flat_map(|policy| {
                let entries = policy.rules.iter().flat_map(|rule| rule.grants.of::<GitHubGrant>());
                entries.map(move |entry| (policy, &policy.issuer, entry))
            })
            .collect();
        let denied = sides.iter().flat_map(|side| side.ruleset.set().guardrails().denied_of(GitHubGrant::WORD));
        parts(&granting, &denied.collect::<Vec<_>>())
    }
}

/// The policy of an entry, the issuer whose denials count, and the entry.
type Granting<'a> = (&'a Arc<TrustPolicy>, &'a IssuerName, &'a GitHubGrant);

/// The parts of all that these entries grant, as any of these denials may leave it.
fn parts<'a>(granting: &[Granting<'a>], denied: &[(&IssuerName, Vec<&Pattern>)]) -> Parts<'a> {
    let mut parts = Parts { of: BTreeMap::new(), too_many: Vec::new() };
    let listed = granting.iter().flat_map(|(_, _, entry)| entry.names()).cloned().collect();
    let mut divisions: BTreeMap<&IssuerName, Divisions<'_>> = BTreeMap::new();
    for (policy, issuer, entry) in granting {
        let by = divisions.entry(issuer).or_insert_with(|| {
            let of_issuer = denied.iter().filter(|(of, _)| of == issuer).map(|(_, patterns)| patterns.clone());
            Divisions::new(of_issuer, &listed)
        });
        let Some(whole) = entry.named() else { continue };
        let Some(some) = entry.parts(by) else {
            parts.too_many.push((policy, whole));
            continue;
        };
        for part in some.into_iter().map(Target::from).filter(|part| *part != whole) {
            let of = || Whole { target: whole.clone(), has_more_like_it: entry.is_of_all() };
            parts.of.entry(part).or_insert_with(of);
        }
    }
    parts
}
