//! Why a federated credential of Entra's is not imported.

use crate::kind::GuidError;
use crate::policy::import::error::WantedError;
use crate::policy::import::members::MemberError;
use crate::policy::import::pieces::LikeError;

/// Why a federated credential does not become a policy.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum AzureError {
    /// The file is no list of credentials, or one has an unknown member.
    #[error(transparent)]
    Members(#[from] MemberError),
    /// The name of the file is no client id.
    #[error("name the file after the application's client id, applications/CLIENT_ID.json: {0}")]
    Application(#[source] GuidError),
    /// A field that no policy expresses.
    #[error("`{field}`: {why}")]
    Field { field: &'static str, why: &'static str },
    /// A pattern that no line expresses.
    #[error("`claimsMatchingExpression`: {0}")]
    Like(#[source] LikeError),
    /// Its conditions exclude each other, or no line expresses them.
    #[error(transparent)]
    Wanted(#[from] WantedError),
}
