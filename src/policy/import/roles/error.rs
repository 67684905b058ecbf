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
    /// Nobody can tell whose ARN was given.
    #[error("--role names one role, and several here have no ARN")]
    Nameless,
    /// There is no way in by a token.
    #[error("no role here trusts an OIDC provider")]
    NoneTrusts,
    /// It has another role's form of name.
    #[error("`{arn}`: {fault}")]
    Arn {
        /// What it is called.
        arn: String,
        /// What is wrong with that.
        #[source]
        fault: NameError,
    },
    /// A plan does not have it yet.
    #[error("its trust policy is known only after it was applied")]
    NotYet,
    /// It is cut off, or no text.
    #[error("a document that is encoded and does not decode")]
    Encoding,
    /// Its trust policy says what ours do not.
    #[error(transparent)]
    Aws(#[from] AwsError),
}
