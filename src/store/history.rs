//! Reads past decisions from the log, the newest first, until the caller stops.

use super::ReadError;
use super::reader::{Reader, body};
use crate::words::UnixTime;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use serde_json::Value;
use std::ops::ControlFlow;
use std::time::Duration;

/// Records are in the order of their transactions. Their times may deviate from this order by less than this.
pub(super) const DISORDER_MAX: Duration = Duration::from_secs(60);

/// A decision that released something.
#[derive(Clone, Debug)]
pub struct ReleasedDecision {
    /// When it was released.
    pub at: UnixTime,
    /// The record of its release.
    pub body: Value,
    /// The claims of its token, unless they are pruned.
    pub claims: Option<Value>,
}

impl Reader {
    /// Calls `each` for every release since then, the newest first, until it breaks.
    pub fn released_since(
        &self,
        since: UnixTime,
        mut each: impl FnMut(ReleasedDecision) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let sql = "SELECT at, body, decision FROM audit WHERE kind = 'released' ORDER BY seq DESC";
        self.for_each_page(sql, [], |row| {
            let at = UnixTime::from_millis(row.get(0)?);
            if at.plus(DISORDER_MAX) < since {
                return Ok(ControlFlow::Break(()));
            }
            if at < since {
                return Ok(ControlFlow::Continue(()));
            }
            let decision: Option<String> = row.get(2)?;
            let body = body(row, 1)?;
            let claims = claims(self.connection(), decision.as_deref(), &body)?;
            Ok(each(ReleasedDecision { at, body, claims }))
        })
    }

    /// Calls `each` for the records of releases, failures and refusals, the newest first, until it breaks. A request that was refused
    /// before its token was verified has no `issuer`.
    pub fn outcomes(&self, mut each: impl FnMut(UnixTime, Value) -> ControlFlow<()>) -> Result<(), ReadError> {
        let sql = "SELECT at, body FROM audit WHERE kind IN ('released', 'failed', 'refused') ORDER BY seq DESC";
        self.for_each_page(sql, [], |row| Ok(each(UnixTime::from_millis(row.get(0)?), body(row, 1)?)))
    }

    /// Calls `each` for the records of revisions of all sources, the newest first, until it breaks.
    pub fn revisions(&self, mut each: impl FnMut(Value) -> ControlFlow<()>) -> Result<(), ReadError> {
        let sql = "SELECT body FROM audit WHERE kind = 'revision' ORDER BY seq DESC";
        self.for_each_page(sql, [], |row| Ok(each(body(row, 0)?)))
    }

    pub(super) fn for_each_page(
        &self,
        sql: &str,
        parameters: impl Params,
        mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<ControlFlow<()>>,
    ) -> Result<(), ReadError> {
        let read = || -> rusqlite::Result<()> {
            let mut statement = self.connection().prepare_cached(sql)?;
            let mut rows = statement.query(parameters)?;
            while let Some(row) = rows.next()? {
                if each(row)?.is_break() {
                    break;
                }
            }
            Ok(())
        };
        read().map_err(ReadError::Log)
    }
}

/// The claims that a release refers to. If the intent is a separate record, that one refers to them.
pub(super) fn claims(connection: &Connection, decision: Option<&str>, released: &Value) -> rusqlite::Result<Option<Value>> {
    let mut intents = connection.prepare_cached("SELECT body FROM audit WHERE decision = ?1 AND kind = 'intended'")?;
    let intended = match (released["claims"].as_str(), decision) {
        (None, Some(decision)) => intents.query_row(params![decision], |row| body(row, 0)).optional()?,
        (Some(_), _) | (None, None) => None,
    };
    let hash = intended.as_ref().unwrap_or(released)["claims"].as_str();
    let mut kept = connection.prepare_cached("SELECT body FROM claims WHERE hash = ?1")?;
    kept.query_row(params![hash], |row| body(row, 0)).optional()
}
