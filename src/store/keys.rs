//! The rows of our own issuers' signing keys. They are encrypted before they come here.

use super::body::FormatVersion;
use super::{ReadError, Reader, Store, schema};
use crate::answers::IssuerKeyState;
use crate::words::names::KmsKeyArn;
use crate::words::{Denial, UnixTime};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The row of the settings.
const WRAPPED_IDENTITY: &str = "key-encryption-identity";

/// One of our two issuers. Each has its own table of keys, so a key of one never signs for the other. That holds also for an older
/// version of this program, which reads the first table only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnIssuer {
    /// The one that clouds trust.
    Clouds,
    /// The one of `id_token`s.
    IdTokens,
}

impl OwnIssuer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Clouds, Self::IdTokens];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clouds => "clouds",
            Self::IdTokens => "id-tokens",
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Clouds => "signing_keys",
            Self::IdTokens => "id_token_keys",
        }
    }

    /// The row of the settings with the keys that were written for another host.
    const fn hosted_setting(self) -> &'static str {
        match self {
            Self::Clouds => "hosted-keys",
            Self::IdTokens => "hosted-id-token-keys",
        }
    }
}

/// When each key was first written for another host, by kid; `None` if none ever was.
pub type HostedKeys = Option<BTreeMap<String, UnixTime>>;

/// The state of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// It is in the JWKS and does not sign yet.
    Published,
    /// It signs.
    Signing,
    /// It is still in the JWKS and no longer signs.
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

impl From<KeyState> for IssuerKeyState {
    fn from(state: KeyState) -> Self {
        match state {
            KeyState::Published => Self::Published,
            KeyState::Signing => Self::Signing,
            KeyState::Retired => Self::Retired,
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
    /// Its state.
    pub state: KeyState,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it came into its state.
    pub changed_at: UnixTime,
    /// The private key, encrypted.
    pub sealed: Vec<u8>,
}

/// A key of our own came into a state.
#[derive(Default, Serialize, Deserialize, Debug)]
#[serde(default)]
pub struct KeyRecord {
    /// The algorithm of a signing key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// The key of AWS KMS that wraps the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_kms: Option<KmsKeyArn>,
    /// What the identity is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Cow<'static, str>>,
    /// The issuer of a signing key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<OwnIssuer>,
    /// The id of a signing key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The ids of several signing keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kids: Option<Vec<String>>,
    /// The id of a key of sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
    /// The state.
    pub state: Cow<'static, str>,
    /// The version of the format.
    pub v: FormatVersion,
}

impl Store {
    /// All keys of an issuer.
    pub async fn keys(&self, issuer: OwnIssuer) -> Result<Vec<KeyRow>, Denial> {
        self.read(move |connection| rows(connection, issuer)).await
    }

    /// Adds a key or changes its state, with its record, in one transaction.
    pub async fn put_key(&self, issuer: OwnIssuer, row: KeyRow) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| {
            connection.execute(
                &format!(
                    "INSERT OR REPLACE INTO {} (kid, algorithm, state, created_at, changed_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    issuer.table()
                ),
                params![row.kid, row.algorithm, row.state.as_str(), row.created_at.millis(), row.changed_at.millis(), row.sealed],
            )?;
            let (algorithm, state) = (Some(row.algorithm), row.state.as_str().into());
            let record = KeyRecord { algorithm, issuer: Some(issuer), kid: Some(row.kid), state, ..KeyRecord::default() };
            schema::append(connection, now, "key", None, record)
        })
        .await
    }

    /// The identity that these rows are encrypted to, as AWS KMS wrapped it.
    pub async fn wrapped_identity(&self) -> Result<Option<Vec<u8>>, Denial> {
        self.read(|connection| setting(connection, WRAPPED_IDENTITY)).await
    }

    /// Stores the wrapped identity, with its record. Fails if a wrapped identity exists, because rows may be encrypted to it.
    pub async fn keep_wrapped_identity(&self, wrapped: Vec<u8>, key: KmsKeyArn) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| {
            connection.execute("INSERT INTO settings (name, value) VALUES (?1, ?2)", params![WRAPPED_IDENTITY, wrapped])?;
            let (aws_kms, identity) = (Some(key), Some("key-encryption".into()));
            let record = KeyRecord { aws_kms, identity, state: "made".into(), ..KeyRecord::default() };
            schema::append(connection, now, "key", None, record)
        })
        .await
    }

    /// When each key was first written for another host that serves our issuer; `None` if that was never done.
    pub async fn hosted_keys(&self, issuer: OwnIssuer) -> Result<HostedKeys, Denial> {
        self.read(move |connection| hosted(connection, issuer)).await
    }

    /// Notes that these keys were written for another host, with a record of those that are new there. Forgets other keys.
    pub async fn note_hosted(&self, issuer: OwnIssuer, kids: Vec<String>) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| {
            let known = hosted(connection, issuer)?;
            let is_fresh = |kid: &&String| known.as_ref().is_none_or(|known| !known.contains_key(*kid));
            let fresh: Vec<String> = kids.iter().filter(is_fresh).cloned().collect();
            let at = |kid: &String| known.as_ref().and_then(|known| known.get(kid)).copied().unwrap_or(now);
            let all: BTreeMap<&String, i64> = kids.iter().map(|kid| (kid, at(kid).millis())).collect();
            let text = json!(all).to_string();
            connection.execute(
                "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)",
                params![issuer.hosted_setting(), text.as_bytes()],
            )?;
            if fresh.is_empty() {
                return Ok(());
            }
            let (kids, state) = (Some(fresh), "hosted".into());
            let record = KeyRecord { issuer: Some(issuer), kids, state, ..KeyRecord::default() };
            schema::append(connection, now, "key", None, record)
        })
        .await
    }

    /// Forgets all keys that were written for another host: this server itself serves the issuer.
    pub async fn forget_hosted(&self, issuer: OwnIssuer) -> Result<(), Denial> {
        let forget = move |connection: &Connection| {
            connection.execute("DELETE FROM settings WHERE name = ?1", [issuer.hosted_setting()]).map(|_| ())
        };
        self.write(forget).await
    }

    /// Removes a retired key, with its record. Another key stays, and then there is no record.
    pub async fn remove_key(&self, issuer: OwnIssuer, kid: String) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| {
            let remove = format!("DELETE FROM {} WHERE kid = ?1 AND state = 'retired'", issuer.table());
            if connection.execute(&remove, params![kid])? == 0 {
                return Ok(());
            }
            let (kid, state) = (Some(kid), "removed".into());
            let record = KeyRecord { issuer: Some(issuer), kid, state, ..KeyRecord::default() };
            schema::append(connection, now, "key", None, record)
        })
        .await
    }
}

fn hosted(connection: &Connection, issuer: OwnIssuer) -> rusqlite::Result<HostedKeys> {
    let Some(bytes) = setting(connection, issuer.hosted_setting())? else { return Ok(None) };
    let broken = |_| rusqlite::Error::InvalidQuery;
    let all: BTreeMap<String, i64> = serde_json::from_slice(&bytes).map_err(broken)?;
    Ok(Some(all.into_iter().map(|(kid, at)| (kid, UnixTime::from_millis(at))).collect()))
}

fn setting(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0)).optional()
}

impl Reader {
    /// All keys of both issuers, encrypted.
    pub fn sealed_keys(&self) -> Result<Vec<Vec<u8>>, ReadError> {
        let of = |issuer| Ok(rows(self.connection(), issuer)?.into_iter().map(|row| row.sealed).collect::<Vec<_>>());
        let all: rusqlite::Result<Vec<Vec<Vec<u8>>>> = OwnIssuer::ALL.into_iter().map(of).collect();
        Ok(all.map_err(ReadError::Log)?.concat())
    }
}

fn rows(connection: &Connection, issuer: OwnIssuer) -> rusqlite::Result<Vec<KeyRow>> {
    let mut statement = connection.prepare(&format!(
        "SELECT kid, algorithm, state, created_at, changed_at, sealed FROM {} ORDER BY created_at, kid",
        issuer.table()
    ))?;
    let rows = statement.query_map([], |row| {
        let word: String = row.get(2)?;
        let state = KeyState::ALL.into_iter().find(|state| state.as_str() == word).unwrap_or(KeyState::Retired);
        let (created_at, changed_at) = (UnixTime::from_millis(row.get(3)?), UnixTime::from_millis(row.get(4)?));
        Ok(KeyRow { kid: row.get(0)?, algorithm: row.get(1)?, state, created_at, changed_at, sealed: row.get(5)? })
    })?;
    rows.collect()
}
