//! What a record says of a use of this server, in place of what was issued. The members are in the order of their names, as in
//! [`RequestRecord`](super::RequestRecord).

use super::RecordFilter;
use crate::secrets::Rewrite;
use crate::words::names::{CommitId, SourceName, TransitKey};
use crate::words::{Digest, UnixTime};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A use. Each variant is the member of its name.
pub enum UseRecord {
    /// `audit_read`.
    AuditRead(AuditReadRecord),
    /// `denied`.
    Denied(DenialRecord),
    /// `replayed`.
    Replayed(ReplayRecord),
    /// `rewritten`.
    Rewritten(RewriteRecord),
    /// `secret_status`.
    SecretStatus(SecretStatusRecord),
    /// `transit`.
    Transit(TransitRecord),
}

/// A page of the audit log.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct AuditReadRecord {
    /// The filter of the query.
    pub filter: RecordFilter,
    /// The `seq` of the newest record.
    pub newest: Option<i64>,
    /// The `seq` of the oldest record.
    pub oldest: Option<i64>,
    /// How many records there are.
    pub records: usize,
}

/// A denial.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct DenialRecord<T = String> {
    /// What it denies: one line in the record of the request, its members in the denial's own record.
    pub denies: T,
    /// The id by which an operator lifts it.
    pub id: String,
    /// When it ends; `None`: when an operator lifts it.
    pub until: Option<UnixTime>,
}

/// A candidate revision, and what it would have denied.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct ReplayRecord {
    /// The candidate's digest.
    pub candidate: Digest,
    /// How many decisions were decided again.
    pub decisions: u64,
    /// How many of them would be denied.
    pub denied: u64,
}

/// Files that were encrypted anew.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct RewriteRecord {
    /// What was done to them.
    pub change: Rewrite,
    /// The commit that they are of.
    pub commit: Option<CommitId>,
    /// The files that changed.
    pub files: Vec<RewrittenForm>,
    /// Their source.
    pub source: SourceName,
}

/// The new form of a file.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct RewrittenForm {
    /// Its path.
    pub file: String,
    /// The digest of the form.
    pub sha256: Digest,
}

/// The state of a source's secrets.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct SecretStatusRecord {
    /// The source's commit in force.
    pub commit: Option<CommitId>,
    /// How many files there are.
    pub files: usize,
    /// The source.
    pub source: SourceName,
}

/// An operation by a transit key.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct TransitRecord {
    /// The digest of the ciphertext.
    pub ciphertext_sha256: Digest,
    /// The key.
    pub key: TransitKey,
    /// The operation's word.
    pub operation: Cow<'static, str>,
    /// The key's version.
    pub version: u32,
}
