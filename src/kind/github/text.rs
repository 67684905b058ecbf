//! The text in the audit log and in people's questions: an App, `all:OWNER`, `own` or repositories, and permissions, each a word.

use super::{GitHubTarget, GitHubTargetError, RepositoryScope};
use crate::words::github::{AppName, Level, Owner, Permission, PermissionError, Permissions, RepositoryName};
use std::collections::BTreeSet;
use std::fmt;

/// The prefix of an account of which all repositories are meant.
const ALL: &str = "all:";
/// The job's own repository.
const OWN: &str = "own";

/// Reads any permission that GitHub could have, so that old records stay readable.
pub(super) fn permission(key: &str, level: &str) -> Result<Permission, PermissionError> {
    Permission::parse(key, level, &[key.to_owned()])
}

/// Reads a permission that GitHub has.
pub(super) fn known_permission(key: &str, level: &str) -> Result<Permission, PermissionError> {
    Permission::parse(key, level, &[])
}

/// Reads the words, in any order.
pub(super) fn read(
    text: &str,
    permission: fn(&str, &str) -> Result<Permission, PermissionError>,
) -> Result<GitHubTarget, GitHubTargetError> {
    let (mut app, mut all, mut own, mut names, mut permissions) = (None, None, None, Vec::new(), Vec::<Permission>::new());
    for word in text.split(' ') {
        if word.is_empty() {
            return Err(GitHubTargetError::Words);
        } else if let Some((key, level)) = word.split_once('=') {
            permissions.push(permission(key, level)?);
        } else if let Some(owner) = word.strip_prefix(ALL) {
            set(&mut all, Owner::parse(owner)?)?;
        } else if word == OWN {
            set(&mut own, ())?;
        } else if word.contains('/') {
            names.push(RepositoryName::parse(word)?);
        } else {
            set(&mut app, AppName::parse(word)?)?;
        }
    }
    let named = if names.is_empty() { None } else { Some(RepositoryScope::named(names)?) };
    let repositories = match (all, own, named) {
        (Some(owner), None, None) => Some(RepositoryScope::All(owner)),
        (None, Some(()), None) => Some(RepositoryScope::Own(BTreeSet::new())),
        (None, Some(()), Some(RepositoryScope::Named(others))) => Some(RepositoryScope::Own(others)),
        (None, None, named) => named,
        _ => return Err(GitHubTargetError::Mixed),
    };
    let count = permissions.len();
    let permissions = if count == 0 { None } else { Some(Permissions::new(permissions)?) };
    if permissions.as_ref().is_some_and(|all| all.iter().count() != count) {
        return Err(GitHubTargetError::Twice);
    }
    Ok(GitHubTarget { app, repositories, permissions })
}

fn set<T>(slot: &mut Option<T>, value: T) -> Result<(), GitHubTargetError> {
    slot.replace(value).map_or(Ok(()), |_| Err(GitHubTargetError::Twice))
}

impl fmt::Display for RepositoryScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(owner) => write!(f, "{ALL}{owner}"),
            Self::Own(others) => f.write_str(&words([OWN.to_owned()].into_iter().chain(others.iter().map(ToString::to_string)))),
            Self::Named(names) => f.write_str(&words(names.iter().map(ToString::to_string))),
        }
    }
}

fn words(all: impl Iterator<Item = String>) -> String {
    all.collect::<Vec<_>>().join(" ")
}

impl fmt::Display for GitHubTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permission = |(key, level): (&str, Level)| format!("{key}={}", level.as_str());
        let permissions = self.permissions.iter().flat_map(Permissions::iter).map(permission);
        let named = self.app.iter().map(ToString::to_string).chain(self.repositories.iter().map(ToString::to_string));
        f.write_str(&words(named.chain(permissions)))
    }
}
