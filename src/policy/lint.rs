//! The linter finds policies that load and may still do harm. Each finding has a code, a place and a fix. Most have a token that shows
//! the harm.

pub(super) mod codes;
mod grants;
mod identity;
mod overlaps;
mod together;
mod upkeep;

pub use codes::CODES;

use super::access::{Literal, Region};
use super::catalogue::{Catalogue, Tree};
use super::condition::{Condition, Single, Subject, Test};
use super::file::{Rule, TrustPolicy};
use super::ruleset::Ruleset;
use super::sections::Entry;
use crate::identity::{Attribute, Mapping};
use crate::words::UnixTime;
use crate::words::yaml::{Fault, Place};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What the linter looks at.
pub struct LintContext<'a> {
    /// The policies.
    pub ruleset: &'a Ruleset,
    /// The files that they are read from.
    pub tree: &'a Tree,
    /// The issuers that they may name.
    pub catalogue: &'a Catalogue,
    /// The present.
    pub now: UnixTime,
    /// The repository that holds them, by its name at the forge, where that is known.
    pub own_repository: Option<&'a str>,
}

/// One rule, and how its issuer's claims are read.
pub(super) struct RuleContext<'a> {
    pub(super) policy: &'a TrustPolicy,
    pub(super) rule: &'a Rule,
    pub(super) mapping: &'a Mapping,
    /// Whether unrelated tenants share the issuer.
    pub(super) shared: bool,
}

/// Every finding over the whole set, in the order of files and lines. Each is reported once, even if a policy has many rows.
pub fn lint(look: &LintContext<'_>) -> Vec<Fault> {
    lint_denying(look, &[])
}

/// The same, but findings of these codes are reported even if a policy accepts them.
pub fn lint_denying(look: &LintContext<'_>, denied: &[String]) -> Vec<Fault> {
    let mut found = Vec::new();
    for policy in look.ruleset.set().policies() {
        let Some(entry) = look.catalogue.issuer(&policy.issuer) else { continue };
        for rule in &policy.rules {
            let subjected =
                RuleContext { policy, rule, mapping: &entry.mapping, shared: entry.mapping.is_shared(entry.url.as_str()) };
            identity::lint(&subjected, &mut found);
            grants::lint(&subjected, look, &mut found);
        }
        upkeep::lint(policy, look, &mut found);
    }
    overlaps::lint(look, &mut found);
    together::lint(look, &mut found);
    let mut seen = BTreeSet::new();
    found.retain(|fault: &Fault| seen.insert((fault.file.clone(), fault.place, fault.code, fault.message.to_string())));
    upkeep::accept(look, denied, &mut found);
    found.sort_by(|one, other| (&one.file, one.place).cmp(&(&other.file, other.place)));
    found.into_iter().map(|fault| look.with_line(fault)).collect()
}

impl LintContext<'_> {
    fn with_line(&self, fault: Fault) -> Fault {
        let text = self.tree.get(fault.file.exact()).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        fault.in_text(text.as_deref().unwrap_or_default())
    }
}

impl<'a> RuleContext<'a> {
    /// A finding at this place of the policy's file.
    pub(super) fn finding(&self, code: &'static str, place: Place, message: impl std::fmt::Display) -> Fault {
        Fault::new(&self.policy.file, place, message).warning(code)
    }

    pub(super) fn line(&self, attribute: Attribute) -> Option<&'a Condition> {
        self.rule.conditions.iter().find(|condition| condition.subject == Subject::Attribute(attribute))
    }

    /// A token of the rule that also has these attributes; `None` if there is none.
    pub(super) fn example(&self, like: &[(Attribute, &str)]) -> Option<Map<String, Value>> {
        let regions = Region::of(&self.rule.conditions).into_iter();
        let narrowed =
            regions.map(|region| like.iter().fold(region, |region, (attribute, text)| region.and(Literal::is(*attribute, text))));
        narrowed.into_iter().find_map(|region| region.token(self.mapping))
    }

    /// Whether a token of the rule may be of this event.
    pub(super) fn allows_event(&self, event: &str) -> bool {
        self.line(Attribute::Event).is_some() && self.example(&[(Attribute::Event, event)]).is_some()
    }

    /// Whether it grants more than reading a secret: a role, or a token for somebody else.
    pub(super) fn writes(&self) -> bool {
        self.rule.grants.entries().iter().any(Entry::acts)
    }

    /// Where its grants begin.
    pub(super) fn grant_place(&self) -> Place {
        self.rule.grants.places().min().unwrap_or(Place { line: 1, column: 1 })
    }
}

/// The patterns of a positive line.
pub(super) fn texts(condition: &Condition) -> impl Iterator<Item = &crate::policy::Pattern> {
    let singles = match &condition.test {
        Test::Any(singles) => singles.as_slice(),
        Test::Not(_) => &[],
    };
    singles.iter().filter_map(|single| match single {
        Single::Text(pattern) => Some(pattern),
        Single::Id { .. } | Single::Json(_) => None,
    })
}

#[cfg(test)]
mod tests;
