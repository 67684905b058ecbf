//! `id_token`: a token of daypass's own issuer for an audience that a rule names.

use super::{IdTokenGrant, IdTokenTerms};
use crate::identity::Facts;
use crate::kind::IdTokenTarget;
use crate::policy::grantable::{Grantable, HasTerms};
use crate::policy::sections::{Templates, Term, Value, render_templates};
use crate::words::Denial;
use crate::words::yaml::Place;
use std::time::Duration;

impl HasTerms for IdTokenTarget {
    type Terms = IdTokenTerms;
}

impl Grantable for IdTokenTarget {
    type Section = IdTokenGrant;
    type Offer<'a> = (Duration, &'a Templates);

    fn guarded(&self) -> Option<&str> {
        Some(self.audience.as_str())
    }

    fn offer<'a>(&self, mut entries: impl Iterator<Item = &'a IdTokenGrant> + Clone) -> Option<(Place, Self::Offer<'a>)> {
        let entry = entries.find(|entry| entry.audience == self.audience)?;
        Some((entry.place, (entry.ttl, &entry.claims)))
    }

    fn terms<'a>(
        &self,
        mut entries: impl Iterator<Item = &'a IdTokenGrant> + Clone,
        facts: &Facts,
    ) -> Option<Result<IdTokenTerms, Denial>> {
        entries.find(|entry| entry.audience == self.audience).map(|entry| entry.terms(facts))
    }

    fn values((ttl, claims): &Self::Offer<'_>) -> Vec<Term> {
        vec![Term::new("ttl", Value::Length(*ttl)), Term::new("claims", Value::Text(render_templates(claims)))]
    }
}
