//! On which terms something is offered, and by which of them more is given than by others.

use super::{SecretOffer, SessionGrant, Templates};
use crate::words::duration_text;
use crate::words::names::RoleArn;
use serde::Serialize;
use std::time::Duration;

/// The terms on which something is offered, to compare.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::policy) enum Offer<'a> {
    Aws(Duration, &'a SessionGrant),
    Secret(SecretOffer),
    IdToken(Duration, &'a Templates),
    Transit,
    Daypass,
}

/// One term that gives more in one of two revisions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TermChange {
    /// Its name in a policy.
    pub term: &'static str,
    /// What the old revision says.
    pub old: String,
    /// What the new one says.
    pub new: String,
    /// Whether one of the two is the stricter one. What cannot be ordered counts as more whichever way it changes.
    #[serde(skip)]
    pub(in crate::policy) ordered: bool,
}

impl TermChange {
    /// More than before, and less when it is taken back.
    pub(in crate::policy) fn more(term: &'static str, old: impl ToString, new: impl ToString) -> Self {
        Self { term, old: old.to_string(), new: new.to_string(), ordered: true }
    }

    /// What differs in a term that has no order.
    pub(super) fn other(term: &'static str, old: String, new: String) -> Option<Self> {
        (old != new).then_some(Self { term, old, new, ordered: false })
    }

    pub(super) fn longer(term: &'static str, old: Duration, new: Duration) -> Option<Self> {
        (new > old).then(|| Self::more(term, duration_text(old), duration_text(new)))
    }
}

impl Offer<'_> {
    /// The role in between, where a session has one.
    pub(in crate::policy) fn via(&self) -> Option<&RoleArn> {
        match self {
            Self::Aws(_, session) => session.via(),
            Self::Secret(_) | Self::Transit | Self::IdToken(..) | Self::Daypass => None,
        }
    }

    /// The terms by which this gives more than the old one; none when nobody gets more by it.
    pub(in crate::policy) fn beyond(&self, old: &Self) -> Vec<TermChange> {
        match (self, old) {
            // Nearly always, of thousands of pairs.
            (one, other) if one == other => Vec::new(),
            (Self::Aws(ttl, session), Self::Aws(old_ttl, old)) => {
                TermChange::longer("ttl", *old_ttl, *ttl).into_iter().chain(session.beyond(old)).collect()
            }
            (Self::IdToken(ttl, claims), Self::IdToken(old_ttl, old)) => {
                let claims = TermChange::other("claims", told(old), told(claims));
                TermChange::longer("ttl", *old_ttl, *ttl).into_iter().chain(claims).collect()
            }
            (Self::Secret(terms), Self::Secret(old)) => terms.beyond(*old),
            (Self::Transit, Self::Transit) | (Self::Daypass, Self::Daypass) => Vec::new(),
            _ => vec![TermChange::more("grant", format!("{old:?}"), format!("{self:?}"))],
        }
    }
}

/// Templates as they are written.
pub(super) fn told(templates: &Templates) -> String {
    let one = |(name, template): &(String, _)| format!("{name}: {template}");
    if templates.is_empty() { "none".to_owned() } else { templates.iter().map(one).collect::<Vec<_>>().join(", ") }
}
