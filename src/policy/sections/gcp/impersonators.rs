//! What the operator has to set up in Google Cloud for the service accounts that policies grant, and no more.

use super::GcpGrant;
use crate::kind::{Principal, ServiceAccount};
use crate::policy::decide::PolicySet;
use crate::words::UnixTime;
use std::collections::{BTreeMap, BTreeSet};

/// Who uses the workload identity pool, and for what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GcpUse {
    /// Each service account, and who acts as it.
    pub accounts: BTreeMap<ServiceAccount, Impersonators>,
    /// The subjects of our tokens that have direct access.
    pub direct: BTreeSet<String>,
}

/// Who acts as a service account.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Impersonators {
    /// The subjects of our tokens.
    pub subjects: BTreeSet<String>,
    /// The service accounts that come before it in a chain of delegates.
    pub accounts: BTreeSet<ServiceAccount>,
}

impl GcpUse {
    /// Every subject that the pool sees.
    pub fn subjects(&self) -> BTreeSet<&str> {
        let subjects = self.accounts.values().flat_map(|used| &used.subjects).chain(&self.direct);
        subjects.map(String::as_str).collect()
    }
}

impl PolicySet {
    /// The use of the pool by the policies in force.
    pub fn gcp_use(&self, now: UnixTime) -> GcpUse {
        let mut used = GcpUse::default();
        for (subject, grant) in self.in_force::<GcpGrant>(now) {
            let Principal::ServiceAccount(account) = grant.terms().principal() else {
                used.direct.insert(subject);
                continue;
            };
            let mut before: Option<&ServiceAccount> = None;
            for next in grant.terms().delegates().iter().chain([&account]) {
                let acts = used.accounts.entry(next.clone()).or_default();
                match before.replace(next) {
                    None => _ = acts.subjects.insert(subject.clone()),
                    Some(before) => _ = acts.accounts.insert(before.clone()),
                }
            }
        }
        used
    }
}
