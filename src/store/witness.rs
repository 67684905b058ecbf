//! Rows of other tables that prove the existence of a record, because both were written together. See `daypass audit verify`.

use super::{Entry, ReadError, Reader, RecordBody, kept_tokens};
use crate::words::UnixTime;
use rusqlite::Row;
use std::collections::BTreeSet;
use std::fmt;

/// Reads one row of a table.
type Read = fn(&Row<'_>) -> rusqlite::Result<Witness>;

/// The queries. Each of their rows was written in the transaction of its record, and is deleted later or never.
const SOURCES: [(&str, Read); 10] = [
    ("SELECT decision FROM replay", |row| Ok(Witness::Decision(row.get(0)?))),
    ("SELECT decision FROM replay WHERE released_at IS NOT NULL", |row| Ok(Witness::Release(row.get(0)?))),
    ("SELECT decision FROM bindings", |row| Ok(Witness::Release(row.get(0)?))),
    ("SELECT decision FROM answers", |row| Ok(Witness::Release(row.get(0)?))),
    ("SELECT decision FROM aws_sessions", |row| Ok(Witness::Release(row.get(0)?))),
    ("SELECT decision FROM kept_tokens", |row| Ok(Witness::Release(row.get(0)?))),
    ("SELECT kid FROM signing_keys UNION SELECT kid FROM id_token_keys", |row| Ok(Witness::Key(row.get(0)?))),
    ("SELECT id FROM session_keys", |row| Ok(Witness::Key(row.get(0)?))),
    ("SELECT id FROM denials", |row| Ok(Witness::Denial(row.get(0)?))),
    ("SELECT substr(name, 12), CAST(value AS TEXT) FROM settings WHERE name LIKE 'high-water:%'", |row| {
        Ok(Witness::Revision(row.get(0)?, row.get(1)?))
    }),
];

/// Something that must have a record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Witness {
    /// A use of a token, by its decision.
    Decision(String),
    /// The release of a decision.
    Release(String),
    /// A key of our own issuers or of sessions.
    Key(String),
    /// An operator's denial.
    Denial(String),
    /// The high-water mark of a source: the source and the commit.
    Revision(String, String),
}

impl Witness {
    /// What a record accounts for.
    pub fn of(entry: &Entry) -> Vec<Self> {
        let own = match entry.typed() {
            // What left is what counts, also where the record says more than this version can read.
            _ if entry.kind == "released" => entry.decision.clone().map(Self::Release),
            Some(RecordBody::Key(key)) => key.kid.or(key.session_key).map(Self::Key),
            Some(RecordBody::Denial(denial)) => Some(Self::Denial(denial.id)),
            Some(RecordBody::Revision(record)) => Some(Self::Revision(record.source.to_string(), record.revision.to_string())),
            Some(RecordBody::Request(_) | RecordBody::Operator(_) | RecordBody::Other) | None => None,
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

/// Everything that must have a record.
#[derive(Default, Debug)]
pub struct Witnesses {
    /// All witnesses.
    pub all: BTreeSet<Witness>,
    /// When the newest claims were stored. A record of that time or later refers to them.
    pub claims_at: Option<UnixTime>,
}

impl Reader {
    fn has_table(&self, name: &str) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1)";
        self.connection().query_row(sql, [name], |row| row.get(0))
    }

    /// Reads the witnesses. Call it before the log is read, because a running server adds both.
    pub fn witnesses(&self) -> Result<Witnesses, ReadError> {
        let read = || -> rusqlite::Result<Witnesses> {
            let mut found = Witnesses::default();
            for (sql, witness) in SOURCES {
                // A store of an earlier version, such as an archive, lacks a table.
                if sql.contains(kept_tokens::TABLE) && !self.has_table(kept_tokens::TABLE)? {
                    continue;
                }
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
    fn a_record_accounts_for_its_decision_and_for_what_it_names() {
        let decision = || Witness::Decision("d".to_owned());
        assert_eq!(of("intended", Some("d"), json!({})), [decision()]);
        assert_eq!(of("released", Some("d"), json!({})), [decision(), Witness::Release("d".to_owned())]);
        assert_eq!(of("key", None, json!({ "kid": "k", "state": "signing" })), [Witness::Key("k".to_owned())]);
        assert_eq!(of("key", None, json!({ "session_key": "s", "state": "sealing" })), [Witness::Key("s".to_owned())]);
        assert_eq!(of("key", None, json!({ "kids": ["k"], "state": "hosted" })), []);
        let denial = json!({ "id": "x", "denies": { "issuer": "ci" }, "until": null });
        assert_eq!(of("denied", None, denial), [Witness::Denial("x".to_owned())]);
        let commit = "c".repeat(40);
        let record = json!({ "source": "root", "revision": commit, "signer": null, "policies": 1, "faults": [], "held": [] });
        assert_eq!(of("revision", None, record), [Witness::Revision("root".to_owned(), commit)]);
        assert_eq!(of("refused", None, Value::Null), []);
    }
}
