//! Faults of the sidecar's settings, and why a file cannot be made.

use super::file_name::FileName;
use super::signals::signal_names;
use crate::client::Failure;
use crate::issuers::http::UrlError;
use crate::words::DurationError;
use minijinja::ErrorKind;

/// The largest file for the application: as large as a Secret of Kubernetes.
pub(super) const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// The longest template: enough for a configuration file.
pub(super) const TEXT_BYTES_MAX: usize = 64 * 1024;

/// A malformed value of the settings. The message says what was expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ValueError {
    /// `on_change`.
    #[error("expected one of {}", signal_names())]
    Signal,
    /// `on_change`.
    #[error("expected an address on this pod's loopback, such as http://127.0.0.1:9000/reload")]
    Reload,
    /// `aws`.
    #[error("expected an address on loopback, such as 127.0.0.1:9403: sessions travel in the clear there")]
    Listen,
    /// `server`.
    #[error("expected an https address: a token is never sent in the clear")]
    Clear,
    /// `server`.
    #[error(transparent)]
    Url(UrlError),
    /// `mode`.
    #[error("expected \"0400\", for the application's own user, or \"0440\", for the pod's fsGroup")]
    Mode,
    /// `interval`.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// `interval`.
    #[error("expected 1s to 1h")]
    Interval,
    /// `probe`.
    #[error("expected an address and a port, such as 0.0.0.0:9402")]
    Probe,
}

/// A fault of a template. The engine's own details may repeat a value, so they are dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TemplateError {
    /// The template is too long.
    #[error("a template has at most {} KiB", TEXT_BYTES_MAX / 1024)]
    TooLong,
    /// Its output is too large.
    #[error("its output is larger than {} KiB", OUTPUT_BYTES_MAX / 1024)]
    TooLarge,
    /// A fault that the engine reports.
    #[error("{}{}", what(*.kind), .line.map(|line| format!(" in line {line}")).unwrap_or_default())]
    Engine {
        /// Which kind of fault.
        kind: ErrorKind,
        /// Where.
        line: Option<usize>,
    },
}

fn what(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::UndefinedError => "it uses a name that is not there: see `secrets`".to_owned(),
        ErrorKind::OutOfFuel => "it takes too long or too much room".to_owned(),
        kind => kind.to_string(),
    }
}

impl From<minijinja::Error> for TemplateError {
    fn from(fault: minijinja::Error) -> Self {
        Self::Engine { kind: fault.kind(), line: fault.line() }
    }
}

/// Why an answer makes no files.
#[derive(Debug, thiserror::Error)]
pub(super) enum GivenError {
    /// The answer lacks a secret.
    #[error("{}", .0.message)]
    Lacking(Failure),
    /// A template cannot be rendered.
    #[error("the template `{name}`: {fault}")]
    Template {
        /// The template's file.
        name: FileName,
        /// Why not.
        #[source]
        fault: TemplateError,
    },
}
