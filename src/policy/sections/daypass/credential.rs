//! `daypass`: a use of daypass itself.

use super::PermissionGrant;
use crate::identity::Facts;
use crate::kind::Permission;
use crate::policy::grantable::{Grantable, HasTerms};
use crate::policy::sections::{Section, Term};
use crate::words::Denial;
use crate::words::yaml::Place;

impl HasTerms for Permission {
    type Terms = Self;
}

impl Grantable for Permission {
    type Section = PermissionGrant;
    type Offer<'a> = ();
    const IS_RETRIED: bool = false;

    fn guarded(&self) -> Option<&str> {
        Some(self.as_str())
    }

    fn offer<'a>(&self, mut entries: impl Iterator<Item = &'a PermissionGrant> + Clone) -> Option<(Place, ())> {
        entries.find(|entry| entry.permission == *self).map(|entry| (entry.place(), ()))
    }

    fn terms<'a>(
        &self,
        entries: impl Iterator<Item = &'a PermissionGrant> + Clone,
        _facts: &Facts,
    ) -> Option<Result<Self, Denial>> {
        self.offer(entries).map(|_| Ok(*self))
    }

    fn values((): &()) -> Vec<Term> {
        Vec::new()
    }
}
