//! The keys of sessions, which are encrypted before they come here, and the sessions that were ended before their time.

use super::{KeyRecord, RequestRecord, Store, outcome, schema};
use crate::words::names::DecisionId;
use crate::words::{Denial, UnixTime};
use rusqlite::params;

/// A session key's row.
#[derive(Clone, Debug)]
pub struct SessionKeyRow {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created_at: UnixTime,
    /// The key, encrypted.
    pub sealed: Vec<u8>,
}

impl Store {
    /// All session keys, the newest first.
    pub async fn session_keys(&self) -> Result<Vec<SessionKeyRow>, Denial> {
        self.read(|connection| {
            let mut statement =
                connection.prepare("SELECT id, created_at, sealed FROM session_keys ORDER BY created_at DESC, id")?;
            let rows = statement.query_map([], |row| {
                Ok(SessionKeyRow { id: row.get(0)?, created_at: UnixTime::from_millis(row.get(1)?), sealed: row.get(2)? })
            })?;
            rows.collect()
        })
        .await
    }

    /// Adds a session key, with its record, in one transaction.
    pub async fn put_session_key(&self, row: SessionKeyRow) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| {
            connection.execute(
                "INSERT INTO session_keys (id, created_at, sealed) VALUES (?1, ?2, ?3)",
                params![row.id, row.created_at.millis(), row.sealed],
            )?;
            schema::append(connection, now, "key", None, session_key(row.id, "sealing"))
        })
        .await
    }

    /// Removes a session key, with its record if there was one. Sessions that it sealed can no longer be opened.
    pub async fn remove_session_key(&self, id: String) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| match connection.execute("DELETE FROM session_keys WHERE id = ?1", params![id])? {
            0 => Ok(()),
            _ => schema::append(connection, now, "key", None, session_key(id, "removed")),
        })
        .await
    }

    /// Ends a session, with its record, in one transaction.
    pub async fn end_session(&self, id: &DecisionId, record: RequestRecord) -> Result<(), Denial> {
        let (now, earliest, id, ended) = (self.now(), self.earliest(), id.clone(), self.ended.clone());
        self.write(move |connection| {
            ended.end(connection, &id, earliest)?;
            outcome::append(connection, now, "revoked", id.as_str(), record)
        })
        .await
    }

    /// Whether the session was ended before its time.
    pub fn has_ended(&self, id: &DecisionId) -> bool {
        self.ended.contains(id)
    }
}

fn session_key(id: String, state: &'static str) -> KeyRecord {
    KeyRecord { session_key: Some(id), state: state.into(), ..KeyRecord::default() }
}
