//! `gcp`: a requested token of Google Cloud, within an entry of a rule.

use super::{GcpGrant, GcpTerms, TTL_DEFAULT};
use crate::identity::Facts;
use crate::kind::{GcpScope, GcpTarget, Principal, ServiceAccount, Target};
use crate::policy::grantable::{Grantable, HasTerms, OfferedTo, only_one};
use crate::policy::pattern::Pattern;
use crate::policy::sections::{Term, Value, joined};
use crate::words::yaml::Place;
use crate::words::{Denial, Reason};
use std::collections::BTreeSet;

impl HasTerms for GcpTarget {
    type Terms = GcpTerms;
}

impl Grantable for GcpTarget {
    type Section = GcpGrant;
    type Offer<'a> = &'a GcpTerms;

    fn guarded(&self) -> Option<&str> {
        self.of.as_ref().map(Principal::as_str)
    }

    /// Whether the account or one of its delegates fits.
    fn fits(&self, pattern: &Pattern) -> bool {
        self.guarded().into_iter().chain(self.on_the_way()).any(|account| pattern.matches(account))
    }

    /// Whether the account and all of its delegates are within.
    fn lies_within<'a>(&self, patterns: impl Iterator<Item = &'a Pattern> + Clone) -> bool {
        let is_within = |account: &str| patterns.clone().any(|pattern| pattern.matches(account));
        self.guarded().is_some_and(is_within) && self.on_the_way().all(is_within)
    }

    fn offer<'a>(&self, mut entries: impl Iterator<Item = &'a GcpGrant> + Clone) -> Option<(Place, &'a GcpTerms)> {
        entries.find(|entry| entry.terms.is_requested(self)).map(|entry| (entry.place, &entry.terms))
    }

    /// Nobody gets it if it is granted on several terms, because a request cannot choose one.
    fn offered_to<'a>(&self, entries: impl Iterator<Item = &'a GcpGrant> + Clone) -> OfferedTo {
        let mut all = entries.map(|entry| &entry.terms).filter(|terms| terms.is_requested(self));
        let first = all.next();
        if all.all(|other| Some(other) == first) { OfferedTo::Anyone } else { OfferedTo::NoOne }
    }

    fn terms<'a>(&self, entries: impl Iterator<Item = &'a GcpGrant> + Clone, _: &Facts) -> Option<Result<GcpTerms, Denial>> {
        let mut all = entries.map(|entry| &entry.terms).filter(|terms| terms.is_requested(self));
        let first = all.next()?;
        Some(if all.all(|other| other == first) { Ok(first.clone()) } else { Err(ambiguous()) })
    }

    /// For a federated token and an ID token Google sets the lifetime: an hour at most.
    fn values(terms: &Self::Offer<'_>) -> Vec<Term> {
        let (ttl, scopes, boundary) = match terms {
            GcpTerms::Access { ttl, scopes, boundary, .. } => (*ttl, scopes, boundary.as_ref()),
            GcpTerms::Direct { scopes, boundary } => (TTL_DEFAULT, scopes, boundary.as_ref()),
            GcpTerms::IdToken { .. } => (TTL_DEFAULT, const { &BTreeSet::new() }, None),
        };
        let scopes: BTreeSet<String> = scopes.iter().map(GcpScope::to_string).collect();
        vec![
            Term::new("ttl", Value::Length(ttl)),
            Term::new("scopes", Value::Names(Some(scopes))),
            Term::new("boundary", Value::Limit(boundary.map(ToString::to_string))),
            Term::new("delegates", Value::Text(joined(terms.delegates().iter().map(ServiceAccount::as_str)))),
        ]
    }

    /// The access token, if only one is granted.
    fn choose<'a>(entries: impl Iterator<Item = &'a GcpGrant>) -> Result<Option<Self>, Denial> {
        let granted = entries.map(|entry| entry.terms.target()).filter(|target: &Self| target.audience.is_none());
        only_one(granted, "no policy grants any access token of Google's to this identity", ambiguous)
    }

    fn chosen(terms: &GcpTerms) -> Option<Target> {
        Some(terms.target().into())
    }

    /// A request may leave the account open: a denial counts for the chosen account, and for its delegates.
    fn between(terms: &GcpTerms) -> Option<Target> {
        Some(terms.whole().into())
    }
}

impl GcpTarget {
    fn on_the_way(&self) -> impl Iterator<Item = &str> {
        self.through.iter().map(ServiceAccount::as_str)
    }
}

fn ambiguous() -> Denial {
    Reason::PolicyAmbiguous
        .with_cause("several tokens of Google's are granted and none of them was named")
        .with_detail("Several tokens of Google's are granted: name the service account, or the policy.")
}
