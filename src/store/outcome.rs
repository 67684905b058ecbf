//! Records that follow a decision's own record: an intent without an outcome at the next start, and a revocation.

use super::event_record::StartRecord;
use super::{RequestRecord, reader, schema};
use crate::words::UnixTime;
use crate::words::names::DecisionId;
use rusqlite::{Connection, OptionalExtension, params};

/// Appends a later record of a decision. It repeats the policies of the first record, so that the same readers may read both.
pub(super) fn append(
    connection: &Connection,
    at: UnixTime,
    kind: &str,
    decision: &str,
    record: RequestRecord,
) -> rusqlite::Result<()> {
    let sql = "SELECT body FROM audit WHERE decision = ?1 AND kind IN ('intended', 'released') ORDER BY seq LIMIT 1";
    let before = connection.prepare_cached(sql)?.query_row(params![decision], |row| reader::request(row, 0)).optional()?;
    let RequestRecord { policies, sources, .. } = before.flatten().unwrap_or_default();
    let record = RequestRecord { policies, sources, ..record };
    schema::append_bytes(connection, at, kind, DecisionId::parse(decision).ok().as_ref(), &record.bytes())
}

/// Decisions of the last run with an intent and no outcome.
pub(super) fn unresolved(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT decision FROM audit AS i WHERE kind = 'intended'
         AND seq > coalesce((SELECT max(seq) FROM audit WHERE kind = 'started'), 0)
         AND NOT EXISTS (SELECT 1 FROM audit AS o WHERE o.decision = i.decision AND o.kind IN ('released', 'failed'))",
    )?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Records the start, and each unresolved intent.
pub(super) fn record_start(connection: &Connection, at: UnixTime, unresolved: &[String]) -> rusqlite::Result<()> {
    for decision in unresolved {
        let cause = "intended in the last run without an outcome; nothing of it was released".to_owned();
        append(connection, at, "unresolved", decision, RequestRecord { cause: Some(cause), ..RequestRecord::default() })?;
    }
    let record = StartRecord { unresolved: unresolved.len(), version: env!("CARGO_PKG_VERSION") };
    schema::append(connection, at, "started", None, record)
}
