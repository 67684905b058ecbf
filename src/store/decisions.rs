//! Reads a decision from the log by its id.

use super::ReadError;
use super::history::claims;
use super::reader::{Entry, Reader};
use crate::words::IdSuffix;
use rusqlite::params;
use serde_json::Value;

/// The most decisions that are listed if several ids have the same end.
const SEVERAL_MAX: i64 = 5;

/// The result of a search for a decision.
#[derive(Debug)]
pub enum DecisionSearch {
    /// No record has an id that ends so.
    Nothing,
    /// Several ids end so; these are the first ones.
    Several(Vec<String>),
    /// The decision.
    One(Box<Decided>),
}

/// A decision in the log.
#[derive(Debug)]
pub struct Decided {
    /// Its full id.
    pub id: String,
    /// Its records, oldest first.
    pub records: Vec<Entry>,
    /// The claims of its token, unless they are pruned or the token was not verified.
    pub claims: Option<Value>,
}

impl Reader {
    /// Finds the decision whose id has this end.
    pub fn decision(&self, suffix: &IdSuffix) -> Result<DecisionSearch, ReadError> {
        let mut ids = self.ids(suffix).map_err(ReadError::Log)?;
        let Some(id) = ids.pop() else { return Ok(DecisionSearch::Nothing) };
        if !ids.is_empty() {
            ids.push(id);
            return Ok(DecisionSearch::Several(ids));
        }
        let records = self.of_decision(&id)?;
        let found = records.iter().filter_map(Entry::request).find(|record| record.attributes.is_some());
        let claims = found.map(|record| claims(self.connection(), Some(&id), record.claims)).transpose();
        Ok(DecisionSearch::One(Box::new(Decided { claims: claims.map_err(ReadError::Log)?.flatten(), id, records })))
    }

    fn ids(&self, suffix: &IdSuffix) -> rusqlite::Result<Vec<String>> {
        // The index helps for a full id only. The end of an id is compared with all ids.
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
