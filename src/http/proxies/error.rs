//! Why a connection's client is not known.

use super::REST_BYTES_MAX;
use std::io;

/// What is wrong with how a connection begins.
#[derive(Debug, thiserror::Error)]
pub(in crate::http) enum HeaderError {
    /// Its header comes too late.
    #[error("its PROXY header did not come in time")]
    Late,
    /// It ends in its header.
    #[error("it ended within its PROXY header")]
    CutOff(#[source] io::Error),
    /// Version 2 is configured.
    #[error("it sent a PROXY header of version 1 where version 2 is due (`protocol: v1`)")]
    Version1,
    /// Version 1 is configured.
    #[error("it sent a PROXY header of version 2 where version 1 is due (`protocol: v2`)")]
    Version2,
    /// It begins with something else.
    #[error("it sent no PROXY header")]
    NoHeader,
    /// Its header has too many bytes.
    #[error("its PROXY header is longer than {REST_BYTES_MAX} bytes")]
    TooLong,
    /// A malformed header of version 1.
    #[error("its PROXY header is malformed: {0}")]
    BrokenVersion1(#[from] ppp::v1::BinaryParseError),
    /// A malformed header of version 2.
    #[error("its PROXY header is malformed: {0}")]
    BrokenVersion2(#[from] ppp::v2::ParseError),
    /// The header is for something else than TCP.
    #[error("its PROXY header has no client's address of TCP")]
    NoClient,
    /// The sender of the header is not a listed proxy.
    #[error("it sent a PROXY header, and is not in `proxies`")]
    NotListed,
}
