//! Where wrapped keys stand or stood, of every source: what is copied to another path is known by them, also when its original is
//! gone from Git.

use super::Store;
use crate::secrets::{Origins, Place};
use crate::words::names::SourceName;
use crate::words::{Denial, Digest};
use rusqlite::{Connection, OptionalExtension, params};

/// Rows that are kept: about 80 MB. 10,000 files of two recipients reach it after 25 rotations of all of them. None is forgotten, for
/// an old ciphertext may hold a good password; beyond it every changed file waits, where widening waits.
const ROWS_MAX: i64 = 500_000;
/// Rows, or keys that are looked for, in one job: nobody who waits for the writer waits long.
const ROWS_AT_ONCE: usize = 1000;

/// A key of a file of one source.
#[derive(Clone, Debug)]
pub struct WrappedKey {
    /// The key's digest.
    pub key: Digest,
    /// The file's path in the repository.
    pub file: String,
    /// Whether it was in force there, or only in some commit.
    pub in_force: bool,
}

impl Store {
    /// What is known of these keys.
    pub async fn origins(&self, keys: Vec<Digest>) -> Result<Origins, Denial> {
        let mut origins = Origins::default();
        for keys in keys.chunks(ROWS_AT_ONCE) {
            let keys = keys.to_vec();
            let found = self.read(move |connection| Ok((find(connection, &keys)?, rows(connection)? >= ROWS_MAX))).await?;
            found.0.into_iter().for_each(|(key, place, in_force)| origins.add(key, place, in_force));
            origins.full = found.1;
        }
        Ok(origins)
    }

    /// Keeps all but as many as one job takes, which are returned: the record of their revision takes these with it.
    pub(super) async fn keep_most(&self, source: &str, mut keys: Vec<WrappedKey>) -> Result<Vec<WrappedKey>, Denial> {
        while keys.len() > ROWS_AT_ONCE {
            let (source, some) = (source.to_owned(), keys.split_off(keys.len() - ROWS_AT_ONCE));
            self.write(move |connection| keep(connection, &source, &some)).await?;
        }
        Ok(keys)
    }
}

fn find(connection: &Connection, keys: &[Digest]) -> rusqlite::Result<Vec<(Digest, Place, bool)>> {
    let mut statement = connection.prepare_cached("SELECT source, file, in_force FROM wrapped_keys WHERE key = ?1")?;
    let mut found = Vec::new();
    for key in keys {
        let mut rows = statement.query(params![key.as_bytes()])?;
        while let Some(row) = rows.next()? {
            let source: String = row.get(0)?;
            if let Ok(source) = SourceName::parse(&source) {
                found.push((*key, Place { source, file: row.get(1)? }, row.get(2)?));
            }
        }
    }
    Ok(found)
}

/// Adds these keys; one that is known becomes one that was in force.
pub(super) fn keep(connection: &Connection, source: &str, keys: &[WrappedKey]) -> rusqlite::Result<()> {
    let mut number = rows(connection)?;
    let mut known =
        connection.prepare_cached("SELECT number, in_force FROM wrapped_keys WHERE key = ?1 AND source = ?2 AND file = ?3")?;
    let mut add = connection
        .prepare_cached("INSERT INTO wrapped_keys (number, key, source, file, in_force) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut raise = connection.prepare_cached("UPDATE wrapped_keys SET in_force = TRUE WHERE number = ?1")?;
    for one in keys {
        let (key, file) = (one.key.as_bytes(), one.file.as_str());
        let found: Option<(i64, bool)> =
            known.query_row(params![key, source, file], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match found {
            None if number < ROWS_MAX => {
                number += 1;
                add.execute(params![number, key, source, file, one.in_force])?;
            }
            Some((number, false)) if one.in_force => _ = raise.execute([number])?,
            None | Some(_) => {}
        }
    }
    Ok(())
}

/// Rows are numbered from 1 and none is ever deleted.
fn rows(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(number), 0) FROM wrapped_keys", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::SystemClock;
    use crate::words::names::CommitId;
    use serde_json::json;
    use std::path::Path;
    use std::sync::Arc;

    fn open(folder: &Path) -> Store {
        Store::open(folder, Arc::new(SystemClock)).unwrap()
    }

    fn of(number: usize, file: &str, in_force: bool) -> WrappedKey {
        WrappedKey { key: Digest::plain(&number.to_be_bytes()), file: file.to_owned(), in_force }
    }

    async fn record(store: &Store, source: &str, keys: Vec<WrappedKey>) {
        let commit = CommitId::parse(&"12".repeat(20)).unwrap();
        store.record_revision(source, &commit, &crate::words::Forms::default(), keys, json!({})).await.unwrap();
    }

    #[tokio::test]
    async fn keys_outlive_a_restart_and_say_where_they_stood_in_every_source() {
        let folder = tempfile::tempdir().unwrap();
        let many = 2 * ROWS_AT_ONCE + 1;
        {
            let store = open(folder.path());
            record(&store, "root", (0..many).map(|number| of(number, "secrets/a", false)).collect()).await;
            record(&store, "team-a", vec![of(many - 1, "secrets/b", true), of(0, "secrets/b", true)]).await;
            record(&store, "root", vec![of(0, "secrets/a", true)]).await;
        }
        let store = open(folder.path());
        let keys: Vec<Digest> = (0..=many).map(|number| of(number, "", false).key).collect();
        let origins = store.origins(keys.clone()).await.unwrap();
        let place = |source: &str, file: &str| Place { source: SourceName::parse(source).unwrap(), file: file.to_owned() };
        let (root, team) = (place("root", "secrets/a"), place("team-a", "secrets/b"));
        assert!(origins.elsewhere(&root, &keys[..1]).is_empty() && !origins.full, "in force here");
        assert!(origins.elsewhere(&root, &keys[many - 1..many]).into_iter().eq([&team]), "only in some commit");
        let other = place("root", "secrets/c");
        assert!(origins.elsewhere(&other, &keys[many - 1..]).into_iter().eq([&root, &team]));
        assert!(origins.elsewhere(&other, &keys[many..]).is_empty(), "nobody knows it");
        assert_eq!(store.marks("root").await.unwrap().searched, store.marks("root").await.unwrap().highest);
    }

    #[tokio::test]
    async fn a_full_record_keeps_what_it_has_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        record(&store, "root", vec![of(1, "secrets/a", false)]).await;
        let last = "INSERT INTO wrapped_keys (number, key, source, file, in_force) VALUES (?1, x'00', 'root', 'x', FALSE)";
        store.write(move |connection| connection.execute(last, [ROWS_MAX - 1])).await.unwrap();
        record(&store, "root", vec![of(1, "secrets/a", true), of(2, "secrets/b", true), of(3, "secrets/b", true)]).await;
        let keys: Vec<Digest> = (1..=3).map(|number| of(number, "", false).key).collect();
        let origins = store.origins(keys.clone()).await.unwrap();
        let place = |file: &str| Place { source: SourceName::root(), file: file.to_owned() };
        assert!(origins.full && origins.elsewhere(&place("secrets/a"), &keys[..1]).is_empty(), "raised all the same");
        assert_eq!(origins.elsewhere(&place("secrets/c"), &keys).len(), 2, "the third one found no room");
    }
}
