//! What is wrong with an origin: its address or its token's file.

use crate::words::PlainPath;
use std::io;
use std::path::PathBuf;

/// Why a text is not an address of a repository.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It names nothing, and a path would be the folder from which it starts.
    #[error("the address is empty")]
    Empty,
    /// It is not a URL. What is wrong with it is not said, because that would quote it.
    #[error("the address is no URL")]
    Url,
    /// It has no host, or its host or user could be read as an option of a command.
    #[error("the address names no host")]
    NoHost,
    /// It has a user, which would be logged.
    #[error("put the user and the token into `credentials`, not into the address")]
    WithUser,
    /// It has a password for ssh, which would be logged, and which ssh does not take from there.
    #[error("put the private key into `credentials`, and no password into the address")]
    WithPassword,
    /// It has a query, in which some forges take a token. It would be logged, and Git's own paths would stand behind it.
    #[error("put the token into `credentials`, and no query (`?`) into the address")]
    WithQuery,
    /// It uses HTTP, where anybody on the way could answer.
    #[error("http is for loopback alone: use https")]
    Http,
    /// It has an unknown scheme.
    #[error("expected https://…, ssh://…, user@host:path, file://… or a path")]
    Scheme,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file is missing or not readable.
    #[error("{}: {fault}", .path.plain())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The file holds something else.
    #[error("{} holds no token: expected one line", .path.plain())]
    NoToken {
        /// Where it is.
        path: PathBuf,
    },
}
