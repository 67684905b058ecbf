//! Sealed copies of released tokens that their provider can end, so that `daypass revoke` can. Only a policy with `revocable: server` has
//! them made. A copy is deleted once its token has ended.

use crate::words::UnixTime;
use crate::words::names::DecisionId;
use rusqlite::{Connection, params};

/// The table, which stores of earlier versions lack.
pub(super) const TABLE: &str = "kept_tokens";

/// A copy of a token.
pub struct KeptToken {
    /// The provider that can end it, by its section of the configuration.
    pub provider: String,
    /// When it ends by itself.
    pub expires_at: UnixTime,
    /// What the provider needs to end it, sealed.
    pub sealed: Vec<u8>,
}

/// Part of the transaction that releases the tokens.
pub(super) fn keep(connection: &Connection, decision: &DecisionId, tokens: &[KeptToken]) -> rusqlite::Result<()> {
    for (number, kept) in (0_i64..).zip(tokens) {
        let sql = "INSERT INTO kept_tokens (decision, number, provider, expires_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
        let expires_at = kept.expires_at.millis();
        connection.prepare_cached(sql)?.execute(params![decision.as_str(), number, kept.provider, expires_at, kept.sealed])?;
    }
    Ok(())
}

/// Deletes the copies of tokens that have ended.
pub(super) fn forget_expired(connection: &Connection, now: UnixTime) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM kept_tokens WHERE expires_at < ?1")?.execute(params![now.millis()])?;
    Ok(())
}
