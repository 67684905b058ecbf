//! Names of GitHub: accounts, repositories, and the permissions of an App's token.

mod bounds;
mod error;
mod names;
mod permissions;
mod repositories;

pub use bounds::{KNOWN_EVERYWHERE, KNOWN_PAUSE, REPOSITORIES_MAX};
pub use error::{AppNameError, PermissionError, RepositoriesError, RepositoryError};
pub use names::{AppName, Owner, Repository, RepositoryId, RepositoryName};
pub use permissions::{Level, Permission, Permissions};
pub use repositories::{Named, NamedRepositories, Repositories};
