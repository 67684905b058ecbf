//! Why the application did not hear that its files are others.

use crate::issuers::http::root_cause;
use crate::words::PlainPath;
use reqwest::{StatusCode, Url};
use rustix::io::Errno;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// A command that takes longer hangs, and is killed.
pub(super) const EXEC_MAX: Duration = Duration::from_secs(60);

/// Why not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReactionError {
    /// Nobody to signal.
    #[error("no process `{name}` runs; does the pod have `shareProcessNamespace: true`?")]
    NotRunning {
        /// The executable, or the file with its number.
        name: String,
    },
    /// Somebody who may not be signalled.
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
    /// The file of a number is not there.
    #[error("{}: {fault}", .path.plain())]
    PidFile {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The file has none of one process.
    #[error("{} holds no process number", .path.plain())]
    NoPid {
        /// Where.
        path: PathBuf,
    },
    /// Nobody answered.
    #[error("{url}: {}", root_cause(.fault))]
    Unanswered {
        /// Who was told.
        url: Url,
        /// Why not.
        #[source]
        fault: reqwest::Error,
    },
    /// Somebody answered that it is not done.
    #[error("{url} answered {status}")]
    Status {
        /// Who was told.
        url: Url,
        /// The answer.
        status: StatusCode,
    },
    /// There is nothing to run.
    #[error("no command")]
    NoCommand,
    /// It hangs.
    #[error("`{program}` did not end in {} s", EXEC_MAX.as_secs())]
    Late {
        /// What was run.
        program: String,
    },
    /// It is not there.
    #[error("`{program}` cannot be run: {fault}")]
    NotRun {
        /// What was to be run.
        program: String,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// It says that it is not done.
    #[error("`{program}` ended with {status}")]
    Ended {
        /// What was run.
        program: String,
        /// How.
        status: ExitStatus,
    },
}
