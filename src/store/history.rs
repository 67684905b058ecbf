//! Reads past decisions from the log, the newest first, until the caller stops.

use super::reader::{Reader, body, request};
use super::{ReadError, RequestRecord, RevisionRecord};
use crate::words::{Digest, UnixTime};
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
    /// The record of its release; `None` if this version cannot read it.
    pub record: Option<RequestRecord>,
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
            let record = request(row, 1)?;
            let hash = record.as_ref().and_then(|record| record.claims);
            let claims = claims(self.connection(), decision.as_deref(), hash)?;
            Ok(each(ReleasedDecision { at, record, claims }))
        })
    }

    /// Calls `each` for the records of releases, failures and refusals, the newest first, until it breaks: with `None` for one that
    /// this version cannot read. A request that was refused before its token was verified has no `issuer`.
    pub fn outcomes(&self, mut each: impl FnMut(UnixTime, Option<RequestRecord>) -> ControlFlow<()>) -> Result<(), ReadError> {
        let sql = "SELECT at, body FROM audit WHERE kind IN ('released', 'failed', 'refused') ORDER BY seq DESC";
        self.for_each_page(sql, [], |row| Ok(each(UnixTime::from_millis(row.get(0)?), request(row, 1)?)))
    }

    /// Calls `each` for the records of revisions of all sources, the newest first, until it breaks. It passes over what this version
    /// cannot read.
    pub fn revisions(&self, mut each: impl FnMut(RevisionRecord) -> ControlFlow<()>) -> Result<(), ReadError> {
        let sql = "SELECT body FROM audit WHERE kind = 'revision' ORDER BY seq DESC";
        self.for_each_page(sql, [], |row| {
            let bytes: Vec<u8> = row.get(0)?;
            Ok(serde_json::from_slice(&bytes).map_or(ControlFlow::Continue(()), &mut each))
        })
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

/// The claims of this hash, which a release refers to. If the intent is a separate record, that one refers to them.
pub(super) fn claims(connection: &Connection, decision: Option<&str>, hash: Option<Digest>) -> rusqlite::Result<Option<Value>> {
    let mut intents = connection.prepare_cached("SELECT body FROM audit WHERE decision = ?1 AND kind = 'intended'")?;
    let hash = match (hash, decision) {
        (None, Some(decision)) => {
            let intended = intents.query_row(params![decision], |row| request(row, 0)).optional()?.flatten();
            intended.and_then(|intended| intended.claims)
        }
        (hash, _) => hash,
    };
    let Some(hash) = hash.map(|hash| hash.to_string()) else { return Ok(None) };
    let mut kept = connection.prepare_cached("SELECT body FROM claims WHERE hash = ?1")?;
    kept.query_row(params![hash], |row| body(row, 0)).optional()
}
