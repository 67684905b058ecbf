//! One change of what is permitted, as it is reported.

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
    /// Some identity may do more than before.
    Widens,
    /// Some identity may do less than before.
    Narrows,
}

/// One grant that reaches more or fewer identities than before.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    /// Whether it reaches more or fewer.
    pub direction: Direction,
    /// What they reach: one credential, or several that change alike.
    pub credentials: Vec<String>,
    /// The grant: file and line, in the new revision when it widens and in the old one when it narrows.
    pub at: String,
    /// The issuer of the identities.
    pub issuer: IssuerName,
    /// The identities, in parts that do not overlap.
    pub parts: Vec<ChangedPart>,
    /// Why, if it is not the policy: for example a new file under an old grant.
    pub because: Option<String>,
    /// If the identities had it before: the terms by which they get more of it, or less. Empty: they did not have it.
    pub terms: Vec<TermChange>,
    /// The policy's owners.
    pub owners: Vec<String>,
}

/// Identities that change, and one of them.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ChangedPart {
    /// The identities in the words of the policy, with exclusions last, after `not`.
    pub who: String,
    /// One of them, as claims of that issuer.
    pub example: Map<String, Value>,
}

impl Change {
    /// Whether it is about this credential only.
    pub(super) fn is_of(&self, credential: &str) -> bool {
        matches!(&self.credentials[..], [only] if only == credential)
    }

    /// Whether both report the same, apart from the credentials.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let is_alike = self.direction == other.direction && self.at == other.at;
        is_alike && self.parts == other.parts && self.terms == other.terms
    }
}

/// The part with one of its identities; `None` if it has none.
pub(super) fn part(region: &Region, mapping: &Mapping) -> Option<ChangedPart> {
    Some(ChangedPart { example: region.token(mapping)?, who: region.wording(mapping) })
}
