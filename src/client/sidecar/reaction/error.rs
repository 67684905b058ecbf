//! Why the application could not be notified of changed files.

use crate::words::{PlainPath, root_cause, without_secrets};
use reqwest::{StatusCode, Url};
use rustix::io::Errno;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// The address for the log, without its user and its query, in which an application may take a token.
fn shown(url: &Url) -> String {
    without_secrets(url.as_str()).into_owned()
}

/// The time for a command. A longer one counts as hanging, and is killed.
pub(super) const EXEC_MAX: Duration = Duration::from_secs(60);

/// Why the application could not be notified.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReactionError {
    /// There is no process to signal.
    #[error("no process `{name}` runs; does the pod have `shareProcessNamespace: true`?")]
    NotRunning {
        /// The executable, or the file with its number.
        name: String,
    },
    /// The process may not be signalled.
    #[error("`{name}` ({process}): {fault}")]
    NotSignalled {
        /// The executable, or the file with its number.
        name: String,
        /// The number.
        process: std::num::NonZeroI32,
        /// What the system says.
        #[source]
        fault: Errno,
    },
    /// The file with the number cannot be read.
    #[error("{}: {fault}", .path.plain())]
    PidFile {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The file has no number of another process.
    #[error("{} holds no process number", .path.plain())]
    NoPid {
        /// Where.
        path: PathBuf,
    },
    /// The address did not answer.
    #[error("{}: {}", shown(.url), root_cause(.fault))]
    Unanswered {
        /// The address.
        url: Url,
        /// Why not.
        #[source]
        fault: reqwest::Error,
    },
    /// The answer was a failure.
    #[error("{} answered {status}", shown(.url))]
    Status {
        /// The address.
        url: Url,
        /// The answer.
        status: StatusCode,
    },
    /// The command is empty.
    #[error("no command")]
    NoCommand,
    /// The command hung.
    #[error("`{program}` did not end in {} s", EXEC_MAX.as_secs())]
    Late {
        /// What was run.
        program: String,
    },
    /// The command cannot be run.
    #[error("`{program}` cannot be run: {fault}")]
    NotRun {
        /// What was to be run.
        program: String,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The command failed.
    #[error("`{program}` ended with {status}")]
    Ended {
        /// What was run.
        program: String,
        /// How.
        status: ExitStatus,
    },
}
