//! The proof that an identity may log in.

use crate::words::names::PolicyName;
use std::time::Duration;

/// The proof that a rule in force matches this identity, whatever the rule grants. Only `PolicySet::admit` makes one.
#[must_use]
#[derive(Debug)]
pub struct Admission {
    policy: Option<PolicyName>,
    session: Option<Duration>,
}

impl Admission {
    pub(super) const fn new(policy: Option<PolicyName>, session: Option<Duration>) -> Self {
        Self { policy, session }
    }

    /// How long a session may last after its token has ended: the longest time that a matching policy allows. Each policy decides
    /// what it grants to such a session.
    pub const fn session(&self) -> Option<Duration> {
        self.session
    }

    /// The policy that the client named, if it named one.
    pub const fn policy(&self) -> Option<&PolicyName> {
        self.policy.as_ref()
    }
}
