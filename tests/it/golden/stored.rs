//! A store that an earlier version wrote is read as before. Its keys are encrypted to an identity that no longer exists.

use super::{check, folder, is_told};
use daypass::store::{Entry, Reader, RecordBody};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::json;
use std::path::Path;

const DUMP: &str = "store.sql";
const ENTRIES_MAX: usize = 1000;
const FILE: &str = "daypass.sqlite";

fn quoted(row: &Row<'_>, column: usize) -> String {
    match row.get_ref(column).unwrap() {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text).replace('\'', "''")),
        ValueRef::Blob(bytes) => format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

/// The statements that make the database again: its tables, their rows, then indexes and triggers.
fn dump(connection: &Connection) -> String {
    let mut schema =
        connection.prepare("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").unwrap();
    let entries = schema.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?])).unwrap();
    let entries: Vec<[String; 3]> = entries.map(Result::unwrap).collect();
    let (tables, others): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry[0] == "table");
    let mut text: String = tables.iter().map(|entry| format!("{};\n", entry[2])).collect();
    for [_, table, _] in tables {
        let mut rows = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> = (0..columns).map(|column| quoted(row, column)).collect();
            text += &format!("INSERT INTO {table} VALUES ({});\n", values.join(", "));
        }
    }
    text + &others.iter().map(|entry| format!("{};\n", entry[2])).collect::<String>()
}

/// Keeps this store as the one that later versions have to read.
pub(super) fn keep(data: &Path) {
    if is_told("write-store") {
        std::fs::write(folder().join(DUMP), dump(&Connection::open(data.join(FILE)).unwrap())).unwrap();
    }
}

/// The records of the store that an earlier version wrote.
fn entries() -> Vec<Entry> {
    let data = tempfile::tempdir().unwrap();
    let statements = std::fs::read_to_string(folder().join(DUMP)).unwrap();
    Connection::open(data.path().join(FILE)).unwrap().execute_batch(&statements).unwrap();
    Reader::open(data.path()).unwrap().after(0, ENTRIES_MAX).unwrap()
}

#[test]
fn a_store_of_an_earlier_version_is_read_as_before() {
    let line_of = |entry: &Entry| {
        format!("{} {} {} {} {}\n", entry.seq, entry.at, entry.kind, entry.decision.as_deref().unwrap_or("-"), entry.body)
    };
    check("stored.txt", &entries().iter().map(line_of).collect::<String>());
}

#[test]
fn a_record_of_an_earlier_version_has_no_member_that_its_type_lacks() {
    let mut compared = 0;
    for entry in entries() {
        let again = match entry.typed().unwrap() {
            RecordBody::Request(record) => json!(record),
            RecordBody::Revision(record) => json!(record),
            RecordBody::Operator(record) => json!(record),
            RecordBody::Key(record) => json!(record),
            RecordBody::Denial(_) | RecordBody::Other => continue,
        };
        assert_eq!(again, entry.body, "{}", entry.kind);
        compared += 1;
    }
    assert!(compared > 50, "{compared} records were compared");
}
