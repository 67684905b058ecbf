//! What stands until somebody says otherwise: how far a source's history went, and what operators deny. Each change is a record too.

use super::{ReadError, Reader, Store, WrappedKey, aws_sessions, outcome, reader, schema, wrapped_keys};
use crate::words::names::{CommitId, DecisionId};
use crate::words::{Denial, Forms, Reason, UnixTime};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};

/// A denial as it is kept.
#[derive(Clone, Debug)]
pub struct DenialRow {
    /// By which it is lifted.
    pub id: String,
    /// Until when it stands; `None` is until it is lifted.
    pub until: Option<UnixTime>,
    /// What it denies.
    pub body: Value,
}

/// How far a source went.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// The newest commit that was ever in force.
    pub highest: Option<CommitId>,
    /// Of which commits the forms of files were in force with it; absent where nobody noted that.
    pub forms: Option<Forms>,
    /// The newest one up to which it is known where wrapped keys stood.
    pub searched: Option<CommitId>,
}

impl Marks {
    /// Whether the store has never heard of the source. A part of the marks without the others is no first start.
    pub const fn is_empty(&self) -> bool {
        self.highest.is_none() && self.forms.is_none() && self.searched.is_none()
    }
}

impl Store {
    /// How far this source went.
    pub async fn marks(&self, source: &str) -> Result<Marks, Denial> {
        let source = source.to_owned();
        self.read(move |connection| marks(connection, &source)).await
    }

    /// Puts a revision that is in force in the log with the wrapped keys that it brought, and moves the source's marks to it, in one
    /// transaction. Nothing is recorded before it, also where it cannot become durable yet. After an error the next record of this
    /// source needs all keys that are in force: this one may have lost its own.
    pub async fn record_revision(
        &self,
        source: &str,
        commit: &CommitId,
        forms: &Forms,
        keys: Vec<WrappedKey>,
        body: Value,
    ) -> Result<(), Denial> {
        let (keys, lost) = match self.keep_most(source, keys).await {
            Ok(keys) => (keys, None),
            Err(denial) => (Vec::new(), Some(denial)),
        };
        let forms = serde_json::to_vec(forms).map_err(|fault| Reason::Internal.because(fault.to_string()))?;
        let commit = commit.as_str().as_bytes().to_owned();
        let searched = lost.is_none().then(|| (mark("searched", source), commit.clone()));
        let marks: Vec<_> =
            [(mark("high-water", source), commit), (mark("forms", source), forms)].into_iter().chain(searched).collect();
        let (now, source) = (self.now(), source.to_owned());
        let recorded = self.owe(format!("revision {source}"), move |connection| {
            wrapped_keys::keep(connection, &source, &keys)?;
            for (name, value) in &marks {
                connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)", params![name, value])?;
            }
            schema::append(connection, now, "revision", None, body.clone())
        });
        recorded.await?;
        lost.map_or(Ok(()), Err)
    }

    /// Keeps a denial that stands already, with its record. Nothing is recorded before it, also where it cannot become durable yet.
    pub async fn deny(&self, row: DenialRow, by: Option<&DecisionId>) -> Result<(), Denial> {
        let (now, by) = (self.now(), by.cloned());
        self.owe(format!("denial {}", row.id), move |connection| {
            let bytes = row.body.to_string().into_bytes();
            let until = row.until.map(UnixTime::millis);
            let sql = "INSERT OR REPLACE INTO denials (id, until, body) VALUES (?1, ?2, ?3)";
            connection.execute(sql, params![row.id, until, bytes])?;
            schema::append(
                connection,
                now,
                "denied",
                by.as_ref(),
                json!({ "id": row.id, "until": row.until.map(|at| at.to_string()), "denies": row.body }),
            )
        })
        .await
    }

    /// Takes a denial away, with its record; tells what it was, and nothing when there is none of this id.
    pub async fn lift(&self, id: &str) -> Result<Option<DenialRow>, Denial> {
        let (now, id) = (self.now(), id.to_owned());
        self.write(move |connection| {
            let sql = "DELETE FROM denials WHERE id = ?1 RETURNING id, until, body";
            let lifted = connection.prepare_cached(sql)?.query_row(params![id], denial).optional()?;
            if let Some(row) = &lifted {
                schema::append(connection, now, "lifted", None, json!({ "id": id, "denies": row.body }))?;
            }
            Ok(lifted)
        })
        .await
    }

    /// Every denial that is kept and not over.
    pub async fn denials(&self) -> Result<Vec<DenialRow>, Denial> {
        let now = self.earliest();
        self.read(move |connection| denials(connection, now)).await
    }

    /// Ends what can be ended of a decision: its stored answer is given to nobody any more, the holder of its AWS session
    /// is not known, and a session that it began is over, at once. The record tells what was issued.
    pub async fn revoke(&self, decision: &DecisionId, reason: &str) -> Result<Option<Value>, Denial> {
        let wanted = decision.clone();
        let released = self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT body FROM audit WHERE decision = ?1 AND kind = 'released'")?;
            statement.query_row(params![wanted.as_str()], |row| reader::body(row, 0)).optional()
        });
        let Some(released) = released.await? else { return Ok(None) };
        let began_session = !released["session"].is_null();
        let (now, earliest, ended) = (self.now(), self.earliest(), self.ended.clone());
        if began_session {
            ended.hold(decision, earliest);
        }
        let (decision, reason) = (decision.clone(), reason.to_owned());
        self.owe(format!("revocation {decision}"), move |connection| {
            connection.execute("DELETE FROM answers WHERE decision = ?1", params![decision.as_str()])?;
            aws_sessions::forget(connection, &decision)?;
            if began_session {
                ended.end(connection, &decision, earliest)?;
            }
            outcome::append(connection, now, "revoked", decision.as_str(), json!({ "reason": reason }))
        })
        .await?;
        Ok(Some(released))
    }
}

impl Reader {
    /// How far this source went, also where no server runs.
    pub fn marks(&self, source: &str) -> Result<Marks, ReadError> {
        marks(self.connection(), source).map_err(ReadError::Marks)
    }

    /// Every denial that stands now, also where no server runs.
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

fn marks(connection: &Connection, source: &str) -> rusqlite::Result<Marks> {
    let value = |kind| -> rusqlite::Result<Option<Vec<u8>>> {
        let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
        statement.query_row(params![mark(kind, source)], |row| row.get(0)).optional()
    };
    let commit = |bytes: Vec<u8>| CommitId::parse(std::str::from_utf8(&bytes).ok()?).ok();
    Ok(Marks {
        highest: value("high-water")?.and_then(commit),
        forms: value("forms")?.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
        searched: value("searched")?.and_then(commit),
    })
}

fn mark(kind: &str, source: &str) -> String {
    format!("{kind}:{source}")
}
