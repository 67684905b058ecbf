//! Why a role's trust policy is not imported.

use crate::policy::import::error::WantedError;
use crate::policy::import::pieces::LikeError;

/// A trust policy that ours do not say.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum AwsError {
    /// By what stands around its statements.
    #[error(transparent)]
    Document(#[from] ElementError),
    /// By one of them.
    #[error("statement {number}: {reason}")]
    Statement {
        /// Which one, from 1.
        number: usize,
        /// Why not.
        #[source]
        reason: ElementError,
    },
}

/// An element that ours do not say; one that is not known may take something away.
#[derive(Debug, thiserror::Error)]
pub(in crate::policy) enum ElementError {
    /// It is other JSON.
    #[error("{what}: expected an object")]
    NoObject {
        /// What was to be one.
        what: String,
    },
    /// It is other JSON.
    #[error("`{value}`: expected text")]
    NoText {
        /// What was to be one.
        value: serde_json::Value,
    },
    /// It has to be there.
    #[error("`{element}` is missing")]
    Missing {
        /// Its name.
        element: &'static str,
    },
    /// It is not known.
    #[error("`{element}` is not imported")]
    Unknown {
        /// Its name.
        element: String,
    },
    /// What it takes away would stay.
    #[error("it denies: write it as a guardrail, and import the rest")]
    Denies,
    /// Nobody could list whom it is for.
    #[error("a `Principal` that is anybody")]
    Anybody,
    /// Its tokens are not ours to read.
    #[error("the principal `{principal}` is no OIDC provider by its ARN")]
    NoProvider {
        /// What it names.
        principal: String,
    },
    /// A condition that no line says.
    #[error("{operator} {key}: {reason}")]
    Condition {
        /// Its operator.
        operator: String,
        /// Its key.
        key: String,
        /// Why not.
        #[source]
        reason: ConditionError,
    },
    /// A text or several that no line says.
    #[error(transparent)]
    Wanted(#[from] WantedError),
}

/// Why no line says a condition.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum ConditionError {
    /// It is about something else than the token.
    #[error("the key is no claim of {host}, and to leave it out would be wider")]
    NoClaim {
        /// The provider, without `https://`.
        host: String,
    },
    /// No pattern does what it does.
    #[error("only StringEquals and StringLike are imported")]
    Operator,
    /// Nothing fits it.
    #[error("no value, which nothing matches")]
    NoValue,
    /// No pattern says one of its texts.
    #[error(transparent)]
    Like(#[from] LikeError),
}
