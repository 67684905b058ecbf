//! `transit`: a use of a transit key.

use super::TransitGrant;
use crate::identity::Facts;
use crate::kind::TransitUse;
use crate::policy::grantable::{Grantable, OnTerms};
use crate::policy::sections::{Section, Term};
use crate::words::Denial;
use crate::words::yaml::Place;

impl OnTerms for TransitUse {
    type Terms = Self;
}

impl Grantable for TransitUse {
    type Section = TransitGrant;
    type Offer<'a> = ();
    const OUTLASTS_TOKEN: bool = true;

    fn guarded(&self) -> Option<&str> {
        Some(self.key.as_str())
    }

    fn offer<'a>(&self, mut entries: impl Iterator<Item = &'a TransitGrant> + Clone) -> Option<(Place, ())> {
        entries.find(|entry| entry.covers(self)).map(|entry| (entry.place(), ()))
    }

    fn terms<'a>(&self, entries: impl Iterator<Item = &'a TransitGrant> + Clone, _facts: &Facts) -> Option<Result<Self, Denial>> {
        self.offer(entries).map(|_| Ok(self.clone()))
    }

    fn values((): &()) -> Vec<Term> {
        Vec::new()
    }
}
