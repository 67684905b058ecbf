//! Why a test's claims are nobody's.

use crate::policy::condition::possible::Nobodys;
use crate::token::JsonError;
use crate::words::Denial;
use crate::words::names::{IssuerName, IssuerUrl};

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
    /// The server never takes a token with them for one of this issuer.
    #[error("this proves nothing: the claims have {iss} as `iss`, and the issuer `{issuer}` is {url}")]
    OtherIssuer {
        /// Whose they are said to be.
        issuer: IssuerName,
        /// Its URL.
        url: IssuerUrl,
        /// Whose they are by their own word.
        iss: String,
    },
    /// No token of the issuer has them, so whatever comes of them says nothing.
    #[error("this proves nothing: {0}")]
    Nobodys(#[from] Nobodys),
    /// Nobody could have it, whatever the policies say.
    #[error("this proves nothing: there is no {missing}, and no policy grants it")]
    NotThere {
        /// What is to be denied.
        missing: String,
    },
    /// The mapping refuses them.
    #[error("{}", .0.cause)]
    Refused(#[from] Denial),
}
