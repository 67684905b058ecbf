//! `token_exchange`: a token of a service, with the fields that a rule sets.

use super::{TokenExchangeGrant, TokenExchangeTerms, fits, is_all_of};
use crate::identity::Facts;
use crate::kind::{Target, TokenExchangeTarget};
use crate::policy::grantable::{Grantable, HasTerms, OfferedTo, only_one};
use crate::policy::pattern::Pattern;
use crate::policy::sections::{Section, Term, Value};
use crate::words::yaml::Place;
use crate::words::{Denial, Reason};
use std::time::Duration;

impl HasTerms for TokenExchangeTarget {
    type Terms = TokenExchangeTerms;
}

impl Grantable for TokenExchangeTarget {
    type Section = TokenExchangeGrant;
    type Offer<'a> = Duration;

    fn guarded(&self) -> Option<&str> {
        None
    }

    fn fits(&self, pattern: &Pattern) -> bool {
        fits(pattern, self)
    }

    fn lies_within<'a>(&self, mut patterns: impl Iterator<Item = &'a Pattern> + Clone) -> bool {
        patterns.any(|pattern| is_all_of(pattern, self))
    }

    fn offer<'a>(&self, mut entries: impl Iterator<Item = &'a TokenExchangeGrant> + Clone) -> Option<(Place, Duration)> {
        entries.find(|entry| self.is_of(entry)).map(|entry| (entry.place, entry.ttl))
    }

    /// Nobody gets it if it is granted on several terms, because a request cannot choose one.
    fn offered_to<'a>(&self, entries: impl Iterator<Item = &'a TokenExchangeGrant> + Clone) -> OfferedTo {
        let mut all = entries.filter(|entry| self.is_of(entry));
        let first = all.next();
        if all.all(|other| first.is_some_and(|first| first.is_like(other))) { OfferedTo::Anyone } else { OfferedTo::NoOne }
    }

    fn terms<'a>(
        &self,
        entries: impl Iterator<Item = &'a TokenExchangeGrant> + Clone,
        _: &Facts,
    ) -> Option<Result<TokenExchangeTerms, Denial>> {
        let mut all = entries.filter(|entry| self.is_of(entry));
        let first = all.next()?;
        if all.any(|other| !first.is_like(other)) {
            return Some(Err(ambiguous()));
        }
        let (service, fields) = (first.service.clone(), first.fields.clone());
        Some(Ok(TokenExchangeTerms { service, fields, ttl: first.ttl }))
    }

    fn values(ttl: &Duration) -> Vec<Term> {
        vec![Term::new("ttl", Value::Length(*ttl))]
    }

    /// The token, if only one is granted.
    fn choose<'a>(entries: impl Iterator<Item = &'a TokenExchangeGrant>) -> Result<Option<Self>, Denial> {
        only_one(entries.map(TokenExchangeGrant::whole), "no policy grants any token of a service to this identity", ambiguous)
    }

    fn chosen(terms: &TokenExchangeTerms) -> Option<Target> {
        Some(terms.target().into())
    }

    /// A request may leave the fields open: a denial counts for the chosen ones.
    fn between(terms: &TokenExchangeTerms) -> Option<Target> {
        Some(terms.target().into())
    }
}

impl TokenExchangeTarget {
    fn is_of(&self, entry: &TokenExchangeGrant) -> bool {
        self.service.as_ref().is_none_or(|service| *service == entry.service)
            && self.fields.as_ref().is_none_or(|fields| *fields == entry.fields)
    }
}

fn ambiguous() -> Denial {
    Reason::PolicyAmbiguous
        .with_cause("several tokens of services are granted and none of them was named")
        .with_detail("Several tokens of services are granted: name the service and its fields.")
}
