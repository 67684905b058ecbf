//! `secret_at`: a secret as an older commit had it. Every entry that covers it has to allow that.

use super::{PastSecretTerms, SecretGrant, SecretOffer, documents, of_each, past, shared_name};
use crate::identity::Facts;
use crate::kind::PastSecret;
use crate::policy::grantable::{Compared, Grantable, HasTerms, Unlisted};
use crate::policy::sections::{Section, Term};
use crate::words::Denial;
use crate::words::names::SecretPath;
use crate::words::yaml::Place;
use std::collections::BTreeSet;

impl HasTerms for PastSecret {
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

    /// All present documents, and some that only older commits have. Without a commit, because a policy grants all commits.
    fn unlisted(revisions: &Compared<'_>) -> Unlisted<Self> {
        let rules = || revisions.rules.iter().copied();
        let entries = || rules().flat_map(|rule| rule.grants.of::<SecretGrant>());
        if !entries().any(|entry| entry.kept.history) {
            return Unlisted::default();
        }
        let present: BTreeSet<SecretPath> = revisions.files.into_iter().flat_map(documents).collect();
        let denied = revisions.denied.iter().filter(|(word, _)| *word == SecretGrant::WORD);
        let past = past::documents(rules(), denied.map(|(_, pattern)| *pattern), &present);
        let all = past.documents.union(&present).cloned().collect();
        let named = of_each(entries(), &all).into_iter();
        Unlisted { of: named.map(|name| Self { commit: None, name }).collect(), stand_for_all: past.stand_for_all }
    }

    fn whole(terms: &PastSecretTerms) -> Option<String> {
        Some(shared_name(&terms.secret.name.path))
    }
}
