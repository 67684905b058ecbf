//! Why a federated credential of Entra's is not imported.

use crate::kind::GuidError;
use crate::policy::import::error::WantedError;
use crate::policy::import::members::MemberError;
use crate::policy::import::pieces::LikeError;

/// What ours do not say.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum AzureError {
    /// The file is no such list, or has a member that is not known.
    #[error(transparent)]
    Members(#[from] MemberError),
    /// The file is not called like an application.
    #[error("call the file as the application's client id, applications/CLIENT_ID.json: {0}")]
    Application(#[source] GuidError),
    /// A field that no policy says.
    #[error("`{field}`: {why}")]
    Field {
        /// Which.
        field: &'static str,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// A pattern that no line says.
    #[error("`claimsMatchingExpression`: {0}")]
    Like(#[source] LikeError),
    /// Its conditions do not go together.
    #[error(transparent)]
    Wanted(#[from] WantedError),
}
