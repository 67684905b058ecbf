//! What lets somebody log in.

use crate::words::names::PolicyName;

/// The proof that a rule in force is for this identity, whatever it grants. Only `PolicySet::admit` makes one.
#[must_use]
#[derive(Debug)]
pub struct Admission {
    policy: Option<PolicyName>,
}

impl Admission {
    pub(super) const fn new(policy: Option<PolicyName>) -> Self {
        Self { policy }
    }

    /// The one policy that was named, if one was.
    pub const fn policy(&self) -> Option<&PolicyName> {
        self.policy.as_ref()
    }
}
