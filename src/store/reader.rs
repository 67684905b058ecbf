//! Reads the audit log concurrently with the writer, also from another process.

use super::{ReadError, RequestRecord, schema};
use crate::words::UnixTime;
use rusqlite::{Connection, OpenFlags, Row, ToSql, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// One record.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct Entry {
    /// Its number in the log.
    pub seq: i64,
    /// When it was written.
    pub at: UnixTime,
    /// Its kind, one of `RECORD_KINDS`.
    pub kind: String,
    /// The decision that it belongs to.
    #[serde(rename = "decision_id")]
    pub decision: Option<String>,
    /// The record itself.
    pub body: Value,
}

/// A reader of the log.
pub struct Reader(Connection);

impl Reader {
    /// Opens the store of this directory for reading.
    pub fn open(directory: &Path) -> Result<Self, ReadError> {
        let path = directory.join(schema::FILE);
        if path.try_exists().is_ok_and(|exists| !exists) {
            return Err(ReadError::Missing { path });
        }
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|fault| ReadError::Open { path, fault })?;
        connection.pragma_update(None, "query_only", true).map_err(ReadError::QueryOnly)?;
        Ok(Self(connection))
    }

    /// Looks for damage: what SQLite's check reports, missing triggers of the append-only log, and a record with the lowest possible
    /// number, which reading in order would never reach.
    pub fn damage(&self) -> Result<Vec<String>, ReadError> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.0.prepare("PRAGMA quick_check")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect()
        };
        let mut found: Vec<String> = read().map_err(ReadError::Log)?.into_iter().filter(|line| line != "ok").collect();
        let has = |sql: &str, value: &dyn rusqlite::ToSql| {
            self.0.query_row(sql, [value], |row| row.get::<_, bool>(0)).map_err(ReadError::Log)
        };
        for trigger in schema::AUDIT_TRIGGERS {
            if !has("SELECT count(*) > 0 FROM sqlite_master WHERE type = 'trigger' AND name = ?1", &trigger)? {
                found.push(format!("the trigger {trigger}, which makes the log append-only, is missing"));
            }
        }
        if has("SELECT count(*) > 0 FROM audit WHERE seq = ?1", &i64::MIN)? {
            found.push(format!("a record has the number {}, which no server assigns", i64::MIN));
        }
        Ok(found)
    }

    /// How many records have numbers from the first to the last one.
    pub fn count_between(&self, first: i64, last: i64) -> Result<i64, ReadError> {
        let sql = "SELECT count(*) FROM audit WHERE seq BETWEEN ?1 AND ?2";
        self.0.query_row(sql, [first, last], |row| row.get(0)).map_err(ReadError::Log)
    }

    /// The records after `seq`, at most `limit`, oldest first.
    pub fn after(&self, seq: i64, limit: usize) -> Result<Vec<Entry>, ReadError> {
        self.select("SELECT seq, at, kind, decision, body FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2", seq, limit)
    }

    /// The newest records, at most `limit`, oldest first.
    pub fn newest(&self, limit: usize) -> Result<Vec<Entry>, ReadError> {
        let mut entries =
            self.select("SELECT seq, at, kind, decision, body FROM audit WHERE seq > ?1 ORDER BY seq DESC LIMIT ?2", 0, limit)?;
        entries.reverse();
        Ok(entries)
    }

    /// The records of one decision, oldest first.
    pub(super) fn of_decision(&self, decision: &str) -> Result<Vec<Entry>, ReadError> {
        let sql = "SELECT seq, at, kind, decision, body FROM audit WHERE decision = ?1 ORDER BY seq LIMIT ?2";
        self.select(sql, decision, usize::MAX)
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.0
    }

    fn select(&self, sql: &str, key: impl ToSql, limit: usize) -> Result<Vec<Entry>, ReadError> {
        let read = || -> rusqlite::Result<Vec<Entry>> {
            let mut statement = self.0.prepare_cached(sql)?;
            let rows = statement.query_map(params![key, i64::try_from(limit).unwrap_or(i64::MAX)], entry)?;
            rows.collect()
        };
        read().map_err(ReadError::Log)
    }
}

/// A row of `seq, at, kind, decision, body`.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        seq: row.get(0)?,
        at: UnixTime::from_millis(row.get(1)?),
        kind: row.get(2)?,
        decision: row.get(3)?,
        body: body(row, 4)?,
    })
}

/// Reads a column with the body of a request's record; `None` if this version cannot read it.
pub(super) fn request(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<RequestRecord>> {
    let bytes: Vec<u8> = row.get(column)?;
    Ok(RequestRecord::parse(&bytes))
}

/// Reads a column of JSON; `null` if it is not valid.
pub(super) fn body(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    let bytes: Vec<u8> = row.get(column)?;
    Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}
