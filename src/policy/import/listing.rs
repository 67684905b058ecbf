//! Saved listings of GitHub's repositories (`gh api --paginate /orgs/acme/repos`): which id each name has now.

use super::lines::{Lines, Scalar};
use crate::identity::Attribute;
use crate::words::github::{AppName, Owner, Repository, RepositoryId, RepositoryName};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// Why a listing cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListingError {
    /// It is no listing.
    #[error("{0}; expected what `gh api --paginate /orgs/acme/repos` prints")]
    Json(#[from] serde_json::Error),
    /// It has two ids for one name, and the id decides.
    #[error("`{name}` has two ids, {first} and {second}: save the listing again")]
    TwoIds {
        /// An account or a repository.
        name: String,
        /// The ids.
        first: RepositoryId,
        /// As the other one.
        second: RepositoryId,
    },
    /// It says that another account has a repository.
    #[error("`{repository}` has the owner `{owner}` in it: save the listing again")]
    Owner {
        /// Which.
        repository: RepositoryName,
        /// The account.
        owner: Owner,
    },
}

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
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), ListingError> {
        for page in serde_json::Deserializer::from_slice(bytes).into_iter::<Vec<Listed>>() {
            for one in page? {
                self.hosts.insert(one.host().to_owned());
                if *one.full_name.owner() != one.owner.login {
                    return Err(ListingError::Owner { repository: one.full_name, owner: one.owner.login });
                }
                add(&mut self.owners, one.owner.login, one.owner.id)?;
                add(&mut self.repositories, one.full_name, one.id)?;
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

fn add<N: Ord + Display>(known: &mut BTreeMap<N, RepositoryId>, name: N, id: RepositoryId) -> Result<(), ListingError> {
    match known.get(&name) {
        Some(first) if *first != id => Err(ListingError::TwoIds { name: name.to_string(), first: *first, second: id }),
        _ => {
            known.insert(name, id);
            Ok(())
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_that_contradicts_itself_is_refused() {
        let one = |id: u64, name: &str, owner: &str, owner_id: u64| {
            format!(r#"[{{"id": {id}, "full_name": "{name}", "owner": {{"login": "{owner}", "id": {owner_id}}}}}]"#)
        };
        let added = |pages: [String; 2]| {
            let mut listing = Listing::new(AppName::parse("octo").unwrap());
            pages.iter().try_for_each(|page| listing.add(page.as_bytes())).map_err(|fault| fault.to_string())
        };
        let first = || one(1, "acme/shop", "acme", 9);
        assert_eq!(added([first(), first()]), Ok(()), "pages may overlap");
        assert_eq!(added([first(), one(1, "acme/store", "acme", 9)]), Ok(()), "it was renamed");
        for (second, reason) in [
            (one(2, "Acme/Shop", "acme", 9), "`Acme/Shop` has two ids, 1 and 2"),
            (one(2, "acme/site", "acme", 8), "`acme` has two ids, 9 and 8"),
            (one(2, "acme/site", "evil", 8), "`acme/site` has the owner `evil`"),
            ("{}".to_owned(), "expected what `gh api --paginate"),
        ] {
            let refused = added([first(), second]).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
        }
    }
}
