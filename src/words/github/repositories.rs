//! The repositories of a token. "All" has its own variant, because GitHub reads an empty or missing list as all repositories.

use super::bounds::REPOSITORIES_MAX;
use super::error::RepositoriesError;
use super::names::{Owner, Repository, RepositoryId, RepositoryName};
use std::collections::BTreeMap;

/// Repositories by their names, with their ids if they are known: at least one, and at most GitHub's limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedRepositories(BTreeMap<RepositoryName, Option<RepositoryId>>);

/// Repositories of an installation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Repositories {
    /// All of the installation, also future ones.
    All,
    /// Those with these ids, as long as they also have these names, because guardrails deny repositories by name.
    Ids(Named),
    /// Those that have these names now. The ids of some may be unknown.
    Names(NamedRepositories),
}

/// Repositories by their ids, each with its name: at least one, and at most GitHub's limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named(BTreeMap<RepositoryId, RepositoryName>);

impl Named {
    fn new(all: impl IntoIterator<Item = (RepositoryId, RepositoryName)>) -> Result<Self, RepositoriesError> {
        let mut named = BTreeMap::new();
        for (id, name) in all {
            if named.insert(id, name.clone()).is_some_and(|other| other != name) {
                return Err(RepositoriesError::SeveralNames);
            }
        }
        match named.len() {
            0 => Err(RepositoriesError::None),
            1..=REPOSITORIES_MAX => Ok(Self(named)),
            _ => Err(RepositoriesError::TooMany),
        }
    }

    /// Each id, once.
    pub fn ids(&self) -> impl Iterator<Item = RepositoryId> {
        self.0.keys().copied()
    }

    /// The name of this repository; `None` if it is not among them.
    pub fn name(&self, id: RepositoryId) -> Option<&RepositoryName> {
        self.0.get(&id)
    }
}

impl NamedRepositories {
    fn new(all: &[Repository]) -> Result<Self, RepositoriesError> {
        let named: BTreeMap<RepositoryName, Option<RepositoryId>> = all.iter().map(|one| (one.name.clone(), one.id)).collect();
        match named.len() {
            0 => Err(RepositoriesError::None),
            1..=REPOSITORIES_MAX => Ok(Self(named)),
            _ => Err(RepositoriesError::TooMany),
        }
    }

    /// Each name, once.
    pub fn names(&self) -> impl Iterator<Item = &RepositoryName> {
        self.0.keys()
    }

    /// Whether the repository with this name and id is among them.
    pub fn has(&self, name: &RepositoryName, id: RepositoryId) -> bool {
        self.0.get(name).is_some_and(|known| known.is_none_or(|known| known == id))
    }
}

impl Repositories {
    /// Makes the choice of these repositories, and returns their owner. It is by ids if all have one.
    pub fn of(named: &[Repository]) -> Result<(Owner, Self), RepositoriesError> {
        let owner = named.first().ok_or(RepositoriesError::None)?.name.owner();
        if named.iter().any(|one| one.name.owner() != owner) {
            return Err(RepositoriesError::SeveralOwners);
        }
        let ids: Vec<_> = named.iter().filter_map(|one| Some((one.id?, one.name.clone()))).collect();
        let all_have_one = ids.len() == named.len();
        let by_ids = if ids.is_empty() { None } else { Some(Named::new(ids)?) };
        let chosen = match by_ids.filter(|_| all_have_one) {
            Some(by_ids) => Self::Ids(by_ids),
            None => Self::Names(NamedRepositories::new(named)?),
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
        assert_eq!(of(&["acme/a@1", "acme/b@1", "acme/c"]), Err(RepositoriesError::SeveralNames));
        assert_eq!(of(&["acme/a@1", "acme/b@1"]), Err(RepositoriesError::SeveralNames));
        let many: Vec<String> = (1..=501).map(|id| format!("acme/r@{id}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(of(&many), Err(RepositoriesError::TooMany));
        assert!(matches!(of(&many[..500]), Ok((_, Repositories::Ids(_)))));
        let (owner, names) = of(&["acme/a", "ACME/b", "acme/A"]).unwrap();
        let Repositories::Names(names) = names else { panic!("{names:?}") };
        assert_eq!((owner.as_str(), names.names().count()), ("acme", 2));
        let (_, Repositories::Names(mixed)) = of(&["acme/a@1", "acme/b"]).unwrap() else { panic!("one has no id") };
        let has = |name: &str, id| mixed.has(&RepositoryName::parse(name).unwrap(), RepositoryId::new(id).unwrap());
        assert!(has("acme/a", 1) && has("acme/b", 7) && !has("acme/a", 7) && !has("acme/c", 1));
    }
}
