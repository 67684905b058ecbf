//! Everything that one identity may have: the question of who looks at a pipeline, not at a role.

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
pub struct Holding {
    /// The credential, as the audit log calls it.
    pub credential: String,
    /// The policy that grants it.
    pub policy: PolicyName,
}

/// What these facts would be granted, of all that a policy names or a file of the tree holds. What operators deny is not looked at.
pub fn what_can(ruleset: &Ruleset, tree: &Tree, facts: &Facts, now: UnixTime) -> Vec<Holding> {
    let credentials: BTreeSet<Target> = Side::new(ruleset, tree).credentials().collect();
    let mut held: Vec<(Target, PolicyName)> = Vec::new();
    for wanted in credentials {
        if held.iter().any(|(whole, _)| is_part(&wanted, whole)) {
            continue;
        }
        if let Ok(policy) = ruleset.set().would_grant(facts, &wanted, None, now) {
            held.push((wanted, policy));
        }
    }
    held.into_iter().map(|(wanted, policy)| Holding { credential: wanted.to_string(), policy }).collect()
}

/// The credentials that a policy names or a file of the tree holds, and whose text this pattern fits, with or without their kind's word.
/// A value stands for itself only where its document is not among them.
pub fn credentials_like(ruleset: &Ruleset, tree: &Tree, pattern: &Pattern) -> Vec<Target> {
    let fits = |wanted: &Target| {
        let text = wanted.to_string();
        pattern.matches(&text) || text.split_once(' ').is_some_and(|(_, name)| pattern.matches(name))
    };
    let found: BTreeSet<Target> = Side::new(ruleset, tree).credentials().filter(fits).collect();
    let mut told: Vec<Target> = Vec::new();
    for wanted in found {
        if !told.iter().any(|whole| is_part(&wanted, whole)) {
            told.push(wanted);
        }
    }
    told
}

/// A value of a document that is granted whole; a document sorts before its values.
fn is_part(wanted: &Target, whole: &Target) -> bool {
    wanted.pointer().is_some() && whole.pointer().is_none() && wanted.in_tree().is_some() && wanted.in_tree() == whole.in_tree()
}
