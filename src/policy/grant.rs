//! The result of a decision: the terms of each credential of a request.

use super::grantable::Granted;
use super::operator_denial::LiveChecks;
use super::request::Request;
use crate::identity::Facts;
use crate::words::names::{PolicyName, RowName};
use crate::words::{Denial, Reason};
use std::collections::BTreeSet;

/// What the policies in force decide on a request. It grants nothing before [`Decision::stands`]. Only `PolicySet::decide` makes one.
#[must_use]
#[derive(Debug)]
pub struct Decision<'a> {
    granted: Vec<Granted>,
    request: &'a Request,
}

impl<'a> Decision<'a> {
    pub(super) const fn new(granted: Vec<Granted>, request: &'a Request) -> Self {
        Self { granted, request }
    }

    /// The grant, if nothing denies it at this moment.
    pub fn stands(self, standing: &LiveChecks<'_>, facts: &Facts) -> Result<Grant, Denial> {
        let Self { granted, request } = self;
        let granting = granted.iter().map(|granted| (&granted.source, &granted.policy));
        standing.check(granting, facts)?;
        Ok(Grant { granted, request: Box::new(request.clone()) })
    }
}

/// The proof that every credential of a request is granted now. Only [`Decision::stands`] makes one.
#[must_use]
#[derive(Debug)]
pub struct Grant {
    granted: Vec<Granted>,
    /// Boxed, because a grant is also what some functions return as their error.
    request: Box<Request>,
}

impl Grant {
    /// For the tests of what comes after a grant.
    #[cfg(test)]
    pub(crate) fn of_nothing() -> Self {
        Self { granted: Vec::new(), request: Box::new(Request::nothing(None)) }
    }

    /// One entry for each credential of the request, in its order.
    pub fn granted(&self) -> &[Granted] {
        &self.granted
    }

    /// What was asked for, so that it can be decided again.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Refuses if a later decision on the same request grants by another policy or on other terms.
    pub fn check_unchanged(&self, later: &Self) -> Result<(), Denial> {
        if self.granted == later.granted {
            return Ok(());
        }
        Err(Reason::PolicyChanged.with_cause("the policies changed while it was made, and grant it on other terms now"))
    }

    /// The policy of each credential, in the same order.
    pub fn policies(&self) -> Vec<&str> {
        self.granted.iter().map(|granted| granted.policy.as_str()).collect()
    }

    /// Each policy once.
    pub fn granting(&self) -> BTreeSet<PolicyName> {
        self.granted.iter().map(|granted| granted.policy.clone()).collect()
    }

    /// The row of each credential, in the same order; `None` if none has one.
    pub fn rows(&self) -> Option<Vec<Option<RowName>>> {
        let rows = self.granted.iter().map(|granted| granted.row.clone());
        rows.clone().any(|row| row.is_some()).then(|| rows.collect())
    }
}

#[cfg(test)]
mod tests;
