//! The result of a decision: the terms of each credential of a request.

use super::grantable::Granted;
use super::operator_denial::LiveChecks;
use crate::identity::Facts;
use crate::words::Denial;
use crate::words::names::{PolicyName, RowName};
use std::collections::BTreeSet;

/// What the policies in force decide on a request. It grants nothing before [`Decision::stands`]. Only `PolicySet::decide` makes one.
#[must_use]
#[derive(Debug)]
pub struct Decision(Vec<Granted>);

impl Decision {
    pub(super) const fn new(granted: Vec<Granted>) -> Self {
        Self(granted)
    }

    /// The grant, if nothing denies it at this moment.
    pub fn stands(self, standing: &LiveChecks<'_>, facts: &Facts) -> Result<Grant, Denial> {
        let granting = self.0.iter().map(|granted| (&granted.source, &granted.policy));
        standing.check(granting, facts).map(|()| Grant(self.0))
    }
}

/// The proof that every credential of a request is granted now. Only [`Decision::stands`] makes one.
#[must_use]
#[derive(Debug)]
pub struct Grant(Vec<Granted>);

impl Grant {
    /// For the tests of what comes after a grant.
    #[cfg(test)]
    pub(crate) const fn of_nothing() -> Self {
        Self(Vec::new())
    }

    /// One entry for each credential of the request, in its order.
    pub fn granted(&self) -> &[Granted] {
        &self.0
    }

    /// The policy of each credential, in the same order.
    pub fn policies(&self) -> Vec<&str> {
        self.0.iter().map(|granted| granted.policy.as_str()).collect()
    }

    /// Each policy once.
    pub fn granting(&self) -> BTreeSet<PolicyName> {
        self.0.iter().map(|granted| granted.policy.clone()).collect()
    }

    /// The row of each credential, in the same order; `None` if none has one.
    pub fn rows(&self) -> Option<Vec<Option<RowName>>> {
        let rows = self.0.iter().map(|granted| granted.row.clone());
        rows.clone().any(|row| row.is_some()).then(|| rows.collect())
    }
}

#[cfg(test)]
mod tests;
