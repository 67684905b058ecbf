//! `/readyz`: whether the server can serve anybody, and why not.

use super::in_order;
use super::{FaultsLeftOut, FileFault, SourceStatus};
use crate::words::names::{CommitId, SourceName};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;

/// What operators see of it on the server's own machine.
#[derive(Serialize, Deserialize, Debug)]
pub struct Readiness {
    /// Whether it can serve anybody.
    pub ready: bool,
    /// Whether it is stopping.
    pub draining: bool,
    /// The root source's commit in force.
    pub revision: Option<CommitId>,
    /// The faults of files. They do not make the server unready.
    pub faults: Vec<FileFault>,
    /// The faults that are not listed, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults_left_out: Option<FaultsLeftOut>,
    /// The files that wait for a person.
    pub held: Vec<String>,
    /// How many files wait that are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_left_out: Option<NonZeroUsize>,
    /// The first alarm of a source.
    pub alarm: Option<String>,
    /// What somebody has to repair, apart from faults of sources.
    pub alarms: Vec<String>,
    /// Each source, the root first.
    #[serde(with = "in_order")]
    pub sources: Vec<(SourceName, SourceStatus)>,
    /// The outcome of each check.
    pub checks: Checks,
}

/// The outcome of each check, in words.
#[derive(Serialize, Deserialize, Debug)]
pub struct Checks {
    /// Whether a revision is in force.
    pub revision: String,
    /// Whether the store can be written.
    pub store: String,
    /// Whether the store's disk has room.
    pub space: String,
    /// Whether the wall clock agrees with the time since boot.
    pub clock: String,
    /// Whether the root repository was read recently enough.
    pub repository: String,
    /// Whether the public listener's certificate is valid.
    pub certificate: String,
    /// Whether keys of an issuer can be had.
    pub issuers: String,
    /// Whether the providers answer.
    pub providers: String,
}
