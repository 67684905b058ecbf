//! Persistent state: the high-water marks of sources, and operators' denials. Each change is recorded too.

use super::event_record::LiftedRecord;
use super::{
    DenialRecord, ReadError, Reader, RequestRecord, Store, WrappedKey, aws_sessions, outcome, reader, schema, wrapped_keys,
};
use crate::words::names::{CommitId, DecisionId};
use crate::words::{Denial, Forms, Reason, UnixTime};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::Value;

/// A stored denial.
#[derive(Clone, Debug)]
pub struct DenialRow {
    /// The id by which it is lifted.
    pub id: String,
    /// When it ends; `None`: when it is lifted.
    pub until: Option<UnixTime>,
    /// What it denies.
    pub body: Value,
}

/// The high-water marks of a source.
#[derive(Clone, Debug, Default)]
pub struct HighWaterMarks {
    /// The newest commit that was ever active.
    pub highest: Option<CommitId>,
    /// The active form of each file at that commit; absent if an older version did not note it.
    pub forms: Option<Forms>,
    /// The newest commit up to which the history was searched for wrapped keys.
    pub searched: Option<CommitId>,
}

impl HighWaterMarks {
    /// Whether the store has no mark of the source. If it has some of the marks, this is not the source's first start.
    pub const fn is_empty(&self) -> bool {
        self.highest.is_none() && self.forms.is_none() && self.searched.is_none()
    }
}

impl Store {
    /// The marks of this source.
    pub async fn marks(&self, source: &str) -> Result<HighWaterMarks, Denial> {
        let source = source.to_owned();
        self.read(move |connection| marks(connection, &source)).await
    }

    /// Records an active revision and its new wrapped keys, and moves the source's marks to it, in one transaction. If it cannot become
    /// durable yet, nothing else is recorded before it. After an error the next record of this source needs all active keys, because the
    /// keys of this one may be lost.
    pub async fn record_revision(
        &self,
        source: &str,
        commit: &CommitId,
        forms: &Forms,
        keys: Vec<WrappedKey>,
        record: impl Serialize + Send + Sync + 'static,
    ) -> Result<(), Denial> {
        let (keys, failure) = match self.keep_most(source, keys).await {
            Ok(keys) => (keys, None),
            Err(denial) => (Vec::new(), Some(denial)),
        };
        let forms = serde_json::to_vec(forms).map_err(|fault| Reason::Internal.with_cause(fault.to_string()))?;
        let commit = commit.as_str().as_bytes().to_owned();
        let searched = failure.is_none().then(|| (mark("searched", source), commit.clone()));
        let marks: Vec<_> =
            [(mark("high-water", source), commit), (mark("forms", source), forms)].into_iter().chain(searched).collect();
        let (now, source) = (self.now(), source.to_owned());
        let recorded = self.write_or_defer(format!("revision {source}"), move |connection| {
            wrapped_keys::keep(connection, &source, &keys)?;
            for (name, value) in &marks {
                connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)", params![name, value])?;
            }
            schema::append(connection, now, "revision", None, &record)
        });
        recorded.await?;
        failure.map_or(Ok(()), Err)
    }

    /// Stores a denial that has taken effect already, with its record. If it cannot become durable yet, nothing else is recorded before it.
    pub async fn deny(&self, row: DenialRow, by: Option<&DecisionId>) -> Result<(), Denial> {
        let (now, by) = (self.now(), by.cloned());
        self.write_or_defer(format!("denial {}", row.id), move |connection| {
            let bytes = row.body.to_string().into_bytes();
            let until = row.until.map(UnixTime::millis);
            let sql = "INSERT OR REPLACE INTO denials (id, until, body) VALUES (?1, ?2, ?3)";
            connection.execute(sql, params![row.id, until, bytes])?;
            let record = DenialRecord { denies: &row.body, id: row.id.clone(), until: row.until };
            schema::append(connection, now, "denied", by.as_ref(), record)
        })
        .await
    }

    /// Removes a denial, with its record, and returns it. `None`: there is none with this id.
    pub async fn lift(&self, id: &str) -> Result<Option<DenialRow>, Denial> {
        let (now, id) = (self.now(), id.to_owned());
        self.write(move |connection| {
            let sql = "DELETE FROM denials WHERE id = ?1 RETURNING id, until, body";
            let lifted = connection.prepare_cached(sql)?.query_row(params![id], denial).optional()?;
            if let Some(row) = &lifted {
                schema::append(connection, now, "lifted", None, LiftedRecord { denies: &row.body, id: &id })?;
            }
            Ok(lifted)
        })
        .await
    }

    /// All denials that have not ended.
    pub async fn denials(&self) -> Result<Vec<DenialRow>, Denial> {
        let now = self.earliest();
        self.read(move |connection| denials(connection, now)).await
    }

    /// Revokes what can be revoked of a decision, at once: deletes its stored answer, forgets the holders of its AWS sessions, and ends a
    /// session that it began. Returns the record of the release, which says what was issued. A record that this version cannot read is
    /// empty, and may be that of a login.
    pub async fn revoke(&self, decision: &DecisionId, reason: &str) -> Result<Option<RequestRecord>, Denial> {
        let id = decision.clone();
        let released = self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT body FROM audit WHERE decision = ?1 AND kind = 'released'")?;
            statement.query_row(params![id.as_str()], |row| reader::request(row, 0)).optional()
        });
        let Some(released) = released.await? else { return Ok(None) };
        let began_session = released.as_ref().is_none_or(|released| released.session.is_some());
        let (now, earliest, ended) = (self.now(), self.earliest(), self.ended.clone());
        if began_session {
            ended.insert(decision, earliest);
        }
        let (decision, reason) = (decision.clone(), reason.to_owned());
        self.write_or_defer(format!("revocation {decision}"), move |connection| {
            connection.execute("DELETE FROM answers WHERE decision = ?1", params![decision.as_str()])?;
            aws_sessions::forget(connection, &decision)?;
            if began_session {
                ended.end(connection, &decision, earliest)?;
            }
            let record = RequestRecord { reason: Some(reason.clone().into()), ..RequestRecord::default() };
            outcome::append(connection, now, "revoked", decision.as_str(), record)
        })
        .await?;
        Ok(Some(released.unwrap_or_default()))
    }
}

impl Reader {
    /// The marks of this source, also while no server runs.
    pub fn marks(&self, source: &str) -> Result<HighWaterMarks, ReadError> {
        marks(self.connection(), source).map_err(ReadError::Marks)
    }

    /// All denials that have not ended, also while no server runs.
    pub fn denials(&self, now: UnixTime) -> Result<Vec<DenialRow>, ReadError> {
        denials(self.connection(), now).map_err(ReadError::Denials)
    }
}

fn denials(connection: &Connection, now: UnixTime) -> rusqlite::Result<Vec<DenialRow>> {
    let mut statement =
        connection.prepare_cached("SELECT id, until, body FROM denials WHERE until IS NULL OR until > ?1 ORDER BY id")?;
    let rows = statement.query_map(params![now.millis()], denial)?;
    rows.collect()
}

/// A row of `id, until, body`.
fn denial(row: &Row<'_>) -> rusqlite::Result<DenialRow> {
    let (until, body): (Option<i64>, Vec<u8>) = (row.get(1)?, row.get(2)?);
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(DenialRow { id: row.get(0)?, until: until.map(UnixTime::from_millis), body })
}

fn marks(connection: &Connection, source: &str) -> rusqlite::Result<HighWaterMarks> {
    let value = |kind| -> rusqlite::Result<Option<Vec<u8>>> {
        let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
        statement.query_row(params![mark(kind, source)], |row| row.get(0)).optional()
    };
    let commit = |bytes: Vec<u8>| CommitId::parse(std::str::from_utf8(&bytes).ok()?).ok();
    Ok(HighWaterMarks {
        highest: value("high-water")?.and_then(commit),
        forms: value("forms")?.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
        searched: value("searched")?.and_then(commit),
    })
}

fn mark(kind: &str, source: &str) -> String {
    format!("{kind}:{source}")
}
