//! Why an export is not read.

use crate::token::JsonError;

/// An export that cannot be relied on.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {fault}")]
pub struct ExportError {
    /// The name of the export.
    pub name: String,
    /// What is wrong with it.
    #[source]
    pub fault: ExportFault,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    /// It is no JSON.
    #[error("{0}; was it cut? Save it again, and check the exit status of the command that writes it")]
    Json(#[from] JsonError),
    /// There are more pages.
    #[error("it is cut: `{member}` says that there is more. Save it whole, without --max-items, --limit or --no-paginate")]
    Cut {
        /// The member that says so.
        member: &'static str,
    },
    /// It is of an unknown kind.
    #[error(
        "it is none of the exports that are known here: docs/how-to/other-ways-in.md lists the commands of aws, gcloud and az that print them"
    )]
    Unknown,
    /// It does not say whose it is.
    #[error("it does not say whose it is: write {expected}=FILE, or name the file {expected}.json")]
    Nameless {
        /// What has to be named.
        expected: &'static str,
    },
    /// It contradicts another export.
    #[error("it contradicts {other} on {of}: give only the export that holds now")]
    Differs {
        /// The thing that both describe.
        of: String,
        /// The other export.
        other: String,
    },
    /// A part is missing, or of another type.
    #[error("`{member}` is missing in it, or is no {expected}; was it cut?")]
    Member {
        /// The part.
        member: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A trust policy that is encoded and does not decode, or is no JSON.
    #[error("the trust policy of {role} cannot be read; was it cut?")]
    TrustPolicy {
        /// The role.
        role: String,
    },
    /// A report that is no table.
    #[error("the credential report cannot be read: {0}")]
    Report(&'static str),
}
