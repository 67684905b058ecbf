//! Identities that had a credential before and get more of it now: for longer, with fewer limits, or with less proof. Also identities that
//! have it under another subject: whoever trusts that subject takes them for somebody else.

use super::change::{Change, ChangedPart, Direction, part};
use super::permits::{Permit, in_both, mapping, without};
use super::region::Region;
use crate::identity::Mapping;
use crate::kind::Target;
use crate::policy::Catalogue;
use crate::policy::file::{SESSION, TrustPolicy};
use crate::policy::sections::TermChange;
use crate::policy::subject::subject;

/// The word of RFC 7519, section 4.1.2, and of clouds.
const SUBJECT: &str = "subject";

/// The grants of `after` that give the same identities more than those of `before`, with the terms that differ. Where others see a
/// subject, a grant is compared with those under the same one first. To find what narrows, the caller swaps the two; terms without an
/// order are left out then, because they are reported as widening.
pub(super) fn looser<'a>(
    before: &[Permit<'a>],
    after: &[Permit<'a>],
    catalogue: &Catalogue,
    target: &Target,
    direction: Direction,
) -> Vec<Change> {
    let mut found = Vec::new();
    for permit in after {
        let Some(mapping) = mapping(catalogue, permit.policy) else { continue };
        // Nearly all of a thousand policies are for repositories of their own: only the terms of the others are compared.
        let others: Vec<&Permit<'a>> = before.iter().filter(|other| permit.may_let_in_some_of(other)).collect();
        // Whoever trusts the subject gave what it had, whatever the same job had under another.
        let counts = |other: &&Permit<'a>| !permit.terms.shows_subject() || permit.has_subject_of(other);
        let (own, others): (Vec<_>, Vec<_>) = others.into_iter().partition(counts);
        for (known, compared) in [(&[][..], &own), (&own, &others)] {
            for (other, parts, terms) in given_more(permit, known, compared, mapping) {
                let terms = reported(terms, direction);
                if terms.is_empty() {
                    continue;
                }
                let (old, new) = match direction {
                    Direction::Widens => (other.policy, permit.policy),
                    Direction::Narrows => (permit.policy, other.policy),
                };
                let (issuer, owners) = (permit.policy.issuer.clone(), owners_of_both(old, new));
                let (credentials, at) = (vec![target.to_string()], permit.at());
                found.push(Change { direction, credentials, at, issuer, parts, because: None, terms, owners });
            }
        }
    }
    found
}

/// The others that give some identities less, with these identities and the terms that differ. Whom `known` lets in does not count.
fn given_more<'a, 'b>(
    permit: &Permit<'b>,
    known: &[&'a Permit<'b>],
    others: &[&'a Permit<'b>],
    mapping: &Mapping,
) -> Vec<(&'a Permit<'b>, Vec<ChangedPart>, Vec<TermChange>)> {
    let compared = others.iter().map(|other| (*other, permit.beyond(other)));
    let (alike, stricter): (Vec<_>, Vec<_>) = compared.partition(|(_, beyond)| beyond.is_empty());
    if stricter.is_empty() {
        return Vec::new();
    }
    let alike = alike.iter().map(|(other, _)| *other);
    let mut rest = permit.beyond_all(known.iter().copied().chain(alike), mapping);
    let mut found = Vec::new();
    for (other, beyond) in stricter {
        let parts = parts_of_both(&rest, other, mapping);
        rest = other.regions.iter().fold(rest, |rest, known| without(rest, known, mapping));
        if !parts.is_empty() {
            found.push((other, parts, beyond));
        }
    }
    found
}

/// The old owners, then the new ones: a change of the policy may also change its owners.
pub(super) fn owners_of_both(old: &TrustPolicy, new: &TrustPolicy) -> Vec<String> {
    let added = new.owners.iter().filter(|owner| !old.owners.contains(owner));
    old.owners.iter().chain(added).cloned().collect()
}

/// Identities that have it in `after` under a subject under which they did not have it in `before` (decision 34).
pub(super) fn renamed<'a>(before: &[Permit<'a>], after: &[Permit<'a>], catalogue: &Catalogue, target: &Target) -> Vec<Change> {
    let mut found = Vec::new();
    for permit in after.iter().filter(|permit| permit.terms.shows_subject()) {
        let Some(mapping) = mapping(catalogue, permit.policy) else { continue };
        let others = before.iter().filter(|other| permit.may_let_in_some_of(other));
        let (same, others): (Vec<_>, Vec<_>) = others.partition(|other| permit.has_subject_of(other));
        let mut rest = permit.beyond_all(same, mapping);
        for other in others {
            let parts = parts_of_both(&rest, other, mapping);
            let Some(term) = TermChange::other(SUBJECT, other.subject(), permit.subject()).filter(|_| !parts.is_empty()) else {
                continue;
            };
            rest = other.regions.iter().fold(rest, |rest, known| without(rest, known, mapping));
            let (issuer, owners) = (permit.policy.issuer.clone(), owners_of_both(other.policy, permit.policy));
            let (credentials, at, terms) = (vec![target.to_string()], permit.at(), vec![term]);
            found.push(Change { direction: Direction::Widens, credentials, at, issuer, parts, because: None, terms, owners });
        }
    }
    found
}

/// The identities of these regions that also have it by the other permit.
fn parts_of_both(regions: &[Region], other: &Permit<'_>, mapping: &Mapping) -> Vec<ChangedPart> {
    let both = in_both(regions, &other.regions).map(|(one, other)| if one == other { one.clone() } else { one.both(other) });
    both.filter_map(|region| part(&region, mapping)).collect()
}

/// The terms with the old revision's value first, also if the two revisions were swapped.
fn reported(beyond: Vec<TermChange>, direction: Direction) -> Vec<TermChange> {
    match direction {
        Direction::Widens => beyond,
        Direction::Narrows => {
            let ordered = beyond.into_iter().filter(|change| change.ordered);
            ordered.map(|change| TermChange { old: change.new, new: change.old, ..change }).collect()
        }
    }
}

impl Permit<'_> {
    /// Whether some identities may be let in by both, as far as is seen at once.
    fn may_let_in_some_of(&self, other: &Self) -> bool {
        other.policy.issuer == self.policy.issuer && in_both(&self.regions, &other.regions).next().is_some()
    }

    /// The terms by which this gives more than the other one, including those of its policy.
    fn beyond(&self, other: &Self) -> Vec<TermChange> {
        // A session whose token has ended gets none of the other kinds.
        let opens = self.terms.outlasts_token();
        let of_policy = self.policy.beyond(other.policy).filter(|change| opens || change.term != SESSION);
        self.terms.beyond(&other.terms).into_iter().chain(of_policy).collect()
    }

    fn has_subject_of(&self, other: &Permit<'_>) -> bool {
        self.policy.source == other.policy.source && self.policy.name == other.policy.name && self.row == other.row
    }

    fn subject(&self) -> String {
        subject(&self.policy.source, &self.policy.name, self.row)
    }
}
