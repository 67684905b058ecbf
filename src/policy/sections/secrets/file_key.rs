//! `file_key`: the file key of a document that is granted whole.

use super::{FileKeyTerms, SecretGrant, SecretOffer, shared_name};
use crate::identity::Facts;
use crate::kind::FileKeyTarget;
use crate::policy::grantable::{Grantable, HasTerms};
use crate::policy::sections::Term;
use crate::words::Denial;
use crate::words::yaml::Place;

impl HasTerms for FileKeyTarget {
    type Terms = FileKeyTerms;
}

impl Grantable for FileKeyTarget {
    type Section = SecretGrant;
    type Offer<'a> = SecretOffer;

    fn guarded(&self) -> Option<&str> {
        Some(self.document.as_str())
    }

    fn offer<'a>(&self, entries: impl Iterator<Item = &'a SecretGrant> + Clone) -> Option<(Place, SecretOffer)> {
        self.secret().offer(entries)
    }

    fn terms<'a>(
        &self,
        entries: impl Iterator<Item = &'a SecretGrant> + Clone,
        _facts: &Facts,
    ) -> Option<Result<FileKeyTerms, Denial>> {
        self.offer(entries).map(|_| Ok(FileKeyTerms { document: self.document.clone(), header: self.header }))
    }

    fn values(offer: &SecretOffer) -> Vec<Term> {
        offer.values()
    }

    fn whole(terms: &FileKeyTerms) -> Option<String> {
        Some(shared_name(&terms.document))
    }
}
