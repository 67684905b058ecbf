//! Everything that one identity may have: the question about a pipeline, not about a role.

use super::side::Side;
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::{Pattern, Ruleset, Tree};
use crate::words::UnixTime;
use crate::words::names::PolicyName;
use serde::Serialize;
use std::collections::BTreeSet;

/// One credential that it would be granted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Entitlement {
    /// The credential, as the audit log writes it.
    pub credential: String,
    /// The policy that grants it.
    pub policy: PolicyName,
}

/// What this identity would be granted, of all that a policy names or the tree has a file of. Operators' denials do not count.
pub fn what_can(ruleset: &Ruleset, tree: &Tree, facts: &Facts, now: UnixTime) -> Vec<Entitlement> {
    let credentials: BTreeSet<Target> = Side::new(ruleset, tree).credentials().collect();
    let mut granted: Vec<(Target, PolicyName)> = Vec::new();
    for target in credentials {
        if granted.iter().any(|(whole, _)| is_part(&target, whole)) {
            continue;
        }
        if let Ok(policy) = ruleset.set().would_grant(facts, &target, None, now) {
            granted.push((target, policy));
        }
    }
    granted.into_iter().map(|(target, policy)| Entitlement { credential: target.to_string(), policy }).collect()
}

/// The credentials that a policy names or the tree has a file of, and whose text fits this pattern, with or without the word of their kind.
/// A value is listed only if its document is not.
pub fn credentials_like(ruleset: &Ruleset, tree: &Tree, pattern: &Pattern) -> Vec<Target> {
    let fits = |target: &Target| {
        let text = target.to_string();
        pattern.matches(&text) || text.split_once(' ').is_some_and(|(_, name)| pattern.matches(name))
    };
    let found: BTreeSet<Target> = Side::new(ruleset, tree).credentials().filter(fits).collect();
    let mut kept: Vec<Target> = Vec::new();
    for target in found {
        if !kept.iter().any(|whole| is_part(&target, whole)) {
            kept.push(target);
        }
    }
    kept
}

/// Whether it is a value of this whole document. A document sorts before its values.
fn is_part(target: &Target, whole: &Target) -> bool {
    target.pointer().is_some()
        && whole.pointer().is_none()
        && target.committed().is_some()
        && target.committed() == whole.committed()
}
