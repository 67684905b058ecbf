//! What one identity gets: a token in which nothing is left to choose.

use crate::kind::{GitHubTarget, Where};
use crate::words::github::{AppName, Owner, Permissions, Repository};
use crate::words::names::IssuerName;

/// An installation token of an App.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GitHubTerms {
    /// The App, as the configuration calls it.
    pub app: AppName,
    /// In which repositories.
    pub to: InRepositories,
    /// To do what.
    pub permissions: Permissions,
    /// The issuer whose word for the identity's own repository was taken, where it was: another forge has other repositories.
    pub own_of: Option<IssuerName>,
}

/// In which repositories, of one account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InRepositories {
    /// In all that the App is installed for at this account.
    All(Owner),
    /// In these, with the ids that are known.
    Named(Vec<Repository>),
}

impl GitHubTerms {
    /// The same as what could be asked for.
    pub(super) fn target(&self) -> GitHubTarget {
        let repositories = match &self.to {
            InRepositories::All(owner) => Where::All(owner.clone()),
            InRepositories::Named(named) => Where::Named(named.iter().map(|one| one.name.clone()).collect()),
        };
        GitHubTarget {
            app: Some(self.app.clone()),
            repositories: Some(repositories),
            permissions: Some(self.permissions.clone()),
        }
    }
}
