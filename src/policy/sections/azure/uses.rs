//! What the operator has to set up in Entra: the subjects of each application.

use super::AzureGrant;
use crate::kind::Guid;
use crate::policy::decide::PolicySet;
use crate::words::UnixTime;
use std::collections::{BTreeMap, BTreeSet};

impl PolicySet {
    /// Each application of which a token may be granted now, with the subjects of our tokens that use it.
    pub fn applications(&self, now: UnixTime) -> BTreeMap<Guid, BTreeSet<String>> {
        let mut all = BTreeMap::<Guid, BTreeSet<String>>::new();
        for (subject, entry) in self.in_force::<AzureGrant>(now) {
            all.entry(entry.granted.client_id.clone()).or_default().insert(subject);
        }
        all
    }
}
