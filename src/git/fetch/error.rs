//! Why a mirror cannot be updated: the errors of the server, and those of the child.

use crate::git::origin::TokenError;
use crate::words::PlainPath;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// The deadline of a fetch. A fetch of a few commits takes seconds, and the first one of a large history a minute.
pub(super) const FETCH_MAX: Duration = Duration::from_secs(120);

/// Why there was no fetch.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It would only grow.
    #[error("the mirror {} has grown to {bytes} bytes: remove it, and it is made anew", .mirror.plain())]
    MirrorTooLarge {
        /// Where it is.
        mirror: PathBuf,
        /// What it holds.
        bytes: u64,
    },
    /// The file of authorities is missing or not readable.
    #[error("{}: {fault}", .path.plain())]
    Authorities {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The order cannot be written.
    #[error(transparent)]
    Order(#[from] serde_json::Error),
    /// There is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The child failed.
    #[error("{url} cannot be fetched: {fault}")]
    Remote {
        /// The origin.
        url: String,
        /// How it failed.
        #[source]
        fault: ChildError,
    },
}

/// How a child failed.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    #[error("the fetching child: {0}")]
    Io(#[from] io::Error),
    #[error("it took longer than {} s", FETCH_MAX.as_secs())]
    TooLong,
    /// It ended without a message, because of a limit or a signal.
    #[error("the fetching child ended with {status}")]
    Ended { status: ExitStatus },
    /// It ended with a message.
    #[error("{complaint}")]
    Complained { complaint: String },
}

/// Why the child cannot fetch.
#[derive(Debug, thiserror::Error)]
pub enum ToldError {
    /// It would run without the limit.
    #[error("a limit cannot be set: {0}")]
    Limit(#[source] rustix::io::Errno),
    /// The order cannot be read, or the folder is missing.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The order ends too early.
    #[error("the order is cut off")]
    CutOff,
    /// The order is not valid.
    #[error(transparent)]
    Order(#[from] serde_json::Error),
    /// The folder cannot be created.
    #[error("{}: {fault}", .path.plain())]
    Mirror {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The configuration of ssh cannot be written.
    #[error(transparent)]
    Ssh(#[from] SshConfigError),
    /// An error of gix, with all its causes, in one line.
    #[error("{}", whole(.0))]
    Git(#[from] gix::Error),
    /// An error of gix when it starts ssh.
    #[error("{}", whole(.0.as_ref()))]
    Transport(#[source] Box<gix::protocol::transport::client::blocking_io::ssh::Error>),
}

fn whole(fault: &(dyn Error + 'static)) -> String {
    let mut message = fault.to_string();
    let mut behind = fault.source();
    while let Some(cause) = behind {
        let text = cause.to_string();
        // Some of these errors contain the text of their cause, and some do not.
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        behind = cause.source();
    }
    message.lines().collect::<Vec<_>>().join(" ")
}

/// Why the configuration of ssh cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SshConfigError {
    #[error("ssh needs `known_hosts`: the host's keys, as `ssh-keyscan` prints them")]
    NoKnownHosts,
    #[error("ssh needs `key`: the private key that may read this repository")]
    NoKey,
    #[error("a path for ssh has to be UTF-8")]
    NotUtf8,
    #[error("{path}: ssh cannot be given a path with quotes, `%`, `$` or backslashes")]
    Path { path: String },
    #[error("{}: {fault}", .path.plain())]
    File {
        path: PathBuf,
        #[source]
        fault: io::Error,
    },
}
