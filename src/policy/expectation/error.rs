//! Why a test's claims are nobody's.

use crate::token::JsonError;
use crate::words::Denial;
use crate::words::names::IssuerName;

/// Why a test says nothing of its policy.
#[derive(Debug, thiserror::Error)]
pub(super) enum FactsError {
    /// The claims that it names are not there.
    #[error("the repository has no file `{file}`")]
    NoFile {
        /// Where they were to be.
        file: String,
    },
    /// They are something else.
    #[error("{file}: {fault}")]
    Json {
        /// Where they are.
        file: String,
        /// What is wrong.
        #[source]
        fault: JsonError,
    },
    /// Nobody says whose they are.
    #[error("no issuer is named")]
    NoIssuer,
    /// They are other JSON.
    #[error("the claims are no object")]
    NoObject,
    /// Their issuer is not known here.
    #[error("no issuer `{issuer}` is configured")]
    UnknownIssuer {
        /// By this name.
        issuer: IssuerName,
    },
    /// The mapping refuses them.
    #[error("{}", .0.cause)]
    Refused(#[from] Denial),
}
