//! Why there is no HTTP client, and why a document is not had.

use super::certificate::{Trust, cause, root_cause};
use reqwest::{StatusCode, Url};

/// Why no client could be built.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No address of one.
    #[error(transparent)]
    Proxy(reqwest::Error),
    /// The file of authorities is something else.
    #[error("the CA file holds no PEM certificate")]
    NoCertificate,
    /// The file of authorities is PEM of something else.
    #[error("the CA file holds a PEM certificate that is broken: copy it anew")]
    BrokenCertificate(#[source] reqwest::Error),
    /// As in an image that has no authorities.
    #[error(
        "the HTTP client does not start: {}; name a CA file, or install this system's certificate authorities (ca-certificates)",
        root_cause(.0)
    )]
    NotStarted(#[source] reqwest::Error),
}

/// Why an issuer's document is not had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Its address is none.
    #[error("{url}: {fault}")]
    Url {
        /// It, as it is written.
        url: String,
        /// Why not.
        #[source]
        fault: UrlError,
    },
    /// Its address is literal, and elsewhere.
    #[error("{url}: the address is not one of the issuer's `addresses`")]
    Address {
        /// It.
        url: String,
    },
    /// Nobody answered.
    #[error("{url}: {}", cause(fault, *trust))]
    Unanswered {
        /// Who was asked.
        url: String,
        /// Whom we trust.
        trust: Trust<'static>,
        /// Why not.
        #[source]
        fault: reqwest::Error,
    },
    /// Another answer than the document.
    #[error("{url}: answered {status}")]
    Status {
        /// Who was asked.
        url: String,
        /// The answer.
        status: StatusCode,
    },
    /// A larger one.
    #[error("{url}: more than {limit} bytes")]
    TooLarge {
        /// Who was asked.
        url: String,
        /// How large it may be.
        limit: usize,
    },
}

/// Why a text is no URL.
pub type UrlError = <Url as std::str::FromStr>::Err;

/// A name that leads elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("no address of {host} is one of the issuer's `addresses`")]
pub(super) struct NoneAllowed {
    pub(super) host: String,
}
