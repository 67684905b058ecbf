//! `grant: secrets`: documents by pattern, and one key of them or the whole.

mod file_key;
mod secret;
mod secret_at;
mod terms;

pub use terms::{FileKeyTerms, OFFLINE_DEFAULT, PastSecretTerms, SecretTerms};

use super::error::OfflineError;
use super::{Section, Term, Value};
use crate::policy::access::meet;
use crate::policy::error::{FilledError, PatternError};
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
    pub(in crate::policy) kept: SecretOffer,
}

/// On which terms a secret is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::policy) struct SecretOffer {
    /// How long it may be kept when nobody answers.
    offline: Duration,
    /// Also values that nothing authenticates.
    pub(in crate::policy) unauthenticated: bool,
    /// Also as older commits had it.
    pub(in crate::policy) history: bool,
}

impl SecretOffer {
    /// Of both the stricter one, term by term.
    fn and(self, other: Self) -> Self {
        Self {
            offline: self.offline.min(other.offline),
            unauthenticated: self.unauthenticated && other.unauthenticated,
            history: self.history && other.history,
        }
    }

    /// The same, to compare.
    pub(in crate::policy) fn values(self) -> Vec<Term> {
        vec![
            Term::new("offline", Value::Length(self.offline)),
            Term::new("unauthenticated", Value::Allowed(self.unauthenticated)),
            Term::new("history", Value::Allowed(self.history)),
        ]
    }

    /// The terms of the secret as it is: what is granted of its past is another credential.
    pub(in crate::policy) fn of_the_present(self) -> Self {
        Self { history: false, ..self }
    }

    pub(in crate::policy) fn terms(self, name: &SecretName) -> SecretTerms {
        SecretTerms { name: name.clone(), only: None, offline: self.offline, unauthenticated: self.unauthenticated }
    }
}

/// Why a text is no pattern of documents.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum DocumentPatternError {
    /// It is none.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The document with the value in it would stay open to everybody.
    #[error("a denial is of whole documents: leave `#…` out")]
    Value,
    /// No document's path is like that.
    #[error("a document's path neither begins nor ends with `/`: `folder/**` is all that is in a folder")]
    Slash,
}

impl Section for SecretGrant {
    const WORD: &'static str = "secrets";
    const OWN: Option<&'static str> = Some("secrets");
    const SHOWS_SUBJECT: bool = false;

    type PatternError = DocumentPatternError;

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        let (named, kept) = read_terms(fields, node)?;
        let text = fields.text(named)?;
        let (path, key) = text.split_once('#').map_or((text, None), |(path, key)| (path, Some(key)));
        let documents = || Pattern::from_pieces(&fill_row(path, row)?).map_err(FilledError::Value);
        let pointer = |key| {
            let key = fill_row_text(key, row)?;
            check_pointer(&key).map(|()| key).map_err(FilledError::Value)
        };
        match (documents(), key.map(pointer).transpose()) {
            (Ok(documents), Ok(key)) => return Some(Self { place: node.place, documents, key, kept }),
            (Err(fault), _) => fields.fault(named.place, fault),
            (_, Err(fault)) => fields.fault(named.place, fault),
        }
        None
    }

    fn place(&self) -> Place {
        self.place
    }

    fn below(&self, folder: &str) -> Self {
        Self { documents: self.documents.below(folder), ..self.clone() }
    }

    /// A denial of a value alone would leave the document with it open to everybody.
    fn pattern(text: &str) -> Result<Pattern, Self::PatternError> {
        if text.contains('#') {
            return Err(DocumentPatternError::Value);
        }
        if text.starts_with('/') || text.ends_with('/') {
            return Err(DocumentPatternError::Slash);
        }
        Ok(Pattern::parse(text)?)
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        meet(pattern, &self.documents)
    }

    super::of!(Secrets);
}

impl SecretGrant {
    /// The terms on which a secret is given: of the entries that cover it the strictest, term by term. The place is that of the
    /// one with the shortest bound.
    pub(in crate::policy) fn covering<'a>(
        grants: impl Iterator<Item = &'a Self> + Clone,
        name: &SecretName,
    ) -> Option<(Place, SecretOffer)> {
        let covering = grants.filter(|grant| grant.covers(name));
        let place = covering.clone().min_by_key(|grant| grant.kept.offline)?.place;
        covering.map(|grant| grant.kept).reduce(SecretOffer::and).map(|kept| (place, kept))
    }

    /// The same for the secret as older commits had it, which every one of the entries has to allow.
    pub(in crate::policy) fn covering_past<'a>(
        grants: impl Iterator<Item = &'a Self> + Clone,
        name: &SecretName,
    ) -> Option<(Place, SecretOffer)> {
        Self::covering(grants, name).filter(|(_, offer)| offer.history)
    }

    /// The one value of this document that it grants, if it grants no more of it.
    pub(in crate::policy) fn key_of(&self, document: &SecretPath) -> Option<&str> {
        self.key.as_deref().filter(|_| self.documents.matches(document.as_str()))
    }

    /// A grant of the document covers its keys; a grant of a key covers that key.
    fn covers(&self, name: &SecretName) -> bool {
        self.documents.matches(name.path.as_str()) && (self.key.is_none() || self.key == name.key)
    }
}

/// Text alone, or `{ secret: …, offline: 1h, unauthenticated: allow, history: allow }`.
fn read_terms<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<(&'a Node, SecretOffer)> {
    let Yaml::Mapping(_) = node.value else {
        return Some((node, SecretOffer { offline: OFFLINE_DEFAULT, unauthenticated: false, history: false }));
    };
    let mut inner = fields.below(node);
    let named = inner.required("secret");
    let offline = inner.optional("offline").map_or(Some(OFFLINE_DEFAULT), |node| inner.parsed(node, parse_offline));
    let unauthenticated = inner.word("unauthenticated", "allow");
    let history = inner.word("history", "allow");
    inner.finish();
    named.zip(offline.map(|offline| SecretOffer { offline, unauthenticated, history }))
}

fn parse_offline(text: &str) -> Result<Duration, OfflineError> {
    let offline = parse_duration(text)?;
    if !(OFFLINE_MIN..=OFFLINE_MAX).contains(&offline) {
        return Err(OfflineError::OutOfRange);
    }
    Ok(offline)
}
