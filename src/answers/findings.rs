//! `replay`: which earlier grants a candidate revision would have denied.

use super::FaultsLeftOut;
use crate::words::names::{CommitId, PolicyName};
use crate::words::yaml::{self, Severity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a replay found. It holds no claim and no token, and names no person.
#[derive(Serialize, Deserialize, Debug, Default)]
pub struct Findings {
    /// How many decisions were decided again.
    pub decisions: u64,
    /// How many of them would be denied.
    pub denied: u64,
    /// How many could not be decided again: a line compares their claims, and these are pruned.
    pub claims_pruned: u64,
    /// How many could not be read.
    pub unreadable: u64,
    /// The time at which a bound cut the replay off: it looked at no earlier decision.
    pub cut_off_at: Option<String>,
    /// What would be denied, the most used first.
    pub grants: Vec<Lost>,
    /// How many uses of grants that are not listed would be denied.
    pub uses_more: u64,
    /// What is wrong with the candidate. The replay takes a faulty file in the form that is in force.
    pub faults: Vec<Fault>,
    /// The faults that are not listed, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults_left_out: Option<FaultsLeftOut>,
    /// The commit in force that the candidate was compared with.
    pub revision: Option<CommitId>,
}

/// A grant that would be denied.
#[derive(Serialize, Deserialize, Debug)]
pub struct Lost {
    /// The policy that granted it.
    pub policy: PolicyName,
    /// The credential, as the access diff calls it.
    pub credential: String,
    /// How often it was used.
    pub times: u64,
    /// When it was last used.
    pub last_at: String,
    /// The repository that used it last.
    pub last_repository: Option<String>,
    /// The run that used it last: its address, else the pipeline's id.
    pub last_run: Option<String>,
    /// Whether the revision in force denies it too, so that the candidate takes nothing away.
    pub denied_already: bool,
    /// Why the candidate denies it, in one sentence.
    pub because: String,
    /// The policy of the candidate that comes nearest, and its lines that did not hold for the last use.
    pub near_miss: Option<NearMiss>,
}

/// A policy that offers what was asked for, and the lines that did not hold.
#[derive(Serialize, Deserialize, Debug)]
pub struct NearMiss {
    /// The policy.
    pub policy: PolicyName,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line that did not hold.
#[derive(Serialize, Deserialize, Debug)]
pub struct Line {
    /// Where it stands: file and line.
    pub at: String,
    /// What it says.
    pub says: String,
    /// The identity's value; absent if it has none.
    pub saw: Option<String>,
}

/// A fault of a file.
#[derive(Serialize, Deserialize, Debug)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// A stable word for machines.
    pub code: String,
    /// The file.
    pub file: String,
    /// Where in it.
    pub line: usize,
    /// The column in that line.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Claims of a token that shows the harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Map<String, Value>>,
}

impl From<&yaml::Fault> for Fault {
    fn from(fault: &yaml::Fault) -> Self {
        Self {
            severity: fault.severity,
            code: fault.code.to_owned(),
            file: fault.file.to_string(),
            line: fault.place.line,
            column: fault.place.column,
            message: fault.message.to_string(),
            help: fault.help.as_deref().map(str::to_owned),
            example: fault.example.as_deref().cloned(),
        }
    }
}
