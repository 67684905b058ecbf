//! Sessions that were ended before their time. Besides the rows, memory holds them too, because every use of a session checks it. One
//! process holds the store, so memory is complete.

use crate::words::UnixTime;
use crate::words::names::DecisionId;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long one is kept. A session lives for an hour at most; the rest covers a wrong clock.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// The ids, and until when each is kept, in milliseconds.
pub(super) struct EndedSessions(Mutex<HashMap<String, i64>>);

impl EndedSessions {
    /// Loads the rows.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT id, until FROM ended_sessions")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<_>>().map(|ended| Self(Mutex::new(ended)))
    }

    /// Ends the session that this decision began, if it began one. It has ended in memory also if the row does not become durable; then
    /// the client gets an error and repeats the request.
    pub(super) fn end(&self, connection: &Connection, id: &DecisionId, now: UnixTime) -> rusqlite::Result<()> {
        let until = self.insert(id, now);
        connection.execute("DELETE FROM ended_sessions WHERE until < ?1", params![now.millis()])?;
        connection.execute("INSERT OR REPLACE INTO ended_sessions (id, until) VALUES (?1, ?2)", params![id.as_str(), until])?;
        // The login's answer must not be repeated either.
        connection.execute("DELETE FROM answers WHERE decision = ?1", params![id.as_str()])?;
        Ok(())
    }

    /// Ends a session in memory only. Returns until when it is kept. `now` is the earlier one of both clocks.
    pub(super) fn insert(&self, id: &DecisionId, now: UnixTime) -> i64 {
        let until = now.plus(KEEP).millis();
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| *until >= now.millis());
        ended.insert(id.as_str().to_owned(), until);
        until
    }

    /// Whether it was ended.
    pub(super) fn contains(&self, id: &DecisionId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id.as_str())
    }
}
