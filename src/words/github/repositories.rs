//! For which repositories a token is. Nothing stands for "all" but the word: GitHub takes an empty or a missing list for all of them.

use super::bounds::REPOSITORIES_MAX;
use super::error::RepositoriesError;
use super::names::{Owner, Repository, RepositoryId, RepositoryName};
use serde::Serialize;
use std::collections::BTreeSet;

/// Some of them: one at least, and no more than GitHub takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct Chosen<T: Ord>(BTreeSet<T>);

/// Which repositories of an installation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Repositories {
    /// Every one of the installation, also those to come.
    All,
    /// Those of these ids, whatever they are called by now.
    Ids(Chosen<RepositoryId>),
    /// Those that have these names now.
    Names(Chosen<RepositoryName>),
}

impl<T: Ord> Chosen<T> {
    fn new(all: impl IntoIterator<Item = T>) -> Result<Self, RepositoriesError> {
        let all: BTreeSet<T> = all.into_iter().collect();
        match all.len() {
            0 => Err(RepositoriesError::None),
            1..=REPOSITORIES_MAX => Ok(Self(all)),
            _ => Err(RepositoriesError::TooMany),
        }
    }

    /// Each of them, once.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    /// Whether it is one of them.
    pub fn contains(&self, one: &T) -> bool {
        self.0.contains(one)
    }

    /// Whether each of the other's is one of them.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.is_superset(&other.0)
    }
}

impl Repositories {
    /// Those that are named, and whose they are. By their ids where they have them.
    pub fn of(named: &[Repository]) -> Result<(Owner, Self), RepositoriesError> {
        let owner = named.first().ok_or(RepositoriesError::None)?.name.owner();
        if named.iter().any(|one| one.name.owner() != owner) {
            return Err(RepositoriesError::SeveralOwners);
        }
        let ids: Vec<RepositoryId> = named.iter().filter_map(|one| one.id).collect();
        let chosen = match ids.len() {
            0 => Self::Names(Chosen::new(named.iter().map(|one| one.name.clone()))?),
            count if count == named.len() => Self::Ids(Chosen::new(ids)?),
            _ => return Err(RepositoriesError::Mixed),
        };
        Ok((owner.clone(), chosen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(named: &[&str]) -> Result<(Owner, Repositories), RepositoriesError> {
        Repositories::of(&named.iter().map(|one| Repository::parse(one).unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn a_choice_is_of_one_owner_and_neither_empty_nor_too_large() {
        assert_eq!(of(&[]), Err(RepositoriesError::None));
        assert_eq!(of(&["acme/a@1", "other/b@2"]), Err(RepositoriesError::SeveralOwners));
        assert_eq!(of(&["acme/a@1", "acme/b"]), Err(RepositoriesError::Mixed));
        let many: Vec<String> = (1..=501).map(|id| format!("acme/r@{id}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(of(&many), Err(RepositoriesError::TooMany));
        assert!(matches!(of(&many[..500]), Ok((_, Repositories::Ids(_)))));
        let (owner, names) = of(&["acme/a", "ACME/b", "acme/A"]).unwrap();
        let Repositories::Names(names) = names else { panic!("{names:?}") };
        assert_eq!((owner.as_str(), names.iter().count()), ("acme", 2));
    }
}
