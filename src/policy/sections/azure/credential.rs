//! `azure`: one use of an application that a rule names.

use super::{AzureGrant, AzureTerms, fits, is_all_of};
use crate::identity::Facts;
use crate::kind::{AzureTarget, AzureUse, Target};
use crate::policy::grantable::{Grantable, HasTerms, only_one};
use crate::policy::pattern::Pattern;
use crate::policy::sections::{Term, Value};
use crate::words::yaml::Place;
use crate::words::{Denial, Reason};
use std::time::Duration;

impl HasTerms for AzureTarget {
    type Terms = AzureTerms;
}

impl Grantable for AzureTarget {
    type Section = AzureGrant;
    type Offer<'a> = Duration;

    fn guarded(&self) -> Option<&str> {
        None
    }

    fn fits(&self, pattern: &Pattern) -> bool {
        self.named.as_ref().is_some_and(|named| fits(pattern, named))
    }

    fn lies_within<'a>(&self, mut patterns: impl Iterator<Item = &'a Pattern> + Clone) -> bool {
        self.named.as_ref().is_some_and(|named| patterns.any(|pattern| is_all_of(pattern, named)))
    }

    fn offer<'a>(&self, mut entries: impl Iterator<Item = &'a AzureGrant> + Clone) -> Option<(Place, Duration)> {
        let entry = entries.find(|entry| self.named.as_ref().is_none_or(|named| *named == entry.granted))?;
        Some((entry.place, entry.ttl))
    }

    fn terms<'a>(
        &self,
        mut entries: impl Iterator<Item = &'a AzureGrant> + Clone,
        _: &Facts,
    ) -> Option<Result<AzureTerms, Denial>> {
        let entry = entries.find(|entry| Some(&entry.granted) == self.named.as_ref())?;
        Some(Ok(AzureTerms { granted: entry.granted.clone(), ttl: entry.ttl }))
    }

    fn values(ttl: &Duration) -> Vec<Term> {
        vec![Term::new("ttl", Value::Length(*ttl))]
    }

    /// The holder of our token for an application can exchange it for any scope.
    fn had_by(&self) -> Option<Target> {
        let AzureUse { client_id, scope: Some(_) } = self.named.as_ref()? else { return None };
        Some(Self { named: Some(AzureUse { client_id: client_id.clone(), scope: None }) }.into())
    }

    /// The use, if only one is granted.
    fn choose<'a>(entries: impl Iterator<Item = &'a AzureGrant>) -> Result<Option<Self>, Denial> {
        only_one(
            entries.map(|entry| Self { named: Some(entry.granted.clone()) }),
            "no policy grants any Azure token to this identity",
            ambiguous,
        )
    }

    fn chosen(terms: &AzureTerms) -> Option<Target> {
        Some(Self { named: Some(terms.granted.clone()) }.into())
    }
}

fn ambiguous() -> Denial {
    Reason::PolicyAmbiguous
        .with_cause("several Azure tokens are granted and none was asked for")
        .with_detail("Several Azure tokens are granted: name the application and the scope.")
}
