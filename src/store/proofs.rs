//! Used proofs of possession. Each is kept until it is too old to be accepted, so that it cannot be used twice.

use crate::words::UnixTime;
use rusqlite::{Connection, params};

/// One use of a proof.
#[derive(Clone, Debug)]
pub struct ProofUse {
    /// The digest of its key's thumbprint and its `jti`.
    pub key: [u8; 32],
    /// When it becomes too old.
    pub until: UnixTime,
}

pub(super) fn is_used(connection: &Connection, proof: &ProofUse) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM proofs WHERE key = ?1")?.exists(params![proof.key])
}

/// Part of the transaction that uses it.
pub(super) fn keep(connection: &Connection, proof: &ProofUse) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("INSERT INTO proofs (key, until) VALUES (?1, ?2)")?;
    statement.execute(params![proof.key, proof.until.millis()])?;
    Ok(())
}

pub(super) fn forget_expired(connection: &Connection, now: UnixTime) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM proofs WHERE until < ?1")?.execute(params![now.millis()])?;
    Ok(())
}
