//! The tables, and the statements that all parts use.

use super::{StoreError, body};
use crate::words::UnixTime;
use crate::words::names::DecisionId;
use rusqlite::{Connection, params};
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// The triggers raise FAIL and not ABORT. For ABORT SQLite would copy every page that a record changes, to undo the statement.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, decision TEXT, body BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS audit_decision ON audit (decision);
CREATE INDEX IF NOT EXISTS audit_revisions ON audit (seq) WHERE kind = 'revision';
CREATE TRIGGER IF NOT EXISTS audit_only_next BEFORE INSERT ON audit WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit) BEGIN SELECT RAISE(FAIL, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(FAIL, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(FAIL, 'the audit log is append-only'); END;
CREATE TABLE IF NOT EXISTS claims (hash TEXT PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replay (key BLOB PRIMARY KEY, decision TEXT NOT NULL, released_at INTEGER, client TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replay_decision ON replay (decision);
CREATE INDEX IF NOT EXISTS replay_expires ON replay (expires_at);
CREATE TABLE IF NOT EXISTS bindings (token BLOB PRIMARY KEY, client TEXT NOT NULL, address TEXT NOT NULL, decision TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bindings_expires ON bindings (expires_at);
CREATE TABLE IF NOT EXISTS proofs (key BLOB PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS proofs_until ON proofs (until);
CREATE TABLE IF NOT EXISTS answers (decision TEXT PRIMARY KEY, until INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_until ON answers (until);
CREATE TABLE IF NOT EXISTS aws_sessions (token BLOB PRIMARY KEY, decision TEXT NOT NULL, arn TEXT NOT NULL, id TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS aws_sessions_decision ON aws_sessions (decision);
CREATE INDEX IF NOT EXISTS aws_sessions_expires ON aws_sessions (expires_at);
CREATE TABLE IF NOT EXISTS kept_tokens (decision TEXT NOT NULL, number INTEGER NOT NULL, provider TEXT NOT NULL, expires_at INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (decision, number)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_tokens_expires ON kept_tokens (expires_at);
CREATE TABLE IF NOT EXISTS signing_keys (kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS id_token_keys (kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session_keys (id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ended_sessions (id TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS denials (id TEXT PRIMARY KEY, until INTEGER, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wrapped_keys (number INTEGER PRIMARY KEY, key BLOB NOT NULL, source TEXT NOT NULL, file TEXT NOT NULL, in_force INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS wrapped_keys_key ON wrapped_keys (key);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
";

/// The triggers that make the log append-only.
pub(super) const AUDIT_TRIGGERS: [&str; 3] = ["audit_only_next", "audit_no_update", "audit_no_delete"];

/// The database's file in the data directory.
pub(super) const FILE: &str = "daypass.sqlite";

/// How long a start waits for the lock. A process that has just ended may still hold it: a child that it was starting has a copy of the
/// descriptor until it runs its program.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(5);
/// How often it tries meanwhile.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Locks the directory for this process. A second process is refused.
pub(super) fn lock(directory: &Path) -> Result<std::fs::File, StoreError> {
    let path = directory.join("lock");
    let file = std::fs::File::create(&path).map_err(|fault| StoreError::Directory { path, fault })?;
    let started = Instant::now();
    while rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
        if started.elapsed() >= LOCK_WAIT_MAX {
            return Err(StoreError::Held { directory: directory.to_owned() });
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    Ok(file)
}

/// Opens for writing. `FULL`: a commit is on the disk when it returns. `secure_delete`: deleted answers and claims are overwritten.
pub(super) fn open(directory: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(directory.join(FILE))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // One transaction: all or nothing, and one flush.
    let schema = connection.unchecked_transaction()?;
    schema.execute_batch(SCHEMA)?;
    schema.commit()?;
    Ok(connection)
}

/// Appends one record. Its `seq` is explicit, because the trigger that stops REPLACE does not see an automatic one.
pub(super) fn append(
    connection: &Connection,
    at: UnixTime,
    kind: &str,
    decision: Option<&DecisionId>,
    body: impl Serialize,
) -> rusqlite::Result<()> {
    append_bytes(connection, at, kind, decision, &body::bytes(body))
}

/// Appends one record whose body is bytes already, such as a request's.
pub(super) fn append_bytes(
    connection: &Connection,
    at: UnixTime,
    kind: &str,
    decision: Option<&DecisionId>,
    body: &[u8],
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT OR FAIL INTO audit (seq, at, kind, decision, body) VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM audit), ?1, ?2, ?3, ?4)",
    )?;
    statement.execute(params![at.millis(), kind, decision.map(DecisionId::as_str), body])?;
    Ok(())
}

/// Deletes the answers of the last run, which nothing can open any more.
pub(super) fn forget_answers(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM answers", []).map(drop)
}

/// The salt of the hashes of claims. It is made once.
pub(super) fn salt(connection: &Connection) -> rusqlite::Result<[u8; 32]> {
    let mut fresh = [0; 32];
    aws_lc_rs::rand::fill(&mut fresh).map_err(|_| rusqlite::Error::InvalidQuery)?;
    connection.execute("INSERT OR IGNORE INTO settings (name, value) VALUES ('claims-salt', ?1)", params![fresh])?;
    connection.query_row("SELECT value FROM settings WHERE name = 'claims-salt'", [], |row| row.get(0))
}
