//! Why a text names no token of a GitHub App.
use crate::words::github::{AppNameError, PermissionError, REPOSITORIES_MAX, RepositoryError};

/// Why a text names no token of a GitHub App.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GitHubTargetError {
    /// One of its words is empty.
    #[error("expected words with one space between them, such as `acme/shop contents=read`")]
    Words,
    /// Its App.
    #[error(transparent)]
    App(#[from] AppNameError),
    /// A repository, or an account.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A permission.
    #[error(transparent)]
    Permission(#[from] PermissionError),
    /// No repository.
    #[error("no repository is named: leave `repositories` out for those that are granted")]
    NoRepository,
    /// It has more than GitHub's limit.
    #[error("a token of GitHub is for {REPOSITORIES_MAX} repositories at most")]
    TooMany,
    /// A token is of one installation, and an installation of one account.
    #[error("a token of GitHub is for repositories of one account")]
    SeveralOwners,
    /// A repository, a permission or another part appears twice.
    #[error("something is named twice")]
    Twice,
    /// It has `all:` and repositories.
    #[error("`all:` replaces the list of repositories: name one or the other")]
    Mixed,
    /// It has a word that only policies use.
    #[error("`own` is a word of policies: name the repository, such as `acme/shop contents=read`")]
    Own,
}
