//! What was released, read back from the log: the newest first, as far as somebody wants to look.

use super::reader::{Reader, body};
use crate::words::UnixTime;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use std::ops::ControlFlow;
use std::time::Duration;

/// Records are written in the order of their transactions; their times may differ from it by less than this.
const DISORDER_MAX: Duration = Duration::from_secs(60);

/// A decision that released something.
#[derive(Clone, Debug)]
pub struct ReleasedDecision {
    /// When.
    pub at: UnixTime,
    /// The record of its release.
    pub body: Value,
    /// The claims of its token, unless they are pruned.
    pub claims: Option<Value>,
}

impl Reader {
    /// Goes through what was released since then, the newest first, until `each` breaks off.
    pub fn released_since(
        &self,
        since: UnixTime,
        mut each: impl FnMut(ReleasedDecision) -> ControlFlow<()>,
    ) -> Result<(), String> {
        let mut read = || -> rusqlite::Result<()> {
            let sql = "SELECT at, decision, body FROM audit WHERE kind = 'released' ORDER BY seq DESC";
            let mut statement = self.connection().prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let at = UnixTime::from_millis(row.get(0)?);
                if at.plus(DISORDER_MAX) < since {
                    break;
                }
                let decision: Option<String> = row.get(1)?;
                let claims = decision.map_or(Ok(None), |decision| claims(self.connection(), &decision))?;
                if at >= since && each(ReleasedDecision { at, body: body(row, 2)?, claims }).is_break() {
                    break;
                }
            }
            Ok(())
        };
        read().map_err(|fault| format!("the audit log cannot be read: {fault}"))
    }
}

/// The claims that the intent of this decision refers to.
fn claims(connection: &Connection, decision: &str) -> rusqlite::Result<Option<Value>> {
    let mut intents = connection.prepare_cached("SELECT body FROM audit WHERE decision = ?1 AND kind = 'intended'")?;
    let Some(intent) = intents.query_row(params![decision], |row| body(row, 0)).optional()? else { return Ok(None) };
    let mut kept = connection.prepare_cached("SELECT body FROM claims WHERE hash = ?1")?;
    kept.query_row(params![intent["claims"].as_str()], |row| body(row, 0)).optional()
}
