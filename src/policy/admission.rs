//! What lets somebody log in.

use crate::words::names::PolicyName;
use std::time::Duration;

/// The proof that a rule in force is for this identity, whatever it grants. Only `PolicySet::admit` makes one.
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

    /// How long some policy that admits lets a session last although its token has ended. Which use of it is granted then, each
    /// policy says.
    pub const fn session(&self) -> Option<Duration> {
        self.session
    }

    /// The one policy that was named, if one was.
    pub const fn policy(&self) -> Option<&PolicyName> {
        self.policy.as_ref()
    }
}
