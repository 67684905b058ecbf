//! What policies grant by name, each with its place: what others know of it is looked at there.

use super::Ruleset;
use crate::kind::Target;
use crate::words::yaml::Place;

/// Each entry of a `grant` that names what it grants: its file, its place, and that.
pub fn named_grants(ruleset: &Ruleset) -> impl Iterator<Item = (&str, Place, Target)> {
    let rules = ruleset.policies().flat_map(|policy| policy.rules.iter().map(move |rule| (policy.file.as_str(), rule)));
    rules.flat_map(|(file, rule)| {
        rule.grants.entries().iter().filter_map(move |entry| Some((file, entry.place(), entry.named()?)))
    })
}
