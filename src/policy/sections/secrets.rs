//! `grant: secrets`: documents by pattern, whole or one value of each.

mod documents;
mod file_key;
mod past;
mod schema;
mod secret;
mod secret_at;
mod terms;
#[cfg(test)]
mod tests;

pub use documents::{DocumentGrant, document_grants, grants_of};
pub use terms::{FileKeyTerms, OFFLINE_DEFAULT, PastSecretTerms, SecretTerms};

use super::error::OfflineError;
use super::{Filed, OfFile, Section, Term, Value};
use crate::policy::Tree;
use crate::policy::access::patterns_overlap;
use crate::policy::error::{FilledError, PatternError};
use crate::policy::pattern::{NameForm, NoNameError, Pattern};
use crate::policy::template::{Row, fill_row, fill_row_text};
use crate::words::names::{SecretName, SecretPath, check_pointer, patterns};
use crate::words::parse_duration;
use crate::words::yaml::{Fields, Node, Place, Yaml};
use std::collections::BTreeSet;
use std::time::Duration;

/// With a shorter time one lost connection would remove a pod's files.
const OFFLINE_MIN: Duration = Duration::from_secs(5);
/// If a pod gets no answer for a week, nobody watches it.
const OFFLINE_MAX: Duration = Duration::from_secs(7 * 86_400);

/// The documents' paths.
const DOCUMENTS: NameForm = NameForm { kind: "document", form: patterns::PATH, example: "`shop/db.yaml` or `shop/**`" };

/// Documents by pattern, whole or one value of each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct SecretGrant {
    pub(in crate::policy) place: Place,
    pub(in crate::policy) documents: Pattern,
    pub(in crate::policy) key: Option<String>,
    pub(in crate::policy) kept: SecretOffer,
}

/// The terms on which a secret is granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::policy) struct SecretOffer {
    /// How long it may be kept while the server does not answer.
    offline: Duration,
    /// Whether unauthenticated values are granted too.
    pub(in crate::policy) unauthenticated: bool,
    /// Whether it is granted as older commits had it, too.
    pub(in crate::policy) history: bool,
}

impl SecretOffer {
    /// The stricter of both, term by term.
    fn and(self, other: Self) -> Self {
        Self {
            offline: self.offline.min(other.offline),
            unauthenticated: self.unauthenticated && other.unauthenticated,
            history: self.history && other.history,
        }
    }

    /// The terms, for comparison.
    pub(in crate::policy) fn values(self) -> Vec<Term> {
        vec![
            Term::new("offline", Value::Length(self.offline)),
            Term::new("unauthenticated", Value::Allowed(self.unauthenticated)),
            Term::new("history", Value::Allowed(self.history)),
        ]
    }

    /// The terms of the present secret. Its past is another credential.
    pub(in crate::policy) fn of_the_present(self) -> Self {
        Self { history: false, ..self }
    }

    pub(in crate::policy) fn terms(self, name: &SecretName) -> SecretTerms {
        SecretTerms { name: name.clone(), only: None, offline: self.offline, unauthenticated: self.unauthenticated }
    }
}

/// Why a text is no pattern of documents.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum DocumentPatternError {
    /// It is no pattern at all.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// It names a value. The document, which contains the value, would not be denied.
    #[error("a denial covers whole documents: leave `#…` out")]
    Value,
    /// No document's path begins or ends with `/`.
    #[error("a document's path neither begins nor ends with `/`: `folder/**` is all that is in a folder")]
    Slash,
    /// No document fits it.
    #[error(transparent)]
    NoDocument(#[from] NoNameError),
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
        let documents = || -> Result<Pattern, FilledError<DocumentPatternError>> {
            let pattern = Pattern::from_pieces(&fill_row(path, row)?).map_err(DocumentPatternError::from);
            pattern.and_then(documents_by).map_err(FilledError::Value)
        };
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

    fn below(&self, folder: &str) -> Self {
        Self { documents: self.documents.below(folder), ..self.clone() }
    }

    /// A denial of a value only would not deny the document, which contains the value.
    fn pattern(text: &str) -> Result<Pattern, Self::PatternError> {
        if text.contains('#') {
            return Err(DocumentPatternError::Value);
        }
        documents_by(Pattern::parse(text)?)
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        patterns_overlap(pattern, &self.documents)
    }

    fn filed(&self) -> Option<Filed<'_>> {
        let key = self.key.as_deref().map(|key| format!("#{key}")).unwrap_or_default();
        let wanted = |path: &SecretPath| Some(SecretName { path: path.clone(), key: self.key.clone() }.into());
        let of = OfFile { description: format!("secret {}{key}", self.documents), wanted: Box::new(wanted) };
        Some(Filed { pattern: &self.documents, terms: self.kept.values(), each: vec![of] })
    }

    fn names_in(files: &Tree) -> BTreeSet<String> {
        documents(files).map(|path| path.to_string()).collect()
    }

    super::of!(Secrets);
}

impl SecretGrant {
    /// The terms on which a secret is granted: the strictest of all entries that cover it, term by term. The place is that of the entry
    /// with the shortest `offline`.
    pub(in crate::policy) fn covering<'a>(
        grants: impl Iterator<Item = &'a Self> + Clone,
        name: &SecretName,
    ) -> Option<(Place, SecretOffer)> {
        let covering = grants.filter(|grant| grant.covers(name));
        let place = covering.clone().min_by_key(|grant| grant.kept.offline)?.place;
        covering.map(|grant| grant.kept).reduce(SecretOffer::and).map(|kept| (place, kept))
    }

    /// The same for the secret as older commits had it. Every entry that covers it has to allow that.
    pub(in crate::policy) fn covering_past<'a>(
        grants: impl Iterator<Item = &'a Self> + Clone,
        name: &SecretName,
    ) -> Option<(Place, SecretOffer)> {
        Self::covering(grants, name).filter(|(_, offer)| offer.history)
    }

    /// The value of this document that it grants, if it grants only one.
    pub(in crate::policy) fn key_of(&self, document: &SecretPath) -> Option<&str> {
        self.key.as_deref().filter(|_| self.documents.matches(document.as_str()))
    }

    /// A grant of the document covers all of its values; a grant of a value covers that value.
    fn covers(&self, name: &SecretName) -> bool {
        self.documents.matches(name.path.as_str()) && (self.key.is_none() || self.key == name.key)
    }
}

/// The pattern, if the path of some document may fit it.
fn documents_by(pattern: Pattern) -> Result<Pattern, DocumentPatternError> {
    let text = pattern.to_string();
    if text.starts_with('/') || text.ends_with('/') {
        return Err(DocumentPatternError::Slash);
    }
    pattern.check_can_name(&DOCUMENTS)?;
    Ok(pattern)
}

/// The documents that a revision has.
fn documents(files: &Tree) -> impl Iterator<Item = SecretPath> {
    files.keys().filter_map(|file| SecretPath::parse(file.strip_prefix("secrets/")?).ok())
}

/// Each of these documents whole, and each value of it that is granted singly, of whichever document.
fn of_each<'a>(entries: impl Iterator<Item = &'a SecretGrant>, documents: &BTreeSet<SecretPath>) -> Vec<SecretName> {
    let keys: BTreeSet<&str> = entries.filter_map(|entry| entry.key.as_deref()).collect();
    let keys = || std::iter::once(None).chain(keys.iter().map(|key| Some((*key).to_owned())));
    documents.iter().flat_map(|path| keys().map(|key| SecretName { path: path.clone(), key })).collect()
}

/// The name that a document's values, its file key and its earlier versions share.
fn shared_name(document: &SecretPath) -> String {
    format!("document {document}")
}

/// Reads a text, or `{ secret: …, offline: 1h, unauthenticated: allow, history: allow }`.
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
