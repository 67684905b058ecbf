//! Why a file of octo-sts is not imported.

use super::texts::OTHER_LINE_BREAK;
use super::trusted::{OF_ACCOUNT, UntrustedError};
use crate::policy::import::error::WantedError;
use crate::policy::import::regex::RegexError;
use crate::words::github::{PermissionError, RepositoriesError, RepositoryError};
use crate::words::yaml::Fault;

/// Which subjects octo-sts refuses, for errors and notes.
pub(super) const NO_SUBJECT: &str = "octo-sts takes no subject with white space, quotes, brackets, shell characters or unprintable \
                                     characters, or of more than 255 characters";

/// A file that octo-sts takes in an account's own repository alone stands in another one.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "octo-sts takes it in the account's own repository alone: `{OF_ACCOUNT}`, or the one that ORG_POLICY_REPO names, whose checkout has \
     to be called `{OF_ACCOUNT}` here"
)]
pub struct NotOfAccount;

/// Why a file is no trust policy of octo-sts, or why no policy expresses it.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum OctoStsError {
    /// It is no YAML.
    #[error("{}", one_line(.0))]
    Yaml(Box<Fault>),
    /// It has an unknown key, or a value that YAML versions read differently.
    #[error("{}; is it a trust policy of octo-sts?", one_line(.0))]
    Foreign(Box<Fault>),
    /// A comment ends, and a value begins, at different places.
    #[error("{OTHER_LINE_BREAK}")]
    LineBreak,
    /// It trusts issuers by a pattern, which nobody can list.
    #[error("a pattern of issuers: write a policy for each")]
    Issuers,
    /// The account does not permit its issuer.
    #[error(transparent)]
    Untrusted(#[from] UntrustedError),
    /// It names repositories, and is not in the account's own repository.
    #[error("`repositories`: {NotOfAccount}")]
    NotOfAccount,
    /// A required member is missing.
    #[error("`{member}` is missing")]
    Missing { member: &'static str },
    /// A member and its pattern are both there.
    #[error("`{member}` and `{member}_pattern`: octo-sts takes one of them")]
    Twice { member: &'static str },
    /// octo-sts takes none of its subjects.
    #[error("sub: {NO_SUBJECT}")]
    Subject,
    /// An expression that no pattern expresses.
    #[error("{claim}: {reason}")]
    Regex {
        claim: String,
        #[source]
        reason: RegexError,
    },
    /// octo-sts never reads it, because of its name.
    #[error("octo-sts reads names that end with `.sts.yaml` alone: it never gave a token for this file")]
    Ending,
    /// It stands in a folder below the one that octo-sts reads.
    #[error("octo-sts reads NAME.sts.yaml in a repository's .github/chainguard, and no folder below it")]
    Below,
    /// The folder is not named after an account.
    #[error("the folder: {0}")]
    Place(#[source] RepositoryError),
    /// A repository that is in no listing.
    #[error("no listing has the id of `{name}`")]
    NoId { name: String },
    /// Repositories for which no single token can be made.
    #[error(transparent)]
    Repositories(#[from] RepositoriesError),
    /// A permission that this version does not know.
    #[error(transparent)]
    Permission(#[from] PermissionError),
    /// Texts that no line expresses.
    #[error(transparent)]
    Wanted(#[from] WantedError),
}

fn one_line(fault: &Fault) -> String {
    format!("line {}: {}", fault.place.line, fault.message)
}
