//! Why an export is not read.

use crate::token::JsonError;

/// An export that says nothing certain.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {fault}")]
pub struct ExportError {
    /// Which.
    pub name: String,
    /// Why.
    #[source]
    pub fault: ExportFault,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    /// It is no JSON.
    #[error("{0}; was it cut? Save it anew, and look at the exit status of what writes it")]
    Json(#[from] JsonError),
    /// There are more pages.
    #[error("it is cut: `{member}` says that there is more. Save it whole, without --max-items, --limit or --no-paginate")]
    Cut {
        /// What says so.
        member: &'static str,
    },
    /// Nobody knows what it is.
    #[error(
        "it is none of the exports that are known here: docs/how-to/other-ways-in.md lists the commands of aws, gcloud and az that print them"
    )]
    Unknown,
    /// It does not say whose it is.
    #[error("it does not say whose it is: write {expected}=FILE, or call the file so ({expected}.json)")]
    Nameless {
        /// What is to be named.
        expected: &'static str,
    },
    /// Another export says something else of the same.
    #[error("of {of} it says something else than {other} does: give the one alone that holds now")]
    Differs {
        /// Of what.
        of: String,
        /// The other export.
        other: String,
    },
    /// A part that has to be there.
    #[error("`{member}` is missing in it, or is no {expected}; was it cut?")]
    Member {
        /// Which.
        member: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A trust policy that is encoded and does not decode, or is no JSON.
    #[error("the trust policy of {role} cannot be read; was it cut?")]
    TrustPolicy {
        /// Whose.
        role: String,
    },
    /// A report that is no table.
    #[error("the credential report cannot be read: {0}")]
    Report(&'static str),
}
