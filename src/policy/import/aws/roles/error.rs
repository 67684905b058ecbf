//! Why a document of roles, or one of them, is not imported.

use crate::policy::import::aws::AwsError;
use crate::token::JsonError;
use crate::words::names::NameError;

/// Why no role is imported.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum RoleError {
    /// The document, or a role's trust policy, is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// One ARN was given, and several roles lack theirs.
    #[error("--role names one role, and several here have no ARN")]
    Nameless,
    #[error("no role here trusts an OIDC provider")]
    NoneTrusts,
    /// Its ARN is not valid.
    #[error("`{arn}`: {fault}")]
    Arn {
        arn: String,
        #[source]
        fault: NameError,
    },
    /// The plan does not contain its trust policy yet.
    #[error("its trust policy is known only after it was applied")]
    NotYet,
    /// Its trust policy is cut off, or no text.
    #[error("its trust policy is URL-encoded and does not decode")]
    Encoding,
    /// No policy expresses its trust policy.
    #[error(transparent)]
    Aws(#[from] AwsError),
}
