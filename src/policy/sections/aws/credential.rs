//! `aws`: a session of a role that a rule names.

use super::{AwsGrant, AwsTerms, SessionGrant};
use crate::identity::Facts;
use crate::kind::{AwsTarget, Target};
use crate::policy::grantable::{Grantable, HasTerms, only_one};
use crate::policy::sections::{Term, Value};
use crate::words::names::RoleArn;
use crate::words::yaml::Place;
use crate::words::{Denial, Reason};
use std::time::Duration;

impl HasTerms for AwsTarget {
    type Terms = AwsTerms;
}

impl Grantable for AwsTarget {
    type Section = AwsGrant;
    type Offer<'a> = (Duration, &'a SessionGrant);

    fn guarded(&self) -> Option<&str> {
        self.role.as_ref().map(RoleArn::as_str)
    }

    fn offer<'a>(&self, mut entries: impl Iterator<Item = &'a AwsGrant> + Clone) -> Option<(Place, Self::Offer<'a>)> {
        let entry = entries.find(|entry| self.role.as_ref().is_none_or(|role| *role == entry.role))?;
        Some((entry.place, (entry.ttl, &entry.session)))
    }

    fn terms<'a>(
        &self,
        mut entries: impl Iterator<Item = &'a AwsGrant> + Clone,
        facts: &Facts,
    ) -> Option<Result<AwsTerms, Denial>> {
        entries.find(|entry| Some(&entry.role) == self.role.as_ref()).map(|entry| entry.terms(facts))
    }

    fn values((ttl, session): &Self::Offer<'_>) -> Vec<Term> {
        std::iter::once(Term::new("ttl", Value::Length(*ttl))).chain(session.values()).collect()
    }

    /// The role, if only one is granted.
    fn choose<'a>(entries: impl Iterator<Item = &'a AwsGrant>) -> Result<Option<Self>, Denial> {
        only_one(entries.map(|entry| Self::of(entry.role.clone())), "no policy grants any AWS role to this identity", ambiguous)
    }

    fn chosen(terms: &AwsTerms) -> Option<Target> {
        Some(Self::of(terms.role.clone()).into())
    }

    /// The intermediate role.
    fn between(terms: &AwsTerms) -> Option<Target> {
        terms.via.as_ref().map(|intermediate| Self::of(intermediate.role.clone()).into())
    }
}

fn ambiguous() -> Denial {
    Reason::PolicyAmbiguous
        .with_cause("several roles are granted and none was asked for")
        .with_detail("Several AWS roles are granted: name one.")
}
