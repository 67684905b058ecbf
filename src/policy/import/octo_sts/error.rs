//! Why a file of octo-sts is not imported.

use crate::policy::import::error::WantedError;
use crate::policy::import::regex::RegexError;
use crate::words::github::{PermissionError, RepositoriesError, RepositoryError};
use crate::words::yaml::Fault;

/// The rule of octo-sts's own by which a subject is none, for the notes too.
pub(super) const NO_SUBJECT: &str = "octo-sts takes no subject with white space, quotes, brackets, signs of shells or what does not \
                                     print, or of more than 255 characters";

/// A file that is no trust policy of octo-sts, or trusts more than a policy of ours says.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum OctoStsError {
    /// It is no YAML.
    #[error("{}", one_line(.0))]
    Yaml(Box<Fault>),
    /// It is another file, or one that is read otherwise elsewhere.
    #[error("{}; is it a trust policy of octo-sts?", one_line(.0))]
    Foreign(Box<Fault>),
    /// Whom it trusts nobody can list.
    #[error("a pattern of issuers: write a policy for each")]
    Issuers,
    /// It names nobody.
    #[error("`{member}` is missing")]
    Missing {
        /// What is not there.
        member: &'static str,
    },
    /// Which of them counts nobody says.
    #[error("`{member}` and `{member}_pattern`: octo-sts takes one of them")]
    Twice {
        /// What is there twice.
        member: &'static str,
    },
    /// Nobody would get in by it.
    #[error("sub: {NO_SUBJECT}")]
    Subject,
    /// An expression that no pattern says.
    #[error("{claim}: {reason}")]
    Regex {
        /// Of which claim.
        claim: String,
        /// Why not.
        #[source]
        reason: RegexError,
    },
    /// Where the file stands is no account.
    #[error("the folder: {0}")]
    Place(#[source] RepositoryError),
    /// A repository of which no listing tells.
    #[error("no listing has the id of `{name}`")]
    NoId {
        /// Which.
        name: String,
    },
    /// Repositories of which there is no token.
    #[error(transparent)]
    Repositories(#[from] RepositoriesError),
    /// A permission that this version does not know.
    #[error(transparent)]
    Permission(#[from] PermissionError),
    /// A text or several that no line says.
    #[error(transparent)]
    Wanted(#[from] WantedError),
}

fn one_line(fault: &Fault) -> String {
    format!("line {}: {}", fault.place.line, fault.message)
}
