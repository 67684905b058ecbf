//! What a revision is read from: its files, and the issuers that the configuration names.

use crate::identity::Mapping;
use crate::words::names::{IssuerName, IssuerUrl};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The files of a revision, by their path in the repository.
pub type Tree = BTreeMap<String, Arc<[u8]>>;

/// The configured issuers, as policies may name them.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(BTreeMap<IssuerName, IssuerEntry>);

/// One configured issuer.
#[derive(Clone, Debug)]
pub struct IssuerEntry {
    /// Its URL.
    pub url: IssuerUrl,
    /// How its claims are read.
    pub mapping: Arc<Mapping>,
    /// How long a session of its tokens may outlive them.
    pub session_max: Option<Duration>,
}

impl Catalogue {
    /// The issuer of this name.
    pub fn issuer(&self, name: &IssuerName) -> Option<&IssuerEntry> {
        self.0.get(name)
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &IssuerName> {
        self.0.keys()
    }
}

#[cfg(test)]
impl Catalogue {
    /// GitHub's issuer alone, called `github`.
    pub(crate) fn of_github() -> Self {
        let entry = IssuerEntry {
            url: IssuerUrl::parse("https://token.actions.githubusercontent.com").unwrap(),
            mapping: Mapping::built_in("github-actions").unwrap(),
            session_max: None,
        };
        std::iter::once((IssuerName::parse("github").unwrap(), entry)).collect()
    }
}

impl FromIterator<(IssuerName, IssuerEntry)> for Catalogue {
    fn from_iter<I: IntoIterator<Item = (IssuerName, IssuerEntry)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}
