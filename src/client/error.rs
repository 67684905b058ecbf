//! Errors within the client. Callers turn them into a `Failure`.

use crate::token::ProvingError;

/// Our lines have 80 bytes. A server that sends longer ones than this is not daypass.
pub(super) const LINE_BYTES_MAX: usize = 4096;

/// Why a request cannot get a proof of possession of its token's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ProofError {
    /// The body is a stream.
    #[error("the body is a stream, which a proof cannot cover")]
    NoBody,
    /// The key cannot sign.
    #[error(transparent)]
    Proving(#[from] ProvingError),
    /// The proof does not fit a header.
    #[error("the proof does not fit a header")]
    NoHeader,
}

/// Why a job cannot ask its CI for a token.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum TokenRequestError {
    /// The CI's address is malformed.
    #[error("{variable}: {fault}")]
    Url {
        /// The variable that holds it.
        variable: &'static str,
        /// Why not.
        #[source]
        fault: crate::issuers::http::UrlError,
    },
    /// The CI's request token does not fit a header.
    #[error("{variable} holds no token")]
    NoToken {
        /// The variable that should hold it.
        variable: &'static str,
    },
}

/// A line that no daypass server sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a line of the event stream is longer than {LINE_BYTES_MAX} bytes")]
pub(super) struct LongLine;
