//! Why a test proves nothing.

use crate::policy::condition::possible::ImpossibleFacts;
use crate::token::JsonError;
use crate::words::Denial;
use crate::words::names::{IssuerName, IssuerUrl};

/// Why a test proves nothing about its policy.
#[derive(Debug, thiserror::Error)]
pub(super) enum FactsError {
    /// The repository has no file with its claims.
    #[error("the repository has no file `{file}`")]
    NoFile {
        /// The file's name.
        file: String,
    },
    /// The file is not JSON.
    #[error("{file}: {fault}")]
    Json {
        /// The file's name.
        file: String,
        /// What is wrong.
        #[source]
        fault: JsonError,
    },
    /// Neither the file nor the policy names the issuer of the claims.
    #[error("no issuer is named")]
    NoIssuer,
    /// The claims are other JSON.
    #[error("the claims are no object")]
    NoObject,
    /// Their issuer is not known here.
    #[error("no issuer `{issuer}` is configured")]
    UnknownIssuer {
        /// Its name.
        issuer: IssuerName,
    },
    /// The claims have another `iss`: the server never accepts such a token as one of this issuer.
    #[error("this proves nothing: the claims have {iss} as `iss`, and the issuer `{issuer}` is {url}")]
    OtherIssuer {
        /// The issuer that the file or the policy names.
        issuer: IssuerName,
        /// Its URL.
        url: IssuerUrl,
        /// The `iss` of the claims.
        iss: String,
    },
    /// No token of the issuer has these claims.
    #[error("this proves nothing: {0}")]
    Impossible(#[from] ImpossibleFacts),
    /// What the test denies does not exist, so nobody could have it, whatever the policies say.
    #[error("this proves nothing: there is no {missing}, and no policy grants it")]
    NotThere {
        /// The missing file or folder.
        missing: String,
    },
    /// The mapping refuses the claims.
    #[error("{}", .0.cause)]
    Refused(#[from] Denial),
}
