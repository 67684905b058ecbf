//! Why an HTTP client cannot be made, and why a document cannot be fetched.

use super::certificate::{Trust, cause};
use crate::words::{root_cause, without_secrets};
use reqwest::{StatusCode, Url};

/// Why no client could be built.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The proxy's address is malformed.
    #[error(transparent)]
    Proxy(reqwest::Error),
    /// The file of authorities has no certificate.
    #[error("the CA file holds no PEM certificate")]
    NoCertificate,
    /// The file of authorities has a broken certificate.
    #[error("the CA file holds a PEM certificate that is broken: copy it anew")]
    BrokenCertificate(#[source] reqwest::Error),
    /// The client does not start, as in an image without authorities.
    #[error(
        "the HTTP client does not start: {}; name a CA file, or install this system's certificate authorities (ca-certificates)",
        root_cause(.0)
    )]
    NotStarted(#[source] reqwest::Error),
}

/// Why an issuer's document cannot be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Its address is malformed.
    #[error("{}: {fault}", without_secrets(url))]
    Url {
        /// The address as written.
        url: String,
        /// Why not.
        #[source]
        fault: UrlError,
    },
    /// Its address is an IP address that is not allowed.
    #[error("{}: the address is not one of the issuer's `addresses`", without_secrets(url))]
    Address {
        /// The address.
        url: String,
    },
    /// There was no answer.
    #[error("{}: {}", without_secrets(url), cause(fault, *trust))]
    Unanswered {
        /// The requested address.
        url: String,
        /// The trusted authorities.
        trust: Trust<'static>,
        /// Why not.
        #[source]
        fault: reqwest::Error,
    },
    /// The answer is not the document.
    #[error("{}: answered {status}", without_secrets(url))]
    Status {
        /// The requested address.
        url: String,
        /// The answer's status.
        status: StatusCode,
    },
    /// The document is too large.
    #[error("{}: more than {limit} bytes", without_secrets(url))]
    TooLarge {
        /// The requested address.
        url: String,
        /// How large it may be.
        limit: usize,
    },
}

/// Why a text is no URL.
pub type UrlError = <Url as std::str::FromStr>::Err;

/// A name without an allowed address.
#[derive(Debug, thiserror::Error)]
#[error("no address of {host} is one of the issuer's `addresses`")]
pub(super) struct NoneAllowed {
    pub(super) host: String,
}
