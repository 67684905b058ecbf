//! The terms of one installation token, with nothing left to choose.

use crate::kind::{GitHubTarget, RepositoryScope};
use crate::words::github::{AppName, Owner, Permissions, Repository};
use crate::words::names::IssuerName;

/// An installation token of an App.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GitHubTerms {
    /// The App's name in the configuration.
    pub app: AppName,
    /// The repositories.
    pub to: InRepositories,
    /// The permissions in them.
    pub permissions: Permissions,
    /// Whether the server keeps a sealed copy of the token, so that an operator can have it ended.
    pub server_revokes: bool,
    /// The issuer that says which repository is the identity's own, if the token is for that one: another forge has other repositories.
    pub own_of: Option<IssuerName>,
}

/// Repositories of one account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InRepositories {
    /// All repositories of this account that the App is installed for.
    All(Owner),
    /// These, with the ids that are known.
    Named(Vec<Repository>),
}

impl GitHubTerms {
    /// The request that means these terms.
    pub(super) fn target(&self) -> GitHubTarget {
        let repositories = match &self.to {
            InRepositories::All(owner) => RepositoryScope::All(owner.clone()),
            InRepositories::Named(named) => RepositoryScope::Named(named.iter().map(|one| one.name.clone()).collect()),
        };
        GitHubTarget {
            app: Some(self.app.clone()),
            repositories: Some(repositories),
            permissions: Some(self.permissions.clone()),
        }
    }
}
