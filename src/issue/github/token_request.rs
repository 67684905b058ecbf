//! A request for a token. It always names repositories and permissions, because GitHub gives all of what a request leaves out.

use crate::words::github::{Owner, Permissions, Repositories, RepositoryId, RepositoryName};
use serde::Serialize;

/// A request for a token of an App.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// The App's name in the configuration.
    pub app: &'a str,
    /// The account for which it is installed.
    pub owner: &'a Owner,
    /// The repositories that the token may access.
    pub repositories: &'a Repositories,
    /// What it may do there.
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

impl TokenRequest<'_> {
    /// Whether every repository belongs to the account.
    pub(super) fn is_of_one_account(&self) -> bool {
        match self.repositories {
            Repositories::All => true,
            Repositories::Ids(named) => named.ids().all(|id| named.name(id).is_some_and(|name| name.owner() == self.owner)),
            Repositories::Names(called) => called.names().all(|name| name.owner() == self.owner),
        }
    }

    /// The body of the request. Names are sent if ids are unknown, because an App's JWT cannot read repositories; the answer has the ids.
    pub(super) fn body(&self) -> Result<Vec<u8>, serde_json::Error> {
        let (repository_ids, repositories) = match self.repositories {
            Repositories::All => (None, None),
            Repositories::Ids(named) => (Some(named.ids().map(RepositoryId::number).collect()), None),
            Repositories::Names(called) => (None, Some(called.names().map(RepositoryName::name).collect())),
        };
        serde_json::to_vec(&Body { repository_ids, repositories, permissions: self.permissions })
    }
}
