//! One change of what is permitted, as it is told.

use super::region::Region;
use crate::identity::Mapping;
use crate::policy::sections::TermChange;
use crate::words::names::IssuerName;
use serde::Serialize;
use serde_json::{Map, Value};

/// Whether a change lets more identities in or fewer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Some identity may now what it might not.
    Widens,
    /// Some identity may no longer what it might.
    Narrows,
}

/// One grant that reaches more or fewer identities than before.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    /// More or fewer.
    pub direction: Direction,
    /// What they reach: one credential, or several that change alike.
    pub credentials: Vec<String>,
    /// The grant: file and line, in the new revision when it widens and in the old one when it narrows.
    pub at: String,
    /// The issuer of the identities.
    pub issuer: IssuerName,
    /// The identities, in parts that do not overlap.
    pub parts: Vec<Part>,
    /// Why, where it is not the policy: a new file under a grant that stood.
    pub because: Option<String>,
    /// Of those who had it before: by which terms they get more of it, or less. Empty: they did not have it.
    pub terms: Vec<TermChange>,
    /// Who answers for the policy.
    pub owners: Vec<String>,
}

/// Identities that change, and one of them.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Part {
    /// In the words of the policy; what was taken away stands last, after `not`.
    pub who: String,
    /// One of them, as claims of that issuer.
    pub example: Map<String, Value>,
}

impl Change {
    /// Whether it is told of this credential alone.
    pub(super) fn is_of(&self, credential: &str) -> bool {
        matches!(&self.credentials[..], [only] if only == credential)
    }

    /// Whether both tell the same, of whichever credentials.
    pub(super) fn tells(&self, other: &Self) -> bool {
        let is_alike = self.direction == other.direction && self.at == other.at;
        is_alike && self.parts == other.parts && self.terms == other.terms
    }
}

/// One of these identities, if there is any.
pub(super) fn part(region: &Region, mapping: &Mapping) -> Option<Part> {
    Some(Part { example: region.token(mapping)?, who: region.wording(mapping) })
}
