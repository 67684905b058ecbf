//! Finds the holder of an AWS session by its session token.

use super::{AwsSession, Store};
use crate::words::names::DecisionId;
use crate::words::{Denial, Digest, Reason, UnixTime};
use rusqlite::{Connection, OptionalExtension, params};

impl Store {
    /// The decision that released the session of this token, and the session, unless it has ended. The caller is not authenticated yet,
    /// so this uses neither the writer nor a new connection.
    pub async fn aws_session(&self, token: Digest) -> Result<Option<(DecisionId, AwsSession)>, Denial> {
        let now = self.now();
        let found = self.read(move |connection| find(connection, token, now)).await?;
        let parsed = |(decision, session): (String, _)| DecisionId::parse(&decision).map(|decision| (decision, session));
        found.map(parsed).transpose().map_err(|fault| Reason::Internal.with_cause(fault))
    }
}

fn find(connection: &Connection, token: Digest, now: UnixTime) -> rusqlite::Result<Option<(String, AwsSession)>> {
    let sql = "SELECT decision, arn, id, expires_at FROM aws_sessions WHERE token = ?1 AND expires_at > ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![token.as_bytes(), now.millis()], |row| {
        let expires_at = UnixTime::from_millis(row.get(3)?);
        Ok((row.get(0)?, AwsSession { token, arn: row.get(1)?, id: row.get(2)?, expires_at }))
    });
    found.optional()
}
