//! `secret`: a document, or one value of it. A request for a document that is not granted whole gets the values that are.

use super::{SecretGrant, SecretOffer, SecretTerms, documents, of_each, shared_name};
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::grantable::{Grantable, Granted, HasTerms};
use crate::policy::sections::Term;
use crate::policy::{Terms, Tree};
use crate::words::names::SecretName;
use crate::words::yaml::Place;
use crate::words::{Denial, Reason};
use std::collections::BTreeSet;

impl HasTerms for SecretName {
    type Terms = SecretTerms;
}

impl Grantable for SecretName {
    type Section = SecretGrant;
    type Offer<'a> = SecretOffer;
    const OUTLASTS_TOKEN: bool = true;

    fn guarded(&self) -> Option<&str> {
        Some(self.path.as_str())
    }

    fn offer<'a>(&self, entries: impl Iterator<Item = &'a SecretGrant> + Clone) -> Option<(Place, SecretOffer)> {
        SecretGrant::covering(entries, self).map(|(place, offer)| (place, offer.of_the_present()))
    }

    fn terms<'a>(
        &self,
        entries: impl Iterator<Item = &'a SecretGrant> + Clone,
        _facts: &Facts,
    ) -> Option<Result<SecretTerms, Denial>> {
        SecretGrant::covering(entries, self).map(|(_, offer)| Ok(offer.terms(self)))
    }

    fn values(offer: &SecretOffer) -> Vec<Term> {
        offer.values()
    }

    fn filed<'a>(files: &Tree, entries: impl Iterator<Item = &'a SecretGrant>) -> Vec<Self> {
        of_each(entries, &documents(files).collect())
    }

    fn whole(terms: &SecretTerms) -> Option<String> {
        Some(shared_name(&terms.name.path))
    }

    fn parts<'a>(&self, entries: impl Iterator<Item = &'a SecretGrant>) -> BTreeSet<Target> {
        if self.key.is_some() {
            return BTreeSet::new();
        }
        let named = |key: &str| Self { path: self.path.clone(), key: Some(key.to_owned()) };
        entries.filter_map(|entry| entry.key_of(&self.path)).map(|key| Target::Secret(named(key))).collect()
    }

    /// All values have to come from one policy. Its grant of the document has the strictest of all their terms.
    fn together(&self, parts: Vec<Granted>) -> Result<Granted, Denial> {
        let mut parts = parts.into_iter();
        let mut whole = parts.next().ok_or_else(|| Reason::Internal.with_cause("a document of no values"))?;
        let mut only = Vec::new();
        let mut kept = take_value(&whole.terms, &mut only)?;
        for value in parts {
            if value.policy != whole.policy {
                let cause = format!("values of {} are granted by {} and {}", self.path, whole.policy, value.policy);
                let detail = "Several policies grant values of this document: name one, or ask for one value.";
                return Err(Reason::PolicyAmbiguous.with_cause(cause).with_detail(detail));
            }
            let terms = take_value(&value.terms, &mut only)?;
            kept.offline = kept.offline.min(terms.offline);
            kept.unauthenticated &= terms.unauthenticated;
            whole.once |= value.once;
            whole.proof = whole.proof.max(value.proof);
            whole.session = whole.session.min(value.session);
            whole.expires = whole.expires.into_iter().chain(value.expires).min();
        }
        Ok(Granted { terms: Terms::Secret(SecretTerms { name: self.clone(), only: Some(only), ..kept }), ..whole })
    }
}

fn take_value(terms: &Terms, only: &mut Vec<String>) -> Result<SecretTerms, Denial> {
    let Terms::Secret(terms) = terms else { return Err(Reason::Internal.with_cause("a value that is no secret")) };
    only.extend(terms.name.key.clone());
    Ok(terms.clone())
}
