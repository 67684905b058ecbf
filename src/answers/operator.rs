//! What the control socket answers to an operator's acts.

use super::DenyLines;
use crate::words::UnixTime;
use crate::words::names::DecisionId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why an act is refused.
#[derive(Serialize, Deserialize, Debug)]
pub struct OperatorRefusal {
    /// The reason's code.
    pub code: String,
    /// The reason in a sentence.
    pub detail: String,
}

/// To `lift`: what the lifted denial was.
#[derive(Serialize, Deserialize, Debug)]
pub struct Lifted {
    /// Whether there was such a denial.
    pub lifted: bool,
    /// What it denied, if it can still be read.
    pub denies: Option<DenyLines>,
    /// When it would have ended; `None`: never.
    pub until: Option<UnixTime>,
}

/// To `revoke`: what the decision issued.
#[derive(Serialize, Deserialize, Debug)]
pub struct Revoked {
    /// Its whole id.
    pub decision_id: DecisionId,
    /// Its credentials, in the words of the audit log.
    pub issued: Option<Vec<Value>>,
    /// Who received them.
    pub subject: Option<String>,
    /// The tokens of which the server kept a copy.
    #[serde(default)]
    pub ended: Vec<EndedToken>,
}

/// What became of a token at its provider.
#[derive(Serialize, Deserialize, Debug)]
pub struct EndedToken {
    /// The provider.
    pub provider: String,
    /// Why it did not end the token; `None`: the token has ended.
    pub cause: Option<String>,
}

/// To `accept-clock`.
#[derive(Serialize, Deserialize, Debug)]
pub struct ClockAccepted {
    /// What is still wrong with the clock.
    pub clock: Option<String>,
}
