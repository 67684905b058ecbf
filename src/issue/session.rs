//! The keys of sessions. Like the signing keys of our issuers they are rows of the store, encrypted to the root identity. They are
//! never published.

use super::KeysError;
use crate::identity::KnownSession;
use crate::secrets::{Identities, decrypt_key, encrypt};
use crate::store::{SessionKeyRow, Store};
use crate::token::{Beginning, Expected, SESSION_KEY_BYTES, SessionKey, VerifiedSession, VerifiedToken, open_session};
use crate::words::names::DecisionId;
use crate::words::{Denial, Digest, Reason, Secret, UnixTime};
use arc_swap::ArcSwap;
use moka::sync::Cache;
use std::sync::Arc;
use std::time::Duration;

/// How long a key seals new sessions.
const SEALING_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a key opens sessions: a day longer, because each session that it sealed ends before that.
const OPENING_MAX: Duration = Duration::from_secs(31 * 24 * 3600);

/// How long an opened session is cached after its last use. The documentation promises less than a minute.
const REMEMBERED_MAX: Duration = Duration::from_secs(40);
/// The size of the cache, in bytes of tokens: ten thousand tokens of two KiB. The memory that they take is some four times that.
const REMEMBERED_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Seals and opens sessions. The newest key seals.
pub struct Sessions {
    identities: Identities,
    keys: ArcSwap<Vec<SessionKey>>,
    remembered: Cache<Digest, CachedSession>,
}

#[derive(Clone)]
struct CachedSession {
    known: KnownSession,
    bytes: u32,
}

impl Sessions {
    /// Loads the keys, and makes the first one where there is none.
    pub async fn load(identities: Identities, store: &Store) -> Result<Self, KeysError> {
        let weight = |_: &Digest, remembered: &CachedSession| remembered.bytes;
        let remembered = Cache::builder().max_capacity(REMEMBERED_BYTES_MAX).weigher(weight).time_to_idle(REMEMBERED_MAX).build();
        let sessions = Self { identities, keys: ArcSwap::default(), remembered };
        sessions.rotate_due(store).await?;
        Ok(sessions)
    }

    /// Rotates the keys: removes and makes those that are due. Called at the start and every hour.
    pub async fn rotate_due(&self, store: &Store) -> Result<(), KeysError> {
        let (now, rows) = (store.earliest(), store.session_keys().await?);
        let older_than = |row: &SessionKeyRow, age: Duration| now >= row.created_at.plus(age);
        for row in rows.iter().filter(|row| older_than(row, OPENING_MAX)) {
            store.remove_session_key(row.id.clone()).await?;
        }
        if rows.first().is_none_or(|newest| older_than(newest, SEALING_MAX)) {
            store.put_session_key(self.make(now)?).await?;
        }
        let rows = store.session_keys().await?;
        let keys = rows.iter().map(|row| Ok(SessionKey::new(&decrypt_key(&row.sealed, &self.identities)?)?));
        self.keys.store(Arc::new(keys.collect::<Result<Vec<_>, KeysError>>()?));
        // A removed key must no longer open sessions, not even from the cache.
        self.remembered.invalidate_all();
        Ok(())
    }

    fn make(&self, now: UnixTime) -> Result<SessionKeyRow, KeysError> {
        let mut bytes = vec![0; SESSION_KEY_BYTES];
        aws_lc_rs::rand::fill(&mut bytes).map_err(KeysError::SessionKeyNotMade)?;
        let sealed = encrypt(Secret::new(bytes).expose(), &self.identities.recipients(), false)?;
        Ok(SessionKeyRow { id: DecisionId::new().to_string(), created_at: now, sealed })
    }

    /// Begins a session for the identity of this token. Returns the session's token, and when it ends.
    pub fn begin(&self, token: &VerifiedToken, expected: &Expected, who: Beginning) -> Result<(Secret, UnixTime), Denial> {
        let keys = self.keys.load();
        let key = keys.first().ok_or_else(|| Reason::Internal.with_cause("no session key is held"))?;
        key.seal(token, expected, who)
    }

    /// Opens a session token and reads it, or takes it from the cache. The caller checks at each use whether the session is still valid.
    pub fn open(
        &self,
        token: &Secret,
        read: impl FnOnce(VerifiedSession) -> Result<KnownSession, Denial>,
    ) -> Result<KnownSession, Denial> {
        let digest = Digest::plain(token.expose());
        if let Some(remembered) = self.remembered.get(&digest) {
            return Ok(remembered.known);
        }
        let known = read(open_session(token, &self.keys.load())?)?;
        let bytes = u32::try_from(token.expose().len()).unwrap_or(u32::MAX);
        self.remembered.insert(digest, CachedSession { known: known.clone(), bytes });
        Ok(known)
    }

    /// Removes expired entries. The cache itself does that only when it is used.
    pub fn forget_old(&self) {
        self.remembered.run_pending_tasks();
    }
}

#[cfg(test)]
mod tests;
