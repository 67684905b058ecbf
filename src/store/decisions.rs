//! One decision, read back from the log by its id.

use super::ReadError;
use super::history::claims;
use super::reader::{Entry, Reader};
use crate::words::IdSuffix;
use rusqlite::params;
use serde_json::Value;

/// Decisions that are told where an end of an id is that of several.
const SEVERAL_MAX: i64 = 5;

/// What the log has of a decision.
#[derive(Debug)]
pub enum Found {
    /// No record has such an id.
    Nothing,
    /// These ids end so, and perhaps more.
    Several(Vec<String>),
    /// The decision.
    One(Box<Decided>),
}

/// A decision in the log.
#[derive(Debug)]
pub struct Decided {
    /// Its id, whole.
    pub id: String,
    /// Its records, oldest first.
    pub records: Vec<Entry>,
    /// The claims of its token, unless they are pruned or the token was not verified.
    pub claims: Option<Value>,
}

impl Reader {
    /// Finds the decision whose id ends so.
    pub fn decision(&self, suffix: &IdSuffix) -> Result<Found, ReadError> {
        let mut ids = self.ids(suffix).map_err(ReadError::Log)?;
        let Some(id) = ids.pop() else { return Ok(Found::Nothing) };
        if !ids.is_empty() {
            ids.push(id);
            return Ok(Found::Several(ids));
        }
        let records = self.of_decision(&id)?;
        let told = records.iter().find(|record| !record.body["attributes"].is_null());
        let claims = told.map(|record| claims(self.connection(), Some(&id), &record.body)).transpose();
        Ok(Found::One(Box::new(Decided { claims: claims.map_err(ReadError::Log)?.flatten(), id, records })))
    }

    fn ids(&self, suffix: &IdSuffix) -> rusqlite::Result<Vec<String>> {
        // The index holds whole ids in their order; an end is looked for in all of them.
        let sql = if suffix.whole().is_some() {
            "SELECT DISTINCT decision FROM audit WHERE decision = ?1 LIMIT ?2"
        } else {
            "SELECT DISTINCT decision FROM audit WHERE substr(decision, -length(?1)) = ?1 LIMIT ?2"
        };
        let mut statement = self.connection().prepare_cached(sql)?;
        let rows = statement.query_map(params![suffix.as_str(), SEVERAL_MAX], |row| row.get(0))?;
        rows.collect()
    }
}
