//! The files that have or had a wrapped key, of every source. A ciphertext that was copied to another path is recognized by it, also if
//! the original is no longer in Git.

use super::Store;
use crate::secrets::{Origins, SourceFile};
use crate::words::names::SourceName;
use crate::words::{Denial, Digest};
use rusqlite::{Connection, OptionalExtension, params};

/// The most rows, about 80 MB. 10,000 files with two recipients reach it after 25 rotations of all files. No row is deleted, because an
/// old ciphertext may hold a valid password. If the table is full, every changed file waits for approval, if permission increases do.
const ROWS_MAX: i64 = 500_000;
/// The rows or keys of one job, so that no other job waits long.
const ROWS_AT_ONCE: usize = 1000;

/// A key of a file of one source.
#[derive(Clone, Debug)]
pub struct WrappedKey {
    /// The key's digest.
    pub key: Digest,
    /// The file's path in the repository.
    pub file: String,
    /// Whether it was active there, or only in some commit.
    pub in_force: bool,
}

impl Store {
    /// The known places of these keys.
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

    /// Stores the keys, except as many as fit into one job. Returns those, for the transaction that records the revision.
    pub(super) async fn keep_most(&self, source: &str, mut keys: Vec<WrappedKey>) -> Result<Vec<WrappedKey>, Denial> {
        while keys.len() > ROWS_AT_ONCE {
            let (source, some) = (source.to_owned(), keys.split_off(keys.len() - ROWS_AT_ONCE));
            self.write(move |connection| keep(connection, &source, &some)).await?;
        }
        Ok(keys)
    }
}

fn find(connection: &Connection, keys: &[Digest]) -> rusqlite::Result<Vec<(Digest, SourceFile, bool)>> {
    let mut statement = connection.prepare_cached("SELECT source, file, in_force FROM wrapped_keys WHERE key = ?1")?;
    let mut found = Vec::new();
    for key in keys {
        let mut rows = statement.query(params![key.as_bytes()])?;
        while let Some(row) = rows.next()? {
            let source: String = row.get(0)?;
            if let Ok(source) = SourceName::parse(&source) {
                found.push((*key, SourceFile { source, file: row.get(1)? }, row.get(2)?));
            }
        }
    }
    Ok(found)
}

/// Adds these keys. A known key is marked as active if it is active now.
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
    async fn wrapped_keys_survive_a_restart_and_name_their_files_in_every_source() {
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
        let place = |source: &str, file: &str| SourceFile { source: SourceName::parse(source).unwrap(), file: file.to_owned() };
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
        let place = |file: &str| SourceFile { source: SourceName::root(), file: file.to_owned() };
        assert!(origins.full && origins.elsewhere(&place("secrets/a"), &keys[..1]).is_empty(), "raised all the same");
        assert_eq!(origins.elsewhere(&place("secrets/c"), &keys).len(), 2, "the third one found no room");
    }
}
