//! The rows of our own issuer's signing keys: encrypted before they come here.

use super::{Store, schema};
use crate::words::names::KmsKeyArn;
use crate::words::{Denial, UnixTime};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

/// A row of the settings.
const WRAPPED_IDENTITY: &str = "key-encryption-identity";


/// Where a key is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// In the JWKS, and not yet used.
    Published,
    /// Signs.
    Signing,
    /// Still in the JWKS, signs no more.
    Retired,
}

impl KeyState {
    const ALL: [Self; 3] = [Self::Published, Self::Signing, Self::Retired];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signing => "signing",
            Self::Retired => "retired",
        }
    }
}

/// A key's row.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// The key's id (RFC 7638).
    pub kid: String,
    /// Its algorithm, `ES256` or `RS256`.
    pub algorithm: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it came into its state.
    pub changed_at: UnixTime,
    /// The private key, encrypted.
    pub sealed: Vec<u8>,
}

impl Store {
    /// All keys.
    pub async fn keys(&self) -> Result<Vec<KeyRow>, Denial> {
        self.write(|connection| {
            let mut statement = connection.prepare(
                "SELECT kid, algorithm, state, created_at, changed_at, sealed FROM signing_keys ORDER BY created_at, kid",
            )?;
            let rows = statement.query_map([], |row| {
                let word: String = row.get(2)?;
                let state = KeyState::ALL.into_iter().find(|state| state.as_str() == word).unwrap_or(KeyState::Retired);
                let (created_at, changed_at) = (UnixTime::from_millis(row.get(3)?), UnixTime::from_millis(row.get(4)?));
                Ok(KeyRow { kid: row.get(0)?, algorithm: row.get(1)?, state, created_at, changed_at, sealed: row.get(5)? })
            })?;
            rows.collect()
        })
        .await
    }

    /// Adds a key or changes its state, with its record, in one transaction.
    pub async fn put_key(&self, row: KeyRow) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO signing_keys (kid, algorithm, state, created_at, changed_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![row.kid, row.algorithm, row.state.as_str(), row.created_at.millis(), row.changed_at.millis(), row.sealed],
            )?;
            schema::append(connection, now, "key", None, json!({ "kid": row.kid, "algorithm": row.algorithm, "state": row.state.as_str() }))
        })
        .await
    }

    /// The identity that these rows are encrypted to, as AWS KMS wrapped it.
    pub async fn wrapped_identity(&self) -> Result<Option<Vec<u8>>, Denial> {
        self.write(|connection| setting(connection, WRAPPED_IDENTITY)).await
    }

    /// Keeps the wrapped identity, with its record; one that is there already stays, for rows may be encrypted to it.
    pub async fn keep_wrapped_identity(&self, wrapped: Vec<u8>, key: KmsKeyArn) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| {
            connection.execute("INSERT INTO settings (name, value) VALUES (?1, ?2)", params![WRAPPED_IDENTITY, wrapped])?;
            schema::append(connection, now, "key", None, json!({ "identity": "key-encryption", "aws_kms": key, "state": "made" }))
        })
        .await
    }

    /// Removes a retired key.
    pub async fn remove_key(&self, kid: String) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| {
            connection.execute("DELETE FROM signing_keys WHERE kid = ?1 AND state = 'retired'", params![kid])?;
            schema::append(connection, now, "key", None, json!({ "kid": kid, "state": "removed" }))
        })
        .await
    }
}

fn setting(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0)).optional()
}
