//! Sessions that were ended before their time. They are rows, and held in memory beside: every use of a session asks for its own, and
//! one process holds the store.

use crate::words::UnixTime;
use crate::words::names::DecisionId;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Kept until no session of its time can be open any more: an hour, and much beyond every clock's mistake.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// Their ids, and until when each is kept, in milliseconds.
pub(super) struct Ended(Mutex<HashMap<String, i64>>);

impl Ended {
    /// Those that the last run left.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT id, until FROM ended_sessions")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<_>>().map(|held| Self(Mutex::new(held)))
    }

    /// Ends the session that this decision began, if it began one. It has ended here also where the row does not become durable:
    /// its client hears that, and asks again.
    pub(super) fn end(&self, connection: &Connection, id: &DecisionId, now: UnixTime) -> rusqlite::Result<()> {
        let until = self.hold(id, now);
        connection.execute("DELETE FROM ended_sessions WHERE until < ?1", params![now.millis()])?;
        connection.execute("INSERT OR REPLACE INTO ended_sessions (id, until) VALUES (?1, ?2)", params![id.as_str(), until])?;
        // Nor is the login's answer repeated.
        connection.execute("DELETE FROM answers WHERE decision = ?1", params![id.as_str()])?;
        Ok(())
    }

    /// The same in memory alone. Returns until when it is kept. `now` is the earlier one of both clocks.
    pub(super) fn hold(&self, id: &DecisionId, now: UnixTime) -> i64 {
        let until = now.plus(KEEP).millis();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, until| *until >= now.millis());
        held.insert(id.as_str().to_owned(), until);
        until
    }

    /// Whether it was ended.
    pub(super) fn holds(&self, id: &DecisionId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id.as_str())
    }
}
