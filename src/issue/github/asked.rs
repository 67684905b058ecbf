//! What is asked for. Neither repositories nor permissions can be left out: to GitHub that means all of them.

use crate::words::github::{Owner, Permissions, Repositories, RepositoryId, RepositoryName};
use serde::Serialize;

/// A token of an App.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The App's name in the configuration.
    pub app: &'a str,
    /// The account for which it is installed.
    pub owner: &'a Owner,
    /// In which of its repositories.
    pub repositories: &'a Repositories,
    /// To do what.
    pub permissions: &'a Permissions,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_ids: Option<Vec<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<&'a str>>,
    permissions: &'a Permissions,
}

impl Asked<'_> {
    /// Whether every repository is the account's.
    pub(super) fn is_of_one_account(&self) -> bool {
        match self.repositories {
            Repositories::All => true,
            Repositories::Ids(named) => named.ids().all(|id| named.name(id).is_some_and(|name| name.owner() == self.owner)),
            Repositories::Names(called) => called.names().all(|name| name.owner() == self.owner),
        }
    }

    /// As GitHub takes it. An App's JWT reads no repository, so names are sent where there are no ids, and the answer has the ids.
    pub(super) fn body(&self) -> Result<Vec<u8>, serde_json::Error> {
        let (repository_ids, repositories) = match self.repositories {
            Repositories::All => (None, None),
            Repositories::Ids(named) => (Some(named.ids().map(RepositoryId::number).collect()), None),
            Repositories::Names(called) => (None, Some(called.names().map(RepositoryName::name).collect())),
        };
        serde_json::to_vec(&Body { repository_ids, repositories, permissions: self.permissions })
    }
}
