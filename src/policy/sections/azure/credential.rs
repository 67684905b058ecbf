//! `azure`: one use of an application that a rule names.

use super::{ACCESS_TTL_MAX, AzureGrant, AzureTerms, fits, is_all_of};
use crate::identity::Facts;
use crate::kind::{AzureTarget, AzureUse, Target};
use crate::policy::grantable::{Grantable, OnTerms};
use crate::policy::pattern::Pattern;
use crate::policy::sections::{Term, Value};
use crate::words::yaml::Place;
use crate::words::{Denial, Reason};
use std::time::Duration;

impl OnTerms for AzureTarget {
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
        match &self.named {
            None => entries.next().map(|entry| (entry.place, entry.ttl)),
            Some(named) => entry_for(named, entries),
        }
    }

    fn terms<'a>(&self, entries: impl Iterator<Item = &'a AzureGrant> + Clone, _: &Facts) -> Option<Result<AzureTerms, Denial>> {
        let named = self.named.as_ref()?;
        entry_for(named, entries).map(|(_, ttl)| Ok(AzureTerms { granted: named.clone(), ttl }))
    }

    fn values(ttl: &Duration) -> Vec<Term> {
        vec![Term::new("ttl", Value::Length(*ttl))]
    }

    /// The only use that is granted.
    fn choose<'a>(entries: impl Iterator<Item = &'a AzureGrant>) -> Result<Option<Self>, Denial> {
        let mut all: Vec<&AzureUse> = entries.map(|entry| &entry.granted).collect();
        all.sort();
        all.dedup();
        match all[..] {
            [] => Err(Reason::NoMatchingPolicy.because("no policy grants any Azure token to this identity")),
            [only] => Ok(Some(Self { named: Some(only.clone()) })),
            _ => Err(Reason::PolicyAmbiguous
                .because("several Azure tokens are granted and none was asked for")
                .saying("Several Azure tokens are granted: name the application and the scope.")),
        }
    }

    fn chosen(terms: &AzureTerms) -> Option<Target> {
        Some(Self { named: Some(terms.granted.clone()) }.into())
    }
}

/// The entry that grants it, and how long its token may live. Whoever holds our token for an application has its every scope: so an
/// access token is no more, and lives as long as Entra wants.
fn entry_for<'a>(named: &AzureUse, mut entries: impl Iterator<Item = &'a AzureGrant> + Clone) -> Option<(Place, Duration)> {
    let exact = entries.clone().find(|entry| entry.granted == *named).map(|entry| (entry.place, entry.ttl));
    let is_any = |entry: &&AzureGrant| entry.granted.client_id == named.client_id && entry.granted.scope.is_none();
    exact.or_else(|| entries.find(is_any).map(|entry| (entry.place, ACCESS_TTL_MAX)))
}
