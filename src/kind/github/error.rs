//! Why a text asks for no token of a GitHub App.

use crate::words::github::{AppNameError, PermissionError, REPOSITORIES_MAX, RepositoryError};

/// Why not.
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
    /// GitHub's bound.
    #[error("a token of GitHub is for {REPOSITORIES_MAX} repositories at most")]
    TooMany,
    /// A token is of one installation, and an installation of one account.
    #[error("a token of GitHub is for repositories of one account")]
    SeveralOwners,
    /// It is said already.
    #[error("something is named twice")]
    Twice,
    /// All, and some.
    #[error("`all:` stands instead of repositories")]
    Mixed,
    /// The word of policies for a repository that only they know.
    #[error("`own` is a word of policies: name the repository, such as `acme/shop contents=read`")]
    Own,
}
