//! `secret_at`: a secret as an older commit had it. Every entry that covers it has to allow that.

use super::{PastSecretTerms, SecretGrant, SecretOffer, shared_name};
use crate::identity::Facts;
use crate::kind::PastSecret;
use crate::policy::grantable::{Grantable, OnTerms};
use crate::policy::sections::Term;
use crate::words::Denial;
use crate::words::yaml::Place;

impl OnTerms for PastSecret {
    type Terms = PastSecretTerms;
}

impl Grantable for PastSecret {
    type Section = SecretGrant;
    type Offer<'a> = SecretOffer;

    fn guarded(&self) -> Option<&str> {
        Some(self.name.path.as_str())
    }

    fn offer<'a>(&self, entries: impl Iterator<Item = &'a SecretGrant> + Clone) -> Option<(Place, SecretOffer)> {
        SecretGrant::covering_past(entries, &self.name)
    }

    fn terms<'a>(
        &self,
        entries: impl Iterator<Item = &'a SecretGrant> + Clone,
        _facts: &Facts,
    ) -> Option<Result<PastSecretTerms, Denial>> {
        let (_, offer) = self.offer(entries)?;
        Some(Ok(PastSecretTerms { secret: offer.terms(&self.name), commit: self.commit.clone() }))
    }

    fn values(offer: &SecretOffer) -> Vec<Term> {
        offer.values()
    }

    fn whole(terms: &PastSecretTerms) -> Option<String> {
        Some(shared_name(&terms.secret.name.path))
    }
}
