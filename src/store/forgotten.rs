//! Until when used tokens are forgotten. It is durable and never lies behind what was forgotten, so that a wall clock that is set back
//! gives no token a second use.

use super::{aws_sessions, bindings, proofs};
use crate::words::{Timeline, UnixTime};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// What has expired is looked for this often: nothing counts by being forgotten.
const FORGET_TURN: Duration = Duration::from_secs(1);
/// Used tokens are known for an hour after they expired: a wall clock that was ahead by less can be set back, and they are refused.
const KEEP_BEYOND_STEPS: Duration = Duration::from_secs(3600);
/// Machines set a wrong clock right within minutes of their start; no token is forgotten by a time that was settled for less.
const SETTLED_MIN: Duration = Duration::from_secs(600);
/// A row of the settings.
const MARK: &str = "forgotten-until";

/// The mark, in memory.
pub(super) struct Forgotten {
    timeline: Arc<Timeline>,
    until: AtomicI64,
    /// When it was last looked at, in milliseconds since boot.
    looked_at: AtomicI64,
}

impl Forgotten {
    pub(super) fn load(connection: &Connection, timeline: Arc<Timeline>) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT value FROM settings WHERE name = ?1")?;
        let until: Option<[u8; 8]> = statement.query_row([MARK], |row| row.get(0)).optional()?;
        let until = AtomicI64::new(until.map_or(0, i64::from_be_bytes));
        Ok(Self { timeline, until, looked_at: AtomicI64::new(i64::MIN) })
    }

    /// Until when.
    pub(super) fn until(&self) -> UnixTime {
        UnixTime::from_millis(self.until.load(Ordering::Relaxed))
    }

    /// Whether it may be forgotten how a token was used that is kept until then: the token is refused.
    pub(super) fn covers(&self, kept_until: UnixTime) -> bool {
        kept_until < self.until()
    }

    /// Forgets what has expired by both clocks, once in a while.
    pub(super) fn forget_expired(&self, connection: &Connection) -> rusqlite::Result<()> {
        let boot = i64::try_from(self.timeline.since_boot().as_millis()).unwrap_or(i64::MAX);
        let turn = i64::try_from(FORGET_TURN.as_millis()).unwrap_or(i64::MAX);
        let last = self.looked_at.load(Ordering::Relaxed);
        if last != i64::MIN && boot - last < turn {
            return Ok(());
        }
        self.looked_at.store(boot, Ordering::Relaxed);
        let earliest = self.timeline.earliest();
        connection.prepare_cached("DELETE FROM answers WHERE until < ?1")?.execute(params![earliest.millis()])?;
        aws_sessions::forget_expired(connection, earliest)?;
        self.move_on(connection, earliest)
    }

    /// Forgets used tokens, where the time was settled for long enough.
    pub(super) fn move_on(&self, connection: &Connection, earliest: UnixTime) -> rusqlite::Result<()> {
        let until = earliest.minus(KEEP_BEYOND_STEPS);
        if self.timeline.settled_for() < SETTLED_MIN || until <= self.until() {
            return Ok(());
        }
        self.note(connection, until)?;
        connection.prepare_cached("DELETE FROM replay WHERE expires_at < ?1")?.execute(params![until.millis()])?;
        bindings::forget_expired(connection, until)?;
        proofs::forget_expired(connection, until)
    }

    /// Takes the present moment as right by an operator's word, where the mark lies ahead of it.
    pub(super) fn go_back(&self, connection: &Connection, now: UnixTime) -> rusqlite::Result<()> {
        if now < self.until() { self.note(connection, now) } else { Ok(()) }
    }

    fn note(&self, connection: &Connection, until: UnixTime) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)")?;
        statement.execute(params![MARK, until.millis().to_be_bytes()])?;
        // Where the transaction fails the mark in memory is ahead of the durable one: more is refused, and nothing is forgotten.
        self.until.store(until.millis(), Ordering::Relaxed);
        Ok(())
    }
}
