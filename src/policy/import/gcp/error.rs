//! Why a provider of Google's, or a member that a service account trusts, is not imported.

use super::cel::CelError;
use crate::kind::GcpNameError;
use crate::policy::import::error::WantedError;
use crate::policy::import::members::MemberError;
use crate::policy::import::pieces::PieceError;

/// What ours do not say.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum GcpError {
    /// A file is no such answer, or has a member that is not known.
    #[error(transparent)]
    Members(#[from] MemberError),
    /// A field that no policy says.
    #[error("`{field}`: {why}")]
    Field {
        /// Which.
        field: &'static str,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// The file is not called like an account.
    #[error("call the file as the service account, such as service-accounts/deploy@acme-prod.iam.gserviceaccount.com.json: {0}")]
    Account(#[source] GcpNameError),
    /// An expression that no line says.
    #[error("`{field}`: {reason}")]
    Cel {
        /// Where it stands.
        field: String,
        /// What of it.
        #[source]
        reason: CelError,
    },
    /// An attribute that is not mapped.
    #[error("`{field}` names `{attribute}`, which `attributeMapping` does not have")]
    NotMapped {
        /// Where.
        field: String,
        /// Which.
        attribute: String,
    },
    /// A text that no pattern says.
    #[error("`{field}`: `{text}`: {reason}")]
    Piece {
        /// Where.
        field: String,
        /// The text.
        text: String,
        /// Why not.
        #[source]
        reason: PieceError,
    },
    /// Its own conditions do not go together.
    #[error(transparent)]
    Wanted(#[from] WantedError),
    /// A member of a form that is not known.
    #[error("the member `{member}`: {why}")]
    Member {
        /// Which.
        member: String,
        /// Why not.
        why: &'static str,
    },
    /// A member of a pool without a provider here.
    #[error(
        "the member `{member}`: no provider of its pool is imported; `gcloud iam workload-identity-pools providers describe --format=json` prints each"
    )]
    NoProvider {
        /// Which.
        member: String,
    },
    /// Nobody gets in.
    #[error("no member of a workload identity pool is in it")]
    NoMember,
    /// A provider that nothing names.
    #[error(
        "no file below service-accounts/ names its pool: `gcloud iam service-accounts get-iam-policy ADDRESS --format=json` prints who acts as an account"
    )]
    Unused,
}
