//! `audit`: a page of the audit log.

use crate::words::UnixTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The newest record first.
#[derive(Serialize, Deserialize, Debug)]
pub struct Records {
    /// What was found.
    pub records: Vec<AuditRecord>,
    /// The `before` of the next page. Null where the log has no more records.
    pub next_before: Option<i64>,
}

/// One record, as `audit export` writes it.
#[derive(Serialize, Deserialize, Debug)]
pub struct AuditRecord {
    /// Its place in the log.
    pub seq: i64,
    /// When it was written.
    pub at: UnixTime,
    /// Its kind, such as `released`.
    pub kind: String,
    /// The decision that it belongs to.
    pub decision_id: Option<String>,
    /// The record itself. It holds no token, no secret and no credential.
    pub body: Value,
}
