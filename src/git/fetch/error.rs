//! Why a mirror is not brought up to its origin: what the server sees of it, and what the child does.

use crate::git::origin::TokenError;
use crate::words::PlainPath;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// A fetch of a few commits takes seconds, the first one of a large history a minute; a remote that drips is no remote.
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
    /// The authorities' file is not there, or not for us.
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
    /// The child was asked.
    #[error("{url} cannot be fetched: {fault}")]
    Remote {
        /// The origin.
        url: String,
        /// What came of it.
        #[source]
        fault: ChildError,
    },
}

/// What becomes of a child.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    #[error("the fetching child: {0}")]
    Io(#[from] io::Error),
    #[error("it took longer than {} s", FETCH_MAX.as_secs())]
    TooLong,
    /// Without a word: by a limit, or by somebody's hand.
    #[error("the fetching child ended with {status}")]
    Ended { status: ExitStatus },
    /// With its own words, which are another process's error.
    #[error("{complaint}")]
    Complained { complaint: String },
}

/// Why the child itself fetches nothing.
#[derive(Debug, thiserror::Error)]
pub enum ToldError {
    /// It would have run without one.
    #[error("a limit cannot be set: {0}")]
    Limit(#[source] rustix::io::Errno),
    /// Its order does not come, or its folder is not there.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its order ends too early.
    #[error("the order is cut off")]
    CutOff,
    /// Its order is none.
    #[error(transparent)]
    Order(#[from] serde_json::Error),
    /// Its folder cannot be made.
    #[error("{}: {fault}", .path.plain())]
    Mirror {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// ssh would be told nothing good.
    #[error(transparent)]
    Ssh(#[from] SshConfigError),
    /// What gix says, with everything that lies behind it, in one line.
    #[error("{}", whole(.0))]
    Git(#[from] gix::Error),
    /// The same of its way to ssh.
    #[error("{}", whole(.0.as_ref()))]
    Transport(#[source] Box<gix::protocol::transport::client::blocking_io::ssh::Error>),
}

fn whole(fault: &(dyn Error + 'static)) -> String {
    let mut told = fault.to_string();
    let mut behind = fault.source();
    while let Some(cause) = behind {
        let text = cause.to_string();
        // Some of these errors have their cause in their own words, and some have not.
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        behind = cause.source();
    }
    told.lines().collect::<Vec<_>>().join(" ")
}

/// What ssh cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum SshConfigError {
    #[error("ssh needs `known_hosts`: the host's keys, as `ssh-keyscan` prints them")]
    NoKnownHosts,
    #[error("ssh needs `key`: the private key that may read this repository")]
    NoKey,
    #[error("a path that ssh is given is UTF-8")]
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
