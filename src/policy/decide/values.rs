//! Grants in parts: a request for a whole document gets the values that are granted, if only some are, and the answer says which.

use super::{Moment, PolicySet, agreed};
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::grantable::Granted;
use crate::words::names::PolicyName;
use crate::words::{Denial, Reason};
use std::collections::BTreeSet;

impl PolicySet {
    /// The grant of the target, or the grants of its parts if it is not granted whole.
    pub(super) fn grant_whole_or_parts(
        &self,
        facts: &Facts,
        target: &Target,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Result<Granted, Denial> {
        match self.grant_one(facts, target, named, moment) {
            Err(denial) if denial.reason == Reason::NoMatchingPolicy => {
                self.grant_parts(facts, target, named, moment).unwrap_or(Err(denial))
            }
            decided => decided,
        }
    }

    /// The parts of it that are granted, as one grant; `None` if no part is. A policy that grants all of them is preferred to one
    /// that grants some of them too: which of both comes first says nothing.
    fn grant_parts(
        &self,
        facts: &Facts,
        target: &Target,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Option<Result<Granted, Denial>> {
        let parts = target.parts(self.matching(facts, named, moment.now).map(|(_, rule)| rule));
        if parts.is_empty() {
            return None;
        }
        // What is denied whichever policy grants it comes first, so that the reason is the same in any order.
        if let Some(denial) = parts.iter().find_map(|part| self.guardrails.against(facts, part)) {
            return Some(Err(denial));
        }
        let by = |named: Option<&PolicyName>| {
            let granted = parts.iter().map(|part| self.grant_one(facts, part, named, moment)).collect::<Result<Vec<_>, _>>();
            granted.and_then(|granted| target.together(granted))
        };
        let complete = match self.granting_all(facts, &parts, named, moment) {
            Ok(complete) => complete,
            Err(denial) => return Some(Err(denial)),
        };
        if complete.is_empty() {
            return Some(by(named));
        }
        let granted = complete.iter().map(|policy| by(Some(policy)));
        Some(only_terms(granted.collect(), target))
    }

    /// The policies that grant every part.
    fn granting_all(
        &self,
        facts: &Facts,
        parts: &BTreeSet<Target>,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Result<BTreeSet<PolicyName>, Denial> {
        let granting = |part: &Target| -> Result<BTreeSet<PolicyName>, Denial> {
            let (_, granted) = self.offered(facts, part, named, moment.now)?;
            Ok(granted.into_iter().map(|granted| granted.policy).collect())
        };
        let mut all: Option<BTreeSet<PolicyName>> = None;
        for part in parts {
            let granting = granting(part)?;
            all = Some(all.map_or(granting.clone(), |all| &all & &granting));
        }
        Ok(all.unwrap_or_default())
    }
}

/// One grant of several policies' grants of the same parts, as for a target that is granted whole: they have to agree on its terms.
/// Those that do not last as long as the session do not count.
fn only_terms(mut decided: Vec<Result<Granted, Denial>>, wanted: &Target) -> Result<Granted, Denial> {
    let is_over = |one: &Result<Granted, Denial>| one.as_ref().is_err_and(|denial| denial.reason == Reason::SessionRefused);
    if !decided.iter().all(is_over) {
        decided.retain(|one| !is_over(one));
    }
    agreed(decided.into_iter().collect::<Result<_, _>>()?, wanted)
}

#[cfg(test)]
mod tests;
