//! What other tables say of records: a row that was written with a record shows that the record was there. See `daypass audit verify`.

use super::{Entry, ReadError, Reader};
use crate::words::UnixTime;
use rusqlite::Row;
use std::collections::BTreeSet;
use std::fmt;

/// Reads one row of a table.
type Read = fn(&Row<'_>) -> rusqlite::Result<Witness>;

/// Each of these is in the store since the transaction that wrote its record, and goes later than that or never.
const SOURCES: [(&str, Read); 9] = [
    ("SELECT decision FROM replay", |row| Ok(Witness::Decision(row.get(0)?))),
    ("SELECT decision FROM replay WHERE released_at IS NOT NULL", |row| Ok(Witness::Release(row.get(0)?))),
    ("SELECT decision FROM bindings", |row| Ok(Witness::Release(row.get(0)?))),
    ("SELECT decision FROM answers", |row| Ok(Witness::Release(row.get(0)?))),
    ("SELECT decision FROM aws_sessions", |row| Ok(Witness::Release(row.get(0)?))),
    ("SELECT kid FROM signing_keys UNION SELECT kid FROM id_token_keys", |row| Ok(Witness::Key(row.get(0)?))),
    ("SELECT id FROM session_keys", |row| Ok(Witness::Key(row.get(0)?))),
    ("SELECT id FROM denials", |row| Ok(Witness::Denial(row.get(0)?))),
    ("SELECT substr(name, 12), CAST(value AS TEXT) FROM settings WHERE name LIKE 'high-water:%'", |row| {
        Ok(Witness::Revision(row.get(0)?, row.get(1)?))
    }),
];

/// Something that has a record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Witness {
    /// A use of a token, by its decision.
    Decision(String),
    /// What was released by a decision.
    Release(String),
    /// A key of our own issuers or of sessions.
    Key(String),
    /// An operator's denial.
    Denial(String),
    /// How far a source went: the source and the commit.
    Revision(String, String),
}

impl Witness {
    /// What a record is the record of.
    pub fn of(entry: &Entry) -> Vec<Self> {
        let text = |member: &str| entry.body[member].as_str().map(str::to_owned);
        let own = match entry.kind.as_str() {
            "released" => entry.decision.clone().map(Self::Release),
            "key" => text("kid").or_else(|| text("session_key")).map(Self::Key),
            "denied" => text("id").map(Self::Denial),
            "revision" => text("source").zip(text("revision")).map(|(source, commit)| Self::Revision(source, commit)),
            _ => None,
        };
        entry.decision.clone().map(Self::Decision).into_iter().chain(own).collect()
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decision(id) => write!(f, "the decision {id}"),
            Self::Release(id) => write!(f, "the release of the decision {id}"),
            Self::Key(id) => write!(f, "the key {id}"),
            Self::Denial(id) => write!(f, "the denial {id}"),
            Self::Revision(source, commit) => write!(f, "the commit {commit} of the source {source}"),
        }
    }
}

/// Everything that has to have a record.
#[derive(Default, Debug)]
pub struct Witnesses {
    /// Each of them.
    pub all: BTreeSet<Witness>,
    /// When the newest claims were kept: a record of that time or of a later one has them.
    pub claims_at: Option<UnixTime>,
}

impl Reader {
    /// What the store has beside the log. Read it before the log: a server may go on writing.
    pub fn witnesses(&self) -> Result<Witnesses, ReadError> {
        let read = || -> rusqlite::Result<Witnesses> {
            let mut found = Witnesses::default();
            for (sql, witness) in SOURCES {
                let mut statement = self.connection().prepare(sql)?;
                let rows = statement.query_map([], witness)?;
                rows.into_iter().try_for_each(|row| row.map(|row| _ = found.all.insert(row)))?;
            }
            let newest: Option<i64> = self.connection().query_row("SELECT max(at) FROM claims", [], |row| row.get(0))?;
            found.claims_at = newest.map(UnixTime::from_millis);
            Ok(found)
        };
        read().map_err(ReadError::Log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(kind: &str, decision: Option<&str>, body: Value) -> Vec<Witness> {
        let decision = decision.map(str::to_owned);
        Witness::of(&Entry { seq: 1, at: UnixTime::from_seconds(0), kind: kind.to_owned(), decision, body })
    }

    #[test]
    fn a_record_is_of_its_decision_and_of_what_it_tells() {
        let decision = || Witness::Decision("d".to_owned());
        assert_eq!(of("intended", Some("d"), json!({})), [decision()]);
        assert_eq!(of("released", Some("d"), json!({})), [decision(), Witness::Release("d".to_owned())]);
        assert_eq!(of("key", None, json!({ "kid": "k" })), [Witness::Key("k".to_owned())]);
        assert_eq!(of("key", None, json!({ "session_key": "s" })), [Witness::Key("s".to_owned())]);
        assert_eq!(of("key", None, json!({ "kids": ["k"], "state": "hosted" })), []);
        assert_eq!(of("denied", None, json!({ "id": "x" })), [Witness::Denial("x".to_owned())]);
        let revision = Witness::Revision("root".to_owned(), "c".to_owned());
        assert_eq!(of("revision", None, json!({ "source": "root", "revision": "c" })), [revision]);
        assert_eq!(of("refused", None, Value::Null), []);
    }
}
