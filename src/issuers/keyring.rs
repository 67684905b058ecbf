//! One issuer's keys. One fetch serves all waiting requests, the keys are refreshed within five minutes, and a dead issuer's keys
//! stay in use for an hour.

use super::error::{KeysError, SetupError};
use super::origin::Origin;
use super::settings::{IssuerSettings, JwksSource};
use crate::token::{KeySet, RawJws};
use crate::words::{Clock, Denial, Reason};
use arc_swap::ArcSwapOption;
use moka::future::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// From this age on the keys are fetched again in the background, so that no caller waits.
const KEYS_FRESH_MAX: Duration = Duration::from_secs(240);
/// From this age on callers wait for a fetch: a removed key is no longer trusted after five minutes, including the time of the
/// fetch.
const KEYS_TRUSTED_MAX: Duration = Duration::from_secs(290);
/// How long a dead issuer's keys stay in use, so that its outage does not stop every job.
const KEYS_STALE_MAX: Duration = Duration::from_secs(3600);
/// How long an issuer counts as dead after a failed fetch: its old keys stay in use, and no caller waits for the next try.
const DEAD_SPAN: Duration = Duration::from_secs(30);
/// How long no fetch is tried after a failure.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);
/// An unknown `kid` causes at most one fetch in this time, whoever sends it.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(30);
/// How long the keys of a file are fresh: a file is cheap to read.
const FILE_FRESH_MAX: Duration = Duration::from_secs(10);

pub(super) struct Keyring {
    name: String,
    origin: Origin,
    clock: Arc<dyn Clock>,
    fresh_max: Duration,
    /// The keys, and when they were fetched. All times are milliseconds since boot, so that a change of the wall clock neither
    /// keeps a removed key trusted nor delays a fetch.
    cached: ArcSwapOption<(i64, Arc<KeySet>)>,
    /// The running fetch, by its number. Callers that come meanwhile wait for it, without a lock.
    flights: Cache<u64, Arc<KeySet>>,
    flight: AtomicU64,
    forced_at: AtomicI64,
    failed_at: AtomicI64,
    /// The fault of the last fetch, if it failed.
    fault: ArcSwapOption<String>,
}

impl Keyring {
    pub(super) fn new(settings: &IssuerSettings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let is_file = matches!(settings.jwks, JwksSource::File(_));
        Ok(Self {
            name: settings.name.to_string(),
            origin: Origin::new(settings)?,
            clock,
            fresh_max: if is_file { FILE_FRESH_MAX } else { KEYS_FRESH_MAX },
            cached: ArcSwapOption::empty(),
            flights: Cache::new(1),
            flight: AtomicU64::new(0),
            forced_at: AtomicI64::new(i64::MIN),
            failed_at: AtomicI64::new(i64::MIN),
            fault: ArcSwapOption::empty(),
        })
    }

    /// The keys. If the token's key is not among them, they are fetched again, at most every 30 s. Tokens of known keys do not
    /// wait for that.
    pub(super) async fn keys(self: &Arc<Self>, jws: &RawJws) -> Result<Arc<KeySet>, Denial> {
        let keys = self.current().await?;
        if keys.holds(jws) || !self.may(&self.forced_at, UNKNOWN_KEY_PAUSE) {
            return Ok(keys);
        }
        self.fetched().await
    }

    /// Why the keys cannot be read. A file is read now; for a remote the last fetch counts.
    pub(super) async fn fault(&self) -> Option<String> {
        if self.is_file() {
            return self.origin.fetch().await.err().map(|fault| fault.to_string());
        }
        self.fault.load_full().map(|fault| (*fault).clone())
    }

    /// How long ago the current keys were read.
    pub(super) fn age(&self) -> Option<Duration> {
        let (read_at, _) = &*self.cached.load_full()?;
        Some(Duration::from_millis(u64::try_from(self.now().saturating_sub(*read_at)).unwrap_or_default()))
    }

    /// Whether the keys are in a file of this machine.
    pub(super) const fn is_file(&self) -> bool {
        self.origin.is_file()
    }

    /// Whether keys that were fetched before are still trusted.
    pub(super) fn serves_on(&self) -> bool {
        self.stale().is_some()
    }

    /// The keys, fetched again if they are too old.
    pub(super) async fn current(self: &Arc<Self>) -> Result<Arc<KeySet>, Denial> {
        let Some(cached) = self.cached.load_full() else { return self.fetched().await };
        let younger_than = |age: Duration| self.within(cached.0, age);
        if younger_than(self.fresh_max) {
            return Ok(cached.1.clone());
        }
        let dead = younger_than(KEYS_STALE_MAX) && self.within(self.failed_at.load(Ordering::Relaxed), DEAD_SPAN);
        if dead || younger_than(KEYS_TRUSTED_MAX) {
            let keyring = self.clone();
            tokio::spawn(async move { keyring.fetched().await });
            return Ok(cached.1.clone());
        }
        self.fetched().await
    }

    /// Fetches the keys. If that fails, returns the last good keys while they may be used.
    async fn fetched(&self) -> Result<Arc<KeySet>, Denial> {
        let flight = self.flight.load(Ordering::Acquire);
        let landed = self.flights.try_get_with(flight, async {
            if self.within(self.failed_at.load(Ordering::Relaxed), FAILURE_PAUSE) {
                return Err(KeysError::JustFailed);
            }
            let outcome = self.origin.fetch().await.map(Arc::new);
            self.fault.store(outcome.as_ref().err().map(|fault| Arc::new(fault.to_string())));
            match &outcome {
                Ok(keys) => self.cached.store(Some(Arc::new((self.now(), keys.clone())))),
                Err(fault) => {
                    tracing::warn!(issuer = %self.name, %fault, "the issuer's keys cannot be fetched");
                    self.failed_at.store(self.now(), Ordering::Relaxed);
                }
            }
            self.flight.fetch_add(1, Ordering::Release);
            outcome
        });
        landed.await.or_else(|fault| self.stale().ok_or_else(|| unavailable(&fault)))
    }

    fn stale(&self) -> Option<Arc<KeySet>> {
        let cached = self.cached.load_full()?;
        self.within(cached.0, KEYS_STALE_MAX).then(|| cached.1.clone())
    }

    /// Whether `pause` has passed since the mark. If so, moves the mark to now, and returns true to one caller alone.
    fn may(&self, mark: &AtomicI64, pause: Duration) -> bool {
        let (last, now) = (mark.load(Ordering::Relaxed), self.now());
        !self.within(last, pause) && mark.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn within(&self, mark: i64, span: Duration) -> bool {
        mark != i64::MIN && self.now() < mark.saturating_add(millis(span))
    }

    fn now(&self) -> i64 {
        millis(self.clock.since_boot())
    }
}

/// The refusal. If the keys could not be fetched, the next try may succeed; if they are refused, it brings the same keys.
fn unavailable(fault: &KeysError) -> Denial {
    let denial = Reason::IssuerUnavailable.with_cause(fault);
    match fault {
        KeysError::File { .. }
        | KeysError::TokenFile(_)
        | KeysError::Fetch(_)
        | KeysError::Discovery(_)
        | KeysError::JustFailed => denial,
        KeysError::Refused(_) => denial
            .with_detail("The issuer publishes keys that are refused here.")
            .with_hint("Show the decision id to the operator: another try brings the same keys."),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
