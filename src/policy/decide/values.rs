//! Grants in parts: a request for a whole document gets the values that are granted, if only some are, and the answer says which.

use super::{Moment, PolicySet};
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::grantable::Granted;
use crate::words::names::PolicyName;
use crate::words::{Denial, Reason};

impl PolicySet {
    /// The grant of the target, or the grants of its parts if it is not granted whole.
    pub(super) fn grant_whole_or_parts(
        &self,
        facts: &Facts,
        wanted: &Target,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Result<Granted, Denial> {
        match self.grant_one(facts, wanted, named, moment) {
            Err(denial) if denial.reason == Reason::NoMatchingPolicy => {
                self.grant_parts(facts, wanted, named, moment).unwrap_or(Err(denial))
            }
            decided => decided,
        }
    }

    /// The parts of it that are granted, as one grant; `None` if no part is. Each part is decided as if it were requested alone.
    fn grant_parts(
        &self,
        facts: &Facts,
        wanted: &Target,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Option<Result<Granted, Denial>> {
        let parts = wanted.parts(self.matching(facts, named, moment.now).map(|(_, rule)| rule));
        if parts.is_empty() {
            return None;
        }
        let granted = parts.iter().map(|part| self.grant_one(facts, part, named, moment)).collect::<Result<Vec<_>, _>>();
        Some(granted.and_then(|granted| wanted.together(granted)))
    }
}

#[cfg(test)]
mod tests;
