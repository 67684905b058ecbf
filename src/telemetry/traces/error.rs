//! Why traces cannot be made or exported.
use crate::issuers::http::{ClientError, Trust, cause};
use crate::words::PlainPath;
use reqwest::StatusCode;
use std::path::PathBuf;

/// How messages name the setting of the trusted authorities.
const NAMED_BY: &str = "`traces.ca`";

/// Why there are no traces.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The file of the collector's authorities is not readable.
    #[error("the traces' `ca`: {}: {fault}", .path.plain())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        fault: std::io::Error,
    },
    /// There is no client for the collector.
    #[error("the traces' collector: {0}")]
    Client(#[from] ClientError),
}

/// Why a batch is not exported.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExportError {
    /// The collector did not answer.
    #[error("{}", cause(fault, Trust { is_named: *has_ca, named_by: NAMED_BY, keeper: "whoever runs the collector" }))]
    Unanswered {
        /// Whether authorities are named.
        has_ca: bool,
        /// The cause.
        #[source]
        fault: reqwest::Error,
    },
    /// The collector answered with an error.
    #[error("it answered {0}")]
    Status(StatusCode),
}

impl ExportError {
    /// Whether to send the same batch again later (OTLP 1.9, retryable response codes).
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unanswered { .. } => true,
            Self::Status(status) => matches!(status.as_u16(), 429 | 502 | 503 | 504),
        }
    }
}
