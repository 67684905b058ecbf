//! What is wrong with a name, a set of repositories, or a permission.

use super::bounds::{APP_BYTES_MAX, OWNER_BYTES_MAX, PERMISSION_BYTES_MAX, REPOSITORIES_MAX, REPOSITORY_BYTES_MAX};

/// Why a text names no App of the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an App is named by up to {APP_BYTES_MAX} letters, digits, `-`, `_` and `.`")]
pub struct AppNameError;

/// Why a text names no account and no repository. The words hold nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RepositoryError {
    /// Of an account.
    #[error("an account of GitHub is named by up to {OWNER_BYTES_MAX} letters, digits, `-` and `_`, and not by a hyphen first")]
    Owner,
    /// Of a repository.
    #[error(
        "a repository of GitHub is named by up to {REPOSITORY_BYTES_MAX} letters, digits, `-`, `_` and `.`, and not `.` or `..`"
    )]
    Repository,
    /// No two parts.
    #[error("expected OWNER/REPOSITORY, or OWNER/REPOSITORY@ID")]
    Parts,
    /// Of an id.
    #[error("a repository's id is a whole number above 0, by its digits alone")]
    Id,
}

/// Why repositories are no choice for one token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RepositoriesError {
    /// Nothing at all: to GitHub that means everything.
    #[error("no repository is named: name one, or say `all`")]
    None,
    /// GitHub's bound.
    #[error("more than {REPOSITORIES_MAX} repositories are named, and a token of GitHub is for {REPOSITORIES_MAX} at most")]
    TooMany,
    /// A token is of one installation, and an installation of one account.
    #[error("the repositories are of several accounts, and a token of GitHub is for those of one")]
    SeveralOwners,
    /// Which of them is meant, nobody can tell.
    #[error("two repositories have one id: each has its own")]
    SeveralNames,
}

/// Why a permission is none of an App's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PermissionError {
    /// No such key.
    #[error(
        "no permission of a GitHub App{}; `extra_permissions` of the configuration names what is newer than this version",
        meant(.near)
    )]
    Unknown {
        /// The one that may have been meant.
        near: Option<&'static str>,
    },
    /// Beside the known ones it would be read without its levels.
    #[error("GitHub has this permission: it belongs under `permissions`")]
    Known,
    /// A key that could not be one.
    #[error("a permission is named by up to {PERMISSION_BYTES_MAX} lower-case letters and `_`")]
    NoKey,
    /// No such level, of any permission.
    #[error("the level of a permission is `read`, `write` or `admin`")]
    NoLevel,
    /// A level that this one lacks.
    #[error("this permission has no such level: it can be {levels}")]
    Level {
        /// Those that it has.
        levels: String,
    },
    /// To GitHub no permission means all of them.
    #[error("no permission is named, and to GitHub that means all of them: name those that are needed")]
    None,
}

fn meant(near: &Option<&'static str>) -> String {
    near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default()
}
