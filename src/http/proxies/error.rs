//! Why a connection has no client's address.

use super::REST_BYTES_MAX;
use std::io;

/// What is wrong with how a connection begins.
#[derive(Debug, thiserror::Error)]
pub(in crate::http) enum HeaderError {
    /// It begins too late.
    #[error("its PROXY header did not come in time")]
    Late,
    /// It ends too soon.
    #[error("it ended within its PROXY header")]
    CutOff(#[source] io::Error),
    /// Another version is configured.
    #[error("it sent a PROXY header of version 1 where version 2 is due (`protocol: v1`)")]
    Version1,
    /// Another version is configured.
    #[error("it sent a PROXY header of version 2 where version 1 is due (`protocol: v2`)")]
    Version2,
    /// It begins with something else.
    #[error("it sent no PROXY header")]
    NoHeader,
    /// By its bytes.
    #[error("its PROXY header is longer than {REST_BYTES_MAX} bytes")]
    TooLong,
    /// Of version 1.
    #[error("its PROXY header is none: {0}")]
    BrokenVersion1(#[from] ppp::v1::BinaryParseError),
    /// Of version 2.
    #[error("its PROXY header is none: {0}")]
    BrokenVersion2(#[from] ppp::v2::ParseError),
    /// It is for something else than TCP.
    #[error("its PROXY header has no client's address of TCP")]
    NoClient,
    /// Whoever sent it may not say for whom it connects.
    #[error("it sent a PROXY header, and is not in `proxies`")]
    NotListed,
}
