//! Documents that only older commits have. No present tree lists them, so the patterns of grants divide all possible documents into kinds,
//! and one document of each kind stands for all.

use super::SecretGrant;
use crate::policy::access::{Interpretation, Kind};
use crate::policy::file::Rule;
use crate::policy::pattern::Pattern;
use crate::words::names::SecretPath;
use std::collections::{BTreeMap, BTreeSet};

/// The most kinds. A policy names a handful of folders, and the work grows with the square. With more, the result is unknown.
const KINDS_MAX: usize = 64;
/// Documents of older commits, and whether they stand for all of these that the rules grant.
pub(super) struct Documents {
    pub(super) documents: BTreeSet<SecretPath>,
    pub(super) stand_for_all: bool,
}

/// One document of each kind that these rules grant as older commits had it: a present document if the kind has one. If there are too
/// many kinds, one document for each pattern. Patterns of denials divide kinds too.
pub(super) fn documents<'a>(
    rules: impl Iterator<Item = &'a Rule>,
    denied: impl Iterator<Item = &'a Pattern>,
    present: &BTreeSet<SecretPath>,
) -> Documents {
    // Another entry of the same rule may take the past of some documents away again.
    let granting = rules.filter(|rule| rule.grants.of::<SecretGrant>().any(|grant| grant.kept.history));
    let mut patterns: BTreeMap<String, &Pattern> = denied.map(|pattern| (pattern.to_string(), pattern)).collect();
    let mut past = BTreeMap::new();
    for grant in granting.flat_map(|rule| rule.grants.of::<SecretGrant>()) {
        let text = grant.documents.to_string();
        past.extend(grant.kept.history.then(|| (text.clone(), &grant.documents)));
        patterns.insert(text, &grant.documents);
    }
    let apart = of_each_kind(&patterns, &past, present);
    let stand_for_all = apart.is_some();
    let of_each_pattern = || past.values().filter_map(|pattern| SecretPath::parse(&pattern.sample()).ok()).collect();
    Documents { documents: apart.unwrap_or_else(of_each_pattern), stand_for_all }
}

fn of_each_kind(
    patterns: &BTreeMap<String, &Pattern>,
    past: &BTreeMap<String, &Pattern>,
    present: &BTreeSet<SecretPath>,
) -> Option<BTreeSet<SecretPath>> {
    let mut kinds = vec![Kind::default()];
    for pattern in patterns.values() {
        kinds = kinds.iter().flat_map(|kind| kind.apart(pattern)).collect();
        if kinds.len() > KINDS_MAX {
            return None;
        }
    }
    kinds.retain(|kind| kind.is_inside(past));
    let mut documents = BTreeSet::new();
    for kind in &kinds {
        match present
            .iter()
            .find(|document| kind.holds(document.as_str()))
            .cloned()
            .map_or_else(|| kind.document(), Interpretation::One)
        {
            Interpretation::One(document) => _ = documents.insert(document),
            Interpretation::None => {}
            Interpretation::Unknown => return None,
        }
    }
    Some(documents)
}
