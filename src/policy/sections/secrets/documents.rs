//! The documents that some policy grants to anybody.

use super::SecretGrant;
use crate::policy::{Pattern, Ruleset, TrustPolicy};
use crate::words::UnixTime;
use crate::words::names::SecretPath;
use crate::words::yaml::{Fault, Place};

/// A grant of documents.
#[derive(Debug)]
pub struct DocumentGrant<'a> {
    file: &'a str,
    place: Place,
    documents: &'a Pattern,
    key: Option<&'a str>,
}

/// The grants of secrets of all policies in force.
pub fn document_grants(ruleset: &Ruleset, now: UnixTime) -> Vec<DocumentGrant<'_>> {
    grants_of(ruleset.policies().map(|policy| &**policy), now).collect()
}

/// The same of these policies.
pub fn grants_of<'a>(policies: impl Iterator<Item = &'a TrustPolicy>, now: UnixTime) -> impl Iterator<Item = DocumentGrant<'a>> {
    let in_force = policies.filter(move |policy| policy.in_force(now));
    let rules = in_force.flat_map(|policy| policy.rules.iter().map(move |rule| (policy.file.as_str(), rule)));
    let grants = rules.flat_map(|(file, rule)| rule.grants.of::<SecretGrant>().map(move |grant| (file, grant)));
    grants.map(|(file, grant)| DocumentGrant { file, place: grant.place, documents: &grant.documents, key: grant.key.as_deref() })
}

impl Ruleset {
    /// Whether a policy grants documents of older commits.
    pub fn opens_past(&self) -> bool {
        let rules = self.policies().flat_map(|policy| &policy.rules);
        rules.flat_map(|rule| rule.grants.of::<SecretGrant>()).any(|grant| grant.kept.history)
    }
}

impl DocumentGrant<'_> {
    /// Whether the document, or a value of it, is granted.
    pub fn covers(&self, path: &SecretPath) -> bool {
        self.documents.matches(path.as_str())
    }

    /// The one key that is granted, by JSON pointer.
    pub const fn key(&self) -> Option<&str> {
        self.key
    }

    /// A finding about it.
    pub fn finding(&self, code: &'static str, message: impl std::fmt::Display) -> Fault {
        Fault::new(self.file, self.place, message).warning(code)
    }

    /// Where it stands: file and line.
    pub fn at(&self) -> String {
        format!("{}:{}", self.file, self.place.line)
    }

    /// Which documents, as the policy writes it.
    pub fn documents(&self) -> String {
        self.documents.to_string()
    }
}
