//! `transit`: a use of a transit key.

use super::TransitGrant;
use crate::identity::Facts;
use crate::kind::TransitUse;
use crate::policy::Tree;
use crate::policy::grantable::{Grantable, HasTerms};
use crate::policy::sections::{Section, Term};
use crate::words::names::TransitKey;
use crate::words::yaml::Place;
use crate::words::{Denial, TransitFile};
use std::collections::BTreeSet;

impl HasTerms for TransitUse {
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

    fn filed<'a>(files: &Tree, _entries: impl Iterator<Item = &'a TransitGrant>) -> Vec<Self> {
        let keys: BTreeSet<TransitKey> = TransitFile::among(files).map(|file| file.key).collect();
        keys.iter().flat_map(Self::of_key).collect()
    }

    fn values((): &()) -> Vec<Term> {
        Vec::new()
    }
}
