//! What is wrong with an origin: its address, or the file of its token.

use crate::words::PlainPath;
use std::io;
use std::path::PathBuf;

/// A text that is no address of a repository.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error(transparent)]
    Url(#[from] gix::Error),
    /// It leads nowhere, or could be an option of a command.
    #[error("the address names no host")]
    NoHost,
    /// It would be written into logs.
    #[error("put the user and the token into `credentials`, not into the address")]
    WithUser,
    /// Anybody on the way could answer.
    #[error("http is for loopback alone: use https")]
    Http,
    /// By a protocol that is not spoken here.
    #[error("expected https://…, ssh://…, user@host:path, file://… or a path")]
    Scheme,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its file is not there, or not for us.
    #[error("{}: {fault}", .path.plain())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// Its file holds something else.
    #[error("{} holds no token: expected one line", .path.plain())]
    NoToken {
        /// Where it is.
        path: PathBuf,
    },
}
