//! `audit`: a page of the audit log.

use crate::words::UnixTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The newest record first.
#[derive(Serialize, Deserialize, Debug)]
pub struct Records {
    /// What was found.
    pub records: Vec<AuditRecord>,
    /// Where to look on: before this `seq`. Null where the log has no more of them.
    pub next_before: Option<i64>,
}

/// One record, as `audit export` writes it.
#[derive(Serialize, Deserialize, Debug)]
pub struct AuditRecord {
    /// Its place in the log.
    pub seq: i64,
    /// When it was written.
    pub at: UnixTime,
    /// What it is.
    pub kind: String,
    /// The decision that it belongs to.
    pub decision_id: Option<String>,
    /// The record itself. It holds no token, no secret and no credential.
    pub body: Value,
}
