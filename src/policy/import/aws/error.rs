//! Why a role's trust policy is not imported.

use crate::policy::import::error::WantedError;
use crate::policy::import::pieces::LikeError;

/// A trust policy that no policy expresses.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum AwsError {
    /// The reason is outside of its statements.
    #[error(transparent)]
    Document(#[from] ElementError),
    /// The reason is in one of its statements.
    #[error("statement {number}: {reason}")]
    Statement {
        number: usize,
        #[source]
        reason: ElementError,
    },
}

/// An element that no policy expresses. An unknown one may restrict something.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum ElementError {
    /// It is no object.
    #[error("{what}: expected an object")]
    NoObject { what: String },
    /// It is no text.
    #[error("`{value}`: expected text")]
    NoText { value: serde_json::Value },
    /// A required element is missing.
    #[error("`{element}` is missing")]
    Missing { element: &'static str },
    /// An element that is not known.
    #[error("`{element}` is not imported")]
    Unknown { element: String },
    /// A statement that denies: without it the import would be wider.
    #[error("it denies: write it as a guardrail, and import the rest")]
    Denies,
    /// It lets in anybody.
    #[error("its `Principal` is anybody")]
    Anybody,
    /// Its principal is no OIDC provider.
    #[error("the principal `{principal}` is no OIDC provider by its ARN")]
    NoProvider { principal: String },
    /// A condition that no line expresses.
    #[error("{operator} {key}: {reason}")]
    Condition {
        operator: String,
        key: String,
        #[source]
        reason: ConditionError,
    },
    /// Texts that no line expresses.
    #[error(transparent)]
    Wanted(#[from] WantedError),
}

/// Why no line expresses a condition.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum ConditionError {
    /// It compares something other than a claim of the token.
    #[error("the key is no claim of {host}, and the policy would be wider without it")]
    NoClaim {
        /// The provider, without `https://`.
        host: String,
    },
    /// Its operator is not imported.
    #[error("only StringEquals and StringLike are imported")]
    Operator,
    /// It lists no value.
    #[error("no value, so nothing matches")]
    NoValue,
    /// No pattern expresses one of its texts.
    #[error(transparent)]
    Like(#[from] LikeError),
}
