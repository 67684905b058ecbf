//! Why a provider of Google's, or a member that a service account trusts, is not imported.

use super::cel::CelError;
use crate::kind::GcpNameError;
use crate::policy::import::error::WantedError;
use crate::policy::import::members::MemberError;
use crate::policy::import::pieces::PieceError;

/// Why a provider or a member does not become a policy.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum GcpError {
    /// A file is not what `gcloud` prints, or has an unknown member.
    #[error(transparent)]
    Members(#[from] MemberError),
    /// A field that no policy expresses.
    #[error("`{field}`: {why}")]
    Field { field: &'static str, why: &'static str },
    /// The name of the file is no service account.
    #[error(
        "name the file after the service account, such as service-accounts/deploy@acme-prod.iam.gserviceaccount.com.json: {0}"
    )]
    Account(#[source] GcpNameError),
    /// An expression that no line expresses.
    #[error("`{field}`: {reason}")]
    Cel {
        field: String,
        #[source]
        reason: CelError,
    },
    /// An attribute that is not mapped.
    #[error("`{field}` names `{attribute}`, which `attributeMapping` does not have")]
    NotMapped { field: String, attribute: String },
    /// A text that no pattern matches literally.
    #[error("`{field}`: `{text}`: {reason}")]
    Piece {
        field: String,
        text: String,
        #[source]
        reason: PieceError,
    },
    /// Its conditions exclude each other, or no line expresses them.
    #[error(transparent)]
    Wanted(#[from] WantedError),
    /// A member that is not imported.
    #[error("the member `{member}`: {why}")]
    Member { member: String, why: &'static str },
    /// A member of a pool of which no provider is imported.
    #[error(
        "the member `{member}`: no provider of its pool is imported; `gcloud iam workload-identity-pools providers describe --format=json` prints each"
    )]
    NoProvider { member: String },
    /// A policy without a member of a pool.
    #[error("no member of a workload identity pool is in it")]
    NoMember,
    /// A provider of a pool that no account names.
    #[error(
        "no file below service-accounts/ names its pool: `gcloud iam service-accounts get-iam-policy ADDRESS --format=json` prints who acts as an account"
    )]
    Unused,
}
