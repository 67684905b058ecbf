//! What a policy grants to this request: terms in which nothing is left to choose.

use super::grantable::Terms;
use super::stop::Standing;
use crate::identity::Facts;
use crate::token::Possession;
use crate::words::names::{PolicyName, RowName, SourceName};
use crate::words::{Denial, UnixTime};
use std::collections::BTreeSet;
use std::time::Duration;

/// What the policies in force decide over a request. It grants nothing before [`Decision::stands`]. Only `PolicySet::decide` makes one.
#[must_use]
#[derive(Debug)]
pub struct Decision(Vec<Granted>);

impl Decision {
    pub(super) const fn new(granted: Vec<Granted>) -> Self {
        Self(granted)
    }

    /// The grant, where nothing stands against it at this moment.
    pub fn stands(self, standing: &Standing<'_>, facts: &Facts) -> Result<Grant, Denial> {
        standing.check(&self.0, facts).map(|()| Grant(self.0))
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

    /// The policy of each.
    pub fn policies(&self) -> Vec<&str> {
        self.0.iter().map(|granted| granted.policy.as_str()).collect()
    }

    /// Each policy once.
    pub fn granting(&self) -> BTreeSet<PolicyName> {
        self.0.iter().map(|granted| granted.policy.clone()).collect()
    }

    /// The row of each; `None` where none has one.
    pub fn rows(&self) -> Option<Vec<Option<&str>>> {
        let rows = self.0.iter().map(|granted| granted.row.as_ref().map(RowName::as_str));
        rows.clone().any(|row| row.is_some()).then(|| rows.collect())
    }
}

/// One credential, and the policy that grants it.
#[derive(PartialEq, Eq, Debug)]
pub struct Granted {
    /// The repository that the policy comes from.
    pub source: SourceName,
    /// The policy.
    pub policy: PolicyName,
    /// The row of the policy, where it has rows with names.
    pub row: Option<RowName>,
    /// What exactly.
    pub terms: Terms,
    /// Whether the policy lets a token be used only once.
    pub once: bool,
    /// What the policy wants proved beside the token.
    pub proof: Possession,
    /// How long the policy lets a session last although its token has ended.
    pub session: Option<Duration>,
    /// When the last of the policies that grant it ends, if all of them do.
    pub expires: Option<UnixTime>,
}

impl Granted {
    /// Whether a session of this age may have it although its token has ended: an AWS session or a token of our own would outlive it.
    pub(super) fn outlasts_token(&self, session_age: Duration) -> bool {
        self.terms.outlasts_token() && self.session.is_some_and(|lasting| session_age < lasting)
    }

    /// The subject of a token that we sign for it: source, policy and row.
    pub fn subject(&self) -> String {
        subject(&self.source, &self.policy, self.row.as_ref())
    }
}

/// Between a policy and its row. No name holds it, so no two rules have one subject; no cloud reads more into it than itself.
const ROW_SEPARATOR: char = ':';

/// The policies of a further source bear its name already.
pub(super) fn subject(source: &SourceName, policy: &PolicyName, row: Option<&RowName>) -> String {
    let mut subject = if source.is_root() { format!("{source}/{policy}") } else { policy.to_string() };
    if let Some(row) = row {
        subject.push(ROW_SEPARATOR);
        subject.push_str(row.as_str());
    }
    subject
}

/// The subject that the rows of a policy share as long as they have no names; `None` where it is this one.
pub fn shared_subject(subject: &str) -> Option<&str> {
    subject.split_once(ROW_SEPARATOR).map(|(policy, _)| policy)
}

#[cfg(test)]
mod tests;
