//! The holders of released AWS sessions. A row has the SHA-256 of the session token and no secret. It is deleted when the session ends.

use crate::words::names::DecisionId;
use crate::words::{Digest, UnixTime};
use rusqlite::{Connection, params};

/// A session, as AWS names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwsSession {
    /// The SHA-256 of its session token.
    pub token: Digest,
    /// Its ARN: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// Its unique id: `AROA…:SESSION`.
    pub id: String,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// Part of the transaction that releases them, so that every released session is known.
pub(super) fn keep(connection: &Connection, decision: &DecisionId, sessions: &[AwsSession]) -> rusqlite::Result<()> {
    for session in sessions {
        let mut statement = connection.prepare_cached(
            "INSERT OR REPLACE INTO aws_sessions (token, decision, arn, id, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let expires_at = session.expires_at.millis();
        statement.execute(params![session.token.as_bytes(), decision.as_str(), session.arn, session.id, expires_at])?;
    }
    Ok(())
}

/// Deletes those that have ended.
pub(super) fn forget_expired(connection: &Connection, now: UnixTime) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM aws_sessions WHERE expires_at < ?1")?.execute(params![now.millis()])?;
    Ok(())
}

/// Deletes the sessions of this decision.
pub(super) fn forget(connection: &Connection, decision: &DecisionId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM aws_sessions WHERE decision = ?1")?.execute(params![decision.as_str()])?;
    Ok(())
}
