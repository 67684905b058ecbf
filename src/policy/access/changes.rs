//! Compares what two revisions permit: who gains and who loses which credential, with one identity that proves it.

use super::change::{Change, Direction};
use super::gained::{TOO_MANY_PARTS, gained};
use super::looser::{looser, renamed};
use super::permits::{Permit, mapping, permits};
use super::side::{Side, guardrails_differ};
use super::unfiled::{unfiled, unreported};
use crate::kind::Target;
use crate::policy::file::TrustPolicy;
use crate::policy::{Catalogue, Ruleset, Tree};
use crate::words::UnixTime;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// Compares two revisions. Widenings come first.
pub fn changes(old: (&Ruleset, &Tree), new: (&Ruleset, &Tree), catalogue: &Catalogue, now: UnixTime) -> Vec<Change> {
    let (old, new) = (Side::new(old.0, old.1), Side::new(new.0, new.1));
    let credentials = old.credentials().chain(new.credentials());
    let (unlisted, stand_for_all) = Side::unlisted([&old, &new]);
    let credentials: BTreeSet<Target> = credentials.chain(unlisted.iter().cloned()).collect();
    let mut found: Vec<Change> = credentials.iter().flat_map(|wanted| of_one(wanted, &old, &new, catalogue, now)).collect();
    found.extend(of_parts(&credentials, &found, &old, &new, catalogue, now));
    found.extend(unfiled(&old, &new, catalogue, now));
    if !stand_for_all {
        found.extend(unreported(&unlisted, &old, &new, catalogue, now));
    }
    together(found)
}

/// Who gains and who loses one credential.
fn of_one(target: &Target, old: &Side<'_>, new: &Side<'_>, catalogue: &Catalogue, now: UnixTime) -> Vec<Change> {
    let (before, after) = (old.permits(target, catalogue, now), new.permits(target, catalogue, now));
    let mut found = gained(&before, &after, catalogue, target, Direction::Widens, old);
    found.extend(gained(&after, &before, catalogue, target, Direction::Narrows, new));
    found.extend(looser(&before, &after, catalogue, target, Direction::Widens));
    found.extend(looser(&after, &before, catalogue, target, Direction::Narrows));
    found.extend(renamed(&before, &after, catalogue, target));
    found
}

/// The same for parts of credentials, without changes that are already reported for the whole.
fn of_parts(
    known: &BTreeSet<Target>,
    reported: &[Change],
    old: &Side<'_>,
    new: &Side<'_>,
    catalogue: &Catalogue,
    now: UnixTime,
) -> Vec<Change> {
    let parts = Side::parts([old, new]);
    let mut found = Vec::new();
    for (part, whole) in parts.of.iter().filter(|(part, _)| !known.contains(part)) {
        let target = whole.target.to_string();
        let is_reported =
            |change: &Change| reported.iter().any(|of_whole| of_whole.is_of(&target) && of_whole.is_same_as(change));
        let because = whole.has_more_like_it.then(|| "for example: whichever repository is like it".to_owned());
        let changes = of_one(part, old, new, catalogue, now).into_iter().filter(|change| !is_reported(change));
        found.extend(changes.map(|change| Change { because: because.clone(), ..change }));
    }
    // If an entry has too many parts to compare, everything that a new policy grants by it may be a gain. If denials changed, so may
    // everything that an old one grants.
    let (stood, all_count): (HashSet<_>, _) = (old.policies().map(Arc::as_ptr).collect(), guardrails_differ([old, new]));
    let is_new = |policy: &Arc<TrustPolicy>| new.policies().any(|one| Arc::ptr_eq(one, policy));
    let may_gain = |policy: &Arc<TrustPolicy>| is_new(policy) && (all_count || !stood.contains(&Arc::as_ptr(policy)));
    for (policy, whole) in parts.too_many.iter().filter(|(policy, _)| may_gain(policy)) {
        let alone = Ruleset::alone(policy);
        let after = permits(&alone, catalogue, whole, now);
        let gains = gained(&[], &after, catalogue, whole, Direction::Widens, old).into_iter();
        found.extend(gains.map(|change| Change { because: Some(TOO_MANY_PARTS.to_owned()), ..change }));
    }
    found
}

/// Whether the new form of a policy lets in nobody whom the old one did not, and gives nobody more.
pub(in crate::policy) fn narrows(old: &Arc<TrustPolicy>, new: &Arc<TrustPolicy>, tree: &Tree, catalogue: &Catalogue) -> bool {
    if Arc::ptr_eq(old, new) {
        return true;
    }
    if old.issuer != new.issuer || new.beyond(old).next().is_some() {
        return false;
    }
    let (before, after) = (Ruleset::alone(old), Ruleset::alone(new));
    let (before, after) = (Side { ruleset: &before, tree }, Side { ruleset: &after, tree });
    // Both are compared at a time before they expire.
    let now = UnixTime::from_seconds(0);
    let (unlisted, stand_for_all) = Side::unlisted([&before, &after]);
    stand_for_all
        && unfiled(&before, &after, catalogue, now).is_empty()
        && after.credentials().chain(unlisted).chain(Side::parts([&before, &after]).of.into_keys()).all(|wanted| {
            let (before, after) = (before.permits(&wanted, catalogue, now), after.permits(&wanted, catalogue, now));
            after.iter().all(|permit| {
                // To a cloud, a job under another row's name is another subject, as under another policy's.
                let alike = before.iter().filter(|other| other.row == permit.row);
                let alike: Vec<&Permit<'_>> = alike.filter(|other| permit.terms.beyond(&other.terms).is_empty()).collect();
                let Some(mapping) = mapping(catalogue, permit.policy) else { return false };
                permit.beyond_all(alike, mapping).iter().all(|region| region.example(mapping).is_none())
            })
        })
}

/// Joins changes that differ only in their credentials.
fn together(found: Vec<Change>) -> Vec<Change> {
    let mut joined: BTreeMap<(Direction, String), Vec<Change>> = BTreeMap::new();
    for change in found {
        let alike = joined.entry((change.direction, change.at.clone())).or_default();
        let same =
            |other: &&mut Change| other.parts == change.parts && other.because == change.because && other.terms == change.terms;
        match alike.iter_mut().find(same) {
            // Several rows can give the same one.
            Some(other) => {
                let is_new = |credential: &String| !other.credentials.contains(credential);
                let new: Vec<String> = change.credentials.into_iter().filter(is_new).collect();
                other.credentials.extend(new);
            }
            None => alike.push(change),
        }
    }
    joined.into_values().flatten().collect()
}
