//! `grant: secrets`: documents by pattern, and one key of them or the whole.

use super::Offer;
use crate::policy::grant::{OFFLINE_DEFAULT, SecretTerms};
use crate::policy::pattern::Pattern;
use crate::policy::template::{Row, fill_row, fill_row_text};
use crate::words::names::{SecretName, SecretPath, check_pointer};
use crate::words::parse_duration;
use crate::words::yaml::{Fields, Node, Place, Yaml};
use std::time::Duration;

/// Below it one lost connection would take a pod's files away.
const OFFLINE_MIN: Duration = Duration::from_secs(5);
/// A pod that heard nothing for a week is one that nobody watches.
const OFFLINE_MAX: Duration = Duration::from_secs(7 * 86_400);

/// Documents by pattern, and one key of them or the whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct SecretGrant {
    pub(in crate::policy) place: Place,
    pub(in crate::policy) documents: Pattern,
    pub(in crate::policy) key: Option<String>,
    pub(in crate::policy) offline: Duration,
}

impl SecretGrant {
    pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        let (named, offline) = read_terms(fields, node)?;
        let text = fields.text(named)?;
        let (path, key) = text.split_once('#').map_or((text, None), |(path, key)| (path, Some(key)));
        let documents = fill_row(path, row).and_then(|pieces| Pattern::from_pieces(&pieces));
        let key = key.map(|key| fill_row_text(key, row).and_then(|key| check_pointer(&key).map(|()| key))).transpose();
        match (documents, key) {
            (Ok(documents), Ok(key)) => Some(Self { place: node.place, documents, key, offline }),
            (Err(fault), _) | (_, Err(fault)) => {
                fields.fault(named.place, fault);
                None
            }
        }
    }

    /// Of the entries that cover a secret the one with the shortest bound.
    pub(in crate::policy) fn covering<'a>(grants: &'a [Self], name: &SecretName) -> Option<&'a Self> {
        grants.iter().filter(|grant| grant.covers(name)).min_by_key(|grant| grant.offline)
    }

    /// The one value of this document that it grants, if it grants no more of it.
    pub(in crate::policy) fn key_of(&self, document: &SecretPath) -> Option<&str> {
        self.key.as_deref().filter(|_| self.documents.matches(document.as_str()))
    }

    pub(in crate::policy) fn terms(&self, name: &SecretName) -> SecretTerms {
        SecretTerms { name: name.clone(), only: None, offline: self.offline }
    }

    pub(in crate::policy) fn offer(&self) -> (Place, Offer<'_>) {
        (self.place, Offer::Secret(self.offline))
    }

    /// A grant of the document covers its keys; a grant of a key covers that key.
    fn covers(&self, name: &SecretName) -> bool {
        self.documents.matches(name.path.as_str()) && (self.key.is_none() || self.key == name.key)
    }
}

/// Text alone, or `{ secret: …, offline: 1h }`.
fn read_terms<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<(&'a Node, Duration)> {
    let Yaml::Mapping(_) = node.value else { return Some((node, OFFLINE_DEFAULT)) };
    let mut inner = fields.below(node);
    let named = inner.required("secret");
    let offline = inner.optional("offline").map_or(Some(OFFLINE_DEFAULT), |node| inner.parsed(node, parse_offline));
    inner.finish();
    named.zip(offline)
}

fn parse_offline(text: &str) -> Result<Duration, String> {
    let offline = parse_duration(text)?;
    if !(OFFLINE_MIN..=OFFLINE_MAX).contains(&offline) {
        return Err("expected 5 seconds to 7 days".to_owned());
    }
    Ok(offline)
}
