//! Why a candidate revision is not replayed.

use crate::token::{FormError, JsonError};
use crate::words::DurationError;
use crate::words::yaml::Fault;

/// Files of a candidate; their bytes are bounded where they are read.
pub(super) const FILES_MAX: usize = 50_000;
/// Values of all policies together, where a policy counts once for each of its rows and a long text for several:
/// 13,000 usual policies, or a policy of 30 values for 10,000 rows. Some 200 MiB when they are read and all are faulty.
pub(super) const VALUES_MAX: usize = 400_000;

/// A body that is no request for a replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayBodyError {
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is other JSON.
    #[error("it is no object")]
    NoObject,
    /// Its members are not those of a request.
    #[error(transparent)]
    Form(#[from] FormError),
}

/// A revision that is no candidate.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    /// Its guardrails are in a place where nothing reads them.
    #[error("{}", describe(.strays))]
    Misplaced {
        /// The misplaced files.
        strays: Vec<Fault>,
    },
    /// A file that decides is no text.
    #[error("{file} is not UTF-8")]
    NoText {
        /// Its path.
        file: String,
    },
}

/// A `since` that no replay accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LookbackError {
    /// It is no duration.
    #[error("`since`: {0}")]
    Duration(#[source] DurationError),
    /// It is zero, or too long.
    #[error("`since` is at most 90d, and not zero")]
    OutOfRange,
}

/// A candidate that costs too much to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CandidateSizeError {
    /// It has too many files.
    #[error("a candidate has at most {FILES_MAX} files")]
    Files,
    /// Its policies hold too many values.
    #[error("the candidate's policies, a policy counted once for each of its rows, hold more than {VALUES_MAX} values")]
    Values,
}

fn describe(strays: &[Fault]) -> String {
    strays.iter().map(|fault| format!("{}: {}", fault.file, fault.message)).collect::<Vec<_>>().join("; ")
}
