//! Those who had a credential before and have it under another subject now: to whoever trusts that subject they are somebody else.

use super::changes::{Change, Direction};
use super::looser::{owners_of_both, parts_of_both};
use super::permits::{Permit, mapping, without};
use crate::kind::Target;
use crate::policy::Catalogue;
use crate::policy::grant::subject;
use crate::policy::sections::TermChange;

/// As it is called in our tokens (RFC 7519, section 4.1.2) and in what clouds trust.
const SUBJECT: &str = "subject";

/// Who has it in `after` under a subject under which they did not have it in `before` (decision 34).
pub(super) fn renamed<'a>(before: &[Permit<'a>], after: &[Permit<'a>], catalogue: &Catalogue, wanted: &Target) -> Vec<Change> {
    let mut found = Vec::new();
    for permit in after.iter().filter(|permit| permit.terms.shows_subject()) {
        let Some(mapping) = mapping(catalogue, permit.policy) else { continue };
        let others = before.iter().filter(|other| other.policy.issuer == permit.policy.issuer);
        let (same, others): (Vec<_>, Vec<_>) = others.partition(|other| permit.has_subject_of(other));
        let same = same.into_iter().flat_map(|other| &other.regions);
        let mut rest = same.fold(permit.regions.clone(), |rest, known| without(rest, known, mapping));
        for other in others {
            let parts = parts_of_both(&rest, other, mapping);
            let Some(term) = TermChange::other(SUBJECT, other.subject(), permit.subject()).filter(|_| !parts.is_empty()) else {
                continue;
            };
            rest = other.regions.iter().fold(rest, |rest, known| without(rest, known, mapping));
            let (issuer, owners) = (permit.policy.issuer.clone(), owners_of_both(other.policy, permit.policy));
            let (credentials, at, terms) = (vec![wanted.to_string()], permit.at(), vec![term]);
            found.push(Change { direction: Direction::Widens, credentials, at, issuer, parts, because: None, terms, owners });
        }
    }
    found
}

impl Permit<'_> {
    fn has_subject_of(&self, other: &Permit<'_>) -> bool {
        self.policy.source == other.policy.source && self.policy.name == other.policy.name && self.row == other.row
    }

    fn subject(&self) -> String {
        subject(&self.policy.source, &self.policy.name, self.row)
    }
}
