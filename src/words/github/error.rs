//! What is wrong with a name, a set of repositories, or a permission.

use super::bounds::{APP_BYTES_MAX, OWNER_BYTES_MAX, PERMISSION_BYTES_MAX, REPOSITORIES_MAX, REPOSITORY_BYTES_MAX};

/// A text cannot be the name of an App.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an App's name has up to {APP_BYTES_MAX} letters, digits, `-`, `_` and `.`")]
pub struct AppNameError;

/// Why a text names no account or repository. The message does not quote it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RepositoryError {
    /// It is not an account.
    #[error(
        "the name of a GitHub account has up to {OWNER_BYTES_MAX} letters, digits, `-` and `_`, and does not begin with a hyphen"
    )]
    Owner,
    /// It is not a repository.
    #[error(
        "the name of a GitHub repository has up to {REPOSITORY_BYTES_MAX} letters, digits, `-`, `_` and `.`, and is not `.` or `..`"
    )]
    Repository,
    /// It does not have two parts.
    #[error("expected OWNER/REPOSITORY, or OWNER/REPOSITORY@ID")]
    Parts,
    /// Its id is not valid.
    #[error("a repository's id is a whole number above 0, written in digits only")]
    Id,
}

/// Why one token cannot be for these repositories.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RepositoriesError {
    /// There are none, which GitHub reads as all.
    #[error("no repository is named: name one, or say `all`")]
    None,
    /// There are more than GitHub's limit.
    #[error("more than {REPOSITORIES_MAX} repositories are named, and a token of GitHub is for {REPOSITORIES_MAX} at most")]
    TooMany,
    /// A token is of one installation, and an installation of one account.
    #[error("the repositories are of several accounts, and a token of GitHub is for those of one")]
    SeveralOwners,
    /// It is ambiguous which one is meant.
    #[error("two repositories have one id: each has its own")]
    SeveralNames,
}

/// Why an App has no such permission.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PermissionError {
    /// The key is unknown.
    #[error(
        "no permission of a GitHub App{}; `extra_permissions` of the configuration names what is newer than this version",
        suggestion(.near)
    )]
    Unknown {
        /// The key that may have been meant.
        near: Option<&'static str>,
    },
    /// It is a known permission. Among the extra ones its levels would not be checked.
    #[error("GitHub has this permission: it belongs under `permissions`")]
    Known,
    /// The key cannot be one of GitHub's.
    #[error("a permission's name has up to {PERMISSION_BYTES_MAX} lower-case letters and `_`")]
    NoKey,
    /// No permission has this level.
    #[error("the level of a permission is `read`, `write` or `admin`")]
    NoLevel,
    /// This permission does not have this level.
    #[error("this permission has no such level: it can be {levels}")]
    Level {
        /// The levels that it has.
        levels: String,
    },
    /// There are none, which GitHub reads as all.
    #[error("no permission is named, which GitHub reads as all of them: name those that are needed")]
    None,
}

fn suggestion(near: &Option<&'static str>) -> String {
    near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default()
}
