//! What is granted in parts: of a document of which only some values are granted, whoever asks for it whole is answered with those,
//! and told which.

use super::{Moment, PolicySet};
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::grantable::Granted;
use crate::words::names::PolicyName;
use crate::words::{Denial, Reason};

impl PolicySet {
    /// What is asked for, or where it is not granted whole its granted parts.
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

    /// The parts that are granted one by one; `None` when none is. Each is decided over as if it were asked for alone.
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
