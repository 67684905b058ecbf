//! What policies grant by name, each with its place, so that others can check the names.

use super::Ruleset;
use crate::kind::Target;
use crate::words::yaml::Place;

/// Each entry of a `grant` that names what it grants: its file, its place, and what it grants.
pub fn named_grants(ruleset: &Ruleset) -> impl Iterator<Item = (&str, Place, Target)> {
    let rules = ruleset.policies().flat_map(|policy| policy.rules.iter().map(move |rule| (policy.file.as_str(), rule)));
    rules.flat_map(|(file, rule)| {
        rule.grants.entries().iter().filter_map(move |entry| Some((file, entry.place(), entry.named()?)))
    })
}
