//! Why a client's part does not do what it should; whoever runs it hears a `Failure` made of it.

use crate::token::ProvingError;

/// A line of ours has 80 bytes; a server that sends longer ones is none of ours.
pub(super) const LINE_BYTES_MAX: usize = 4096;

/// Why a request goes without a proof that its token's key is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ProofError {
    /// It is sent as a stream.
    #[error("the body is not there to be proved")]
    NoBody,
    /// The key does not sign.
    #[error(transparent)]
    Proving(#[from] ProvingError),
    /// No header can hold it.
    #[error("the proof is no header")]
    NoHeader,
}

/// Why a job cannot ask its CI for a token.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum TokenRequestError {
    /// The CI's address is none.
    #[error("{variable}: {fault}")]
    Url {
        /// Where it stands.
        variable: &'static str,
        /// Why not.
        #[source]
        fault: crate::issuers::http::UrlError,
    },
    /// No header can hold what opens it.
    #[error("{variable} holds no token")]
    NoToken {
        /// Where it should stand.
        variable: &'static str,
    },
}

/// A server that is none of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a line of the event stream is longer than {LINE_BYTES_MAX} bytes")]
pub(super) struct LongLine;
