//! Binds a token to one client: the first to which anything was released for it. A row is deleted after its token has expired.

use crate::words::names::DecisionId;
use crate::words::{Client, FirstUse, UnixTime};
use rusqlite::{Connection, OptionalExtension, params};
use std::net::IpAddr;
use std::time::Duration;

/// A client that presents a token that serves one client only.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The token's key.
    pub token: [u8; 32],
    /// The client.
    pub client: Client,
    /// Its address, for the audit log.
    pub address: IpAddr,
    /// Until when the token, or a session of it, is valid.
    pub until: UnixTime,
}

/// The first use of the token, if it was by another client.
pub(super) fn elsewhere(connection: &Connection, binding: &Binding) -> rusqlite::Result<Option<FirstUse>> {
    let mut statement = connection.prepare_cached("SELECT client, address, decision FROM bindings WHERE token = ?1")?;
    let bound = statement.query_row(params![binding.token], |row| {
        Ok((row.get::<_, String>(0)?, FirstUse { client: row.get(1)?, decision: row.get(2)? }))
    });
    Ok(bound.optional()?.filter(|(client, _)| *client != binding.client.to_string()).map(|(_, first)| first))
}

/// Part of the transaction that releases. The first release binds the token.
pub(super) fn bind(connection: &Connection, decision: &DecisionId, binding: &Binding, beyond: Duration) -> rusqlite::Result<()> {
    let until = binding.until.plus(beyond);
    let mut statement = connection.prepare_cached(
        "INSERT OR IGNORE INTO bindings (token, client, address, decision, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let (client, address) = (binding.client.to_string(), binding.address.to_string());
    statement.execute(params![binding.token, client, address, decision.as_str(), until.millis()])?;
    Ok(())
}

/// Deletes those whose token has expired.
pub(super) fn forget_expired(connection: &Connection, now: UnixTime) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM bindings WHERE expires_at < ?1")?.execute(params![now.millis()])?;
    Ok(())
}
