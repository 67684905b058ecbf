//! Tokens that their provider can end: the copies of a decision that is revoked, and what became of each.

use super::{KeptToken, RequestRecord, Store, kept_tokens, outcome};
use crate::words::names::DecisionId;
use crate::words::{Denial, UnixTime};
use rusqlite::params;

impl Store {
    /// The copies of a decision's tokens, each with its number.
    pub async fn kept_tokens(&self, decision: &DecisionId) -> Result<Vec<(i64, KeptToken)>, Denial> {
        let (decision, now) = (decision.clone(), self.earliest());
        self.read(move |connection| {
            let sql = "SELECT number, provider, expires_at, sealed FROM kept_tokens WHERE decision = ?1 AND expires_at >= ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![decision.as_str(), now.millis()], |row| {
                let kept =
                    KeptToken { provider: row.get(1)?, expires_at: UnixTime::from_millis(row.get(2)?), sealed: row.get(3)? };
                Ok((row.get(0)?, kept))
            })?;
            rows.collect()
        })
        .await
    }

    /// Records that the provider ended a token, and deletes its copy; or why it did not.
    pub async fn record_ended(
        &self,
        decision: &DecisionId,
        number: i64,
        provider: String,
        cause: Option<String>,
    ) -> Result<(), Denial> {
        let (now, decision) = (self.now(), decision.clone());
        self.write(move |connection| {
            if cause.is_none() {
                let sql = "DELETE FROM kept_tokens WHERE decision = ?1 AND number = ?2";
                connection.prepare_cached(sql)?.execute(params![decision.as_str(), number])?;
            }
            let record = RequestRecord { provider: Some(provider), cause, ..RequestRecord::default() };
            outcome::append(connection, now, "ended", decision.as_str(), record)
        })
        .await
    }

    /// Deletes the copies of tokens that have ended. Called at intervals, so that they go where nobody asks for anything.
    pub async fn forget_ended_tokens(&self) -> Result<(), Denial> {
        let now = self.earliest().millis();
        let sql = "SELECT EXISTS (SELECT 1 FROM kept_tokens WHERE expires_at < ?1)";
        let is_any = self.read(move |connection| connection.prepare_cached(sql)?.query_row(params![now], |row| row.get(0)));
        if !is_any.await? {
            return Ok(());
        }
        self.write(move |connection| kept_tokens::forget_expired(connection, UnixTime::from_millis(now))).await
    }
}
