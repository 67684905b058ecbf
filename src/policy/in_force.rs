//! What is granted now, and the subject under which clouds and services see the user of it.

use super::decide::PolicySet;
use super::sections::Section;
use super::subject::subject;
use crate::words::UnixTime;

impl PolicySet {
    /// Each entry of a section that may be granted now, with the subject that uses it. Entries that a guardrail denies to everybody are
    /// left out.
    pub(in crate::policy) fn in_force<S: Section>(&self, now: UnixTime) -> impl Iterator<Item = (String, &S)> {
        let rules = self.policies().iter().filter(move |policy| policy.in_force(now));
        let rules = rules.flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
        rules.flat_map(|(policy, rule)| {
            let entries = rule.grants.of::<S>();
            let entries = entries.filter(|entry| !self.guardrails().denies_to_all(&policy.issuer, *entry));
            entries.map(move |entry| (subject(&policy.source, &policy.name, rule.row.as_ref()), entry))
        })
    }
}
