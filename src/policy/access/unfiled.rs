//! Grants by pattern under which no file stands yet: whoever has one has whatever comes there, and no file tells of it today.

use super::change::{Change, Direction};
use super::gained::gained;
use super::kinds::{Kind, Met};
use super::language::meet;
use super::looser::looser;
use super::past::document;
use super::side::{Side, guardrails_differ};
use crate::kind::{Operation, Target, TransitUse};
use crate::policy::Catalogue;
use crate::policy::file::TrustPolicy;
use crate::policy::pattern::Pattern;
use crate::policy::sections::{SecretGrant, TransitGrant};
use crate::words::UnixTime;
use crate::words::names::{SecretName, SecretPath, TransitKey};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// Kinds of documents under one pattern that are told apart by the patterns of before.
const KINDS_MAX: usize = 64;

/// What is granted of one document, if it can be one.
type OfDocument<'a> = Box<dyn Fn(&SecretPath) -> Option<Target> + 'a>;

/// A pattern of a grant, and what is granted of each document or key that fits it.
struct Granted<'a> {
    pattern: &'a Pattern,
    is_secret: bool,
    /// As it is told.
    told: String,
    wanted: OfDocument<'a>,
}

/// Who gains by a pattern of the new revision what has no file in it.
pub(super) fn unfiled<'a>(old: &Side<'a>, new: &Side<'a>, catalogue: &Catalogue, now: UnixTime) -> Vec<Change> {
    let known: HashSet<*const TrustPolicy> = old.policies().map(Arc::as_ptr).collect();
    // What is denied no more is gained by policies that stay as they are.
    let all_count = guardrails_differ([old, new]);
    let changed: Vec<&Arc<TrustPolicy>> =
        new.policies().filter(|policy| all_count || !known.contains(&Arc::as_ptr(policy))).collect();
    if changed.is_empty() {
        return Vec::new();
    }
    // What is denied, and what another entry grants otherwise, stands for nothing beside it.
    let denied = [old, new].into_iter().flat_map(Side::denied);
    let denied = denied.map(|(is_secret, pattern)| ((is_secret, pattern.to_string()), pattern));
    let granted = old.policies().chain(changed.iter().copied()).flat_map(|policy| patterns_of(policy));
    let patterns: BTreeMap<(bool, String), &Pattern> = granted.chain(denied).collect();
    let (secrets, keys) = (new.secret_names(), new.key_names());
    let mut found = Vec::new();
    for granted in changed.into_iter().flat_map(|policy| granted_by(policy)) {
        let files = if granted.is_secret { &secrets } else { &keys };
        for Stand { document, is_alike } in documents(&granted, &patterns, files) {
            let Some(wanted) = (granted.wanted)(&document) else { continue };
            let past = if is_alike { old.would_permit(&wanted, catalogue, now) } else { Vec::new() };
            let next = new.would_permit(&wanted, catalogue, now);
            let gains = gained(&past, &next, catalogue, &wanted, Direction::Widens, old).into_iter();
            found.extend(gains.chain(looser(&past, &next, catalogue, &wanted, Direction::Widens)).map(|change| Change {
                credentials: vec![granted.told.clone()],
                because: Some("no file stands under it yet: it grants whatever comes".to_owned()),
                ..change
            }));
        }
    }
    found.dedup();
    found
}

fn patterns_of(policy: &TrustPolicy) -> impl Iterator<Item = ((bool, String), &Pattern)> {
    let secrets = policy.rules.iter().flat_map(|rule| rule.grants.of::<SecretGrant>().map(|grant| (true, &grant.documents)));
    let transit = policy.rules.iter().flat_map(|rule| rule.grants.of::<TransitGrant>().map(|grant| (false, &grant.keys)));
    secrets.chain(transit).map(|(is_secret, pattern)| ((is_secret, pattern.to_string()), pattern))
}

fn granted_by(policy: &TrustPolicy) -> impl Iterator<Item = Granted<'_>> {
    let secrets = policy.rules.iter().flat_map(|rule| rule.grants.of::<SecretGrant>()).map(|grant| {
        let key = grant.key.as_deref().map(|key| format!("#{key}")).unwrap_or_default();
        let wanted = move |path: &SecretPath| Some(Target::Secret(SecretName { path: path.clone(), key: grant.key.clone() }));
        let told = format!("secret {}{key}", grant.documents);
        Granted { pattern: &grant.documents, is_secret: true, told, wanted: Box::new(wanted) }
    });
    let transit = policy.rules.iter().flat_map(|rule| rule.grants.of::<TransitGrant>()).flat_map(|grant| {
        Operation::ALL.into_iter().map(move |operation| {
            let wanted = move |path: &SecretPath| {
                let wanted = TransitUse { operation, key: TransitKey::parse(path.as_str()).ok()?, input: None };
                grant.covers(&wanted).then_some(Target::Transit(wanted))
            };
            let told = format!("transit {} {}", operation.as_str(), grant.keys);
            Granted { pattern: &grant.keys, is_secret: false, told, wanted: Box::new(wanted) }
        })
    });
    secrets.chain(transit)
}

/// A document that stands for its kind.
struct Stand {
    document: SecretPath,
    /// Whether all of its kind is granted to the same identities by the old revision.
    is_alike: bool,
}

/// One document of each kind that fits the pattern and that the new revision has no file of. Where the kinds are too many to be told
/// apart, one is taken that fits none of the patterns that are left; where there is none, nobody can tell who had it.
fn documents(granted: &Granted<'_>, patterns: &BTreeMap<(bool, String), &Pattern>, files: &BTreeSet<String>) -> Vec<Stand> {
    let (mut kinds, mut left) = (vec![Kind::of(granted.pattern)], Vec::new());
    let own = granted.pattern.to_string();
    let others = patterns
        .iter()
        .filter(|((is_secret, text), other)| *is_secret == granted.is_secret && *text != own && meet(granted.pattern, other));
    for (_, other) in others {
        let apart: Vec<Kind<'_>> = kinds.iter().flat_map(|kind| kind.apart(other)).collect();
        if apart.len() > KINDS_MAX {
            left.push(*other);
        } else {
            kinds = apart;
        }
    }
    let stand = |kind: &Kind<'_>| {
        let alike = left.iter().fold(kind.clone(), |kind, other| kind.but(other));
        if files.iter().any(|name| alike.holds(name)) {
            return None;
        }
        match (document(&alike), left.is_empty()) {
            (Met::One(document), _) => Some(Stand { document, is_alike: true }),
            (Met::None, true) => None,
            // Whether there is one is not known: any that fits the pattern stands for it.
            (Met::Unknown, true) | (_, false) => {
                let any = match document(kind) {
                    Met::One(document) => Some(document),
                    _ => SecretPath::parse(&granted.pattern.sample()).ok(),
                };
                any.map(|document| Stand { document, is_alike: false })
            }
        }
    };
    kinds.iter().filter_map(stand).collect()
}
