//! The time up to which used tokens were forgotten. It is durable, and no token that expires after it is ever forgotten. So a token
//! cannot be used a second time after the wall clock was set back.

use super::{aws_sessions, bindings, proofs};
use crate::words::{Timeline, UnixTime};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// How often expired rows are deleted. No rule depends on the deletion.
const FORGET_TURN: Duration = Duration::from_secs(1);
/// How long a used token is kept after it expired. If a wall clock was ahead by less and is set back, the token is still refused.
const KEEP_BEYOND_STEPS: Duration = Duration::from_secs(3600);
/// How long the time has to be settled before tokens are forgotten by it. Machines correct a wrong clock within minutes of their start.
const SETTLED_MIN: Duration = Duration::from_secs(600);
/// The row of the settings.
const MARK: &str = "forgotten-until";

/// The mark in memory.
pub(super) struct ForgottenMark {
    timeline: Arc<Timeline>,
    until: AtomicI64,
    /// When expired rows were last deleted, in milliseconds since boot.
    looked_at: AtomicI64,
}

impl ForgottenMark {
    pub(super) fn load(connection: &Connection, timeline: Arc<Timeline>) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT value FROM settings WHERE name = ?1")?;
        let until: Option<[u8; 8]> = statement.query_row([MARK], |row| row.get(0)).optional()?;
        let until = AtomicI64::new(until.map_or(0, i64::from_be_bytes));
        Ok(Self { timeline, until, looked_at: AtomicI64::new(i64::MIN) })
    }

    /// The time up to which used tokens were forgotten.
    pub(super) fn until(&self) -> UnixTime {
        UnixTime::from_millis(self.until.load(Ordering::Relaxed))
    }

    /// Whether uses of a token that is kept until then may be forgotten. Then the token is refused.
    pub(super) fn covers(&self, kept_until: UnixTime) -> bool {
        kept_until < self.until()
    }

    /// Deletes what has expired by both clocks, at intervals.
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
        self.advance(connection, earliest)
    }

    /// Forgets used tokens, if the time has been settled for long enough.
    pub(super) fn advance(&self, connection: &Connection, earliest: UnixTime) -> rusqlite::Result<()> {
        let until = earliest.minus(KEEP_BEYOND_STEPS);
        if self.timeline.settled_for() < SETTLED_MIN || until <= self.until() {
            return Ok(());
        }
        self.note(connection, until)?;
        connection.prepare_cached("DELETE FROM replay WHERE expires_at < ?1")?.execute(params![until.millis()])?;
        bindings::forget_expired(connection, until)?;
        proofs::forget_expired(connection, until)
    }

    /// Writes that the mark goes back to the present time if it is ahead of it, for an operator who confirmed the clock. In memory it
    /// goes back with [`Self::went_back`], after that is durable: until then, tokens that were forgotten would be accepted again.
    pub(super) fn write_back(&self, connection: &Connection, now: UnixTime) -> rusqlite::Result<Option<MarkRewind>> {
        let from = self.until();
        if now >= from {
            return Ok(None);
        }
        write(connection, now)?;
        Ok(Some(MarkRewind { from, to: now }))
    }

    /// Moves the mark in memory back, unless it has moved on meanwhile.
    pub(super) fn move_back(&self, MarkRewind { from, to }: &MarkRewind) {
        _ = self.until.compare_exchange(from.millis(), to.millis(), Ordering::Relaxed, Ordering::Relaxed);
    }

    fn note(&self, connection: &Connection, until: UnixTime) -> rusqlite::Result<()> {
        write(connection, until)?;
        // If the transaction fails, the mark in memory is ahead of the durable one: more is refused, and nothing is forgotten.
        self.until.store(until.millis(), Ordering::Relaxed);
        Ok(())
    }
}

/// A way back of the mark.
pub(super) struct MarkRewind {
    from: UnixTime,
    to: UnixTime,
}

fn write(connection: &Connection, until: UnixTime) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)")?;
    statement.execute(params![MARK, until.millis().to_be_bytes()]).map(drop)
}
