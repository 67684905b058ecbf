//! Saved listings of GitHub's repositories (`gh api --paginate /orgs/acme/repos`): which id each name has now.

use super::lines::{Lines, Scalar};
use crate::identity::Attribute;
use crate::words::github::{AppName, Owner, Repository, RepositoryId, RepositoryName};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Names and their ids, and the App that gives tokens.
#[derive(Clone, Debug)]
pub struct Listing {
    app: AppName,
    repositories: BTreeMap<RepositoryName, RepositoryId>,
    owners: BTreeMap<Owner, RepositoryId>,
    /// The hosts of the GitHubs that list them.
    hosts: BTreeSet<String>,
}

/// One repository, as GitHub's REST API lists it.
#[derive(Deserialize)]
struct Listed {
    id: RepositoryId,
    full_name: RepositoryName,
    owner: Account,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct Account {
    login: Owner,
    id: RepositoryId,
}

impl Listed {
    /// The host of its GitHub. A listing that was made by hand may have no address.
    fn host(&self) -> &str {
        let address = self.html_url.as_deref().and_then(|url| url.split('/').nth(2));
        address.unwrap_or("github.com")
    }
}

impl Listing {
    /// An empty listing.
    pub const fn new(app: AppName) -> Self {
        Self { app, repositories: BTreeMap::new(), owners: BTreeMap::new(), hosts: BTreeSet::new() }
    }

    /// Adds a file: one list, or several in a row, which is how pages are saved.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), serde_json::Error> {
        for page in serde_json::Deserializer::from_slice(bytes).into_iter::<Vec<Listed>>() {
            for one in page? {
                self.hosts.insert(one.host().to_owned());
                self.owners.insert(one.owner.login, one.owner.id);
                self.repositories.insert(one.full_name, one.id);
            }
        }
        Ok(())
    }

    pub(super) const fn app(&self) -> &AppName {
        &self.app
    }

    pub(super) fn repository(&self, name: RepositoryName) -> Option<Repository> {
        self.repositories.get(&name).map(|id| Repository { id: Some(*id), name })
    }

    /// Writes the ids behind the names that the lines match, if this is a listing of that GitHub: each has its own ids.
    pub(super) fn pin(&self, lines: &mut Lines, host: &str) {
        if self.hosts.iter().any(|known| known != host) {
            return;
        }
        pin(lines, Attribute::Repository, |name| self.repositories.get(&RepositoryName::parse(name).ok()?).copied());
        pin(lines, Attribute::Owner, |name| self.owners.get(&Owner::parse(name).ok()?).copied());
    }
}

fn pin(lines: &mut Lines, attribute: Attribute, id: impl Fn(&str) -> Option<RepositoryId>) {
    for value in lines.attributes.get_mut(&attribute).into_iter().flatten() {
        if let Scalar::Text(name) = value
            && let Some(id) = id(name)
        {
            *name = format!("{name}@{id}");
        }
    }
}
