//! One issuer's keys: fetched once for all who wait, refreshed within five minutes, and served on for an hour when it is dead.

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

/// From here on the keys are fetched again behind the callers' backs, so that nobody waits.
const KEYS_FRESH_MAX: Duration = Duration::from_secs(240);
/// From here on callers wait: a removed key stops being trusted within five minutes, the time of a fetch included.
const KEYS_TRUSTED_MAX: Duration = Duration::from_secs(290);
/// A dead issuer's keys serve on this long: its outage is not every job's.
const KEYS_STALE_MAX: Duration = Duration::from_secs(3600);
/// An issuer counts as dead this long after a failed fetch: its keys then serve on, and nobody waits for the next try.
const DEAD_SPAN: Duration = Duration::from_secs(30);
/// After a failure nobody tries again for this long.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);
/// An unknown `kid` causes at most one fetch in this time, whoever sends it.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(30);
/// A file is cheap to read.
const FILE_FRESH_MAX: Duration = Duration::from_secs(10);

pub(super) struct Keyring {
    name: String,
    origin: Origin,
    clock: Arc<dyn Clock>,
    fresh_max: Duration,
    /// The keys, and when they were fetched. All marks are milliseconds since boot: whoever sets the wall clock neither keeps a removed
    /// key trusted nor keeps a new one from being fetched.
    held: ArcSwapOption<(i64, Arc<KeySet>)>,
    /// Fetches by their number: whoever comes while one runs waits for that one, and no lock is held meanwhile.
    flights: Cache<u64, Arc<KeySet>>,
    flight: AtomicU64,
    forced_at: AtomicI64,
    failed_at: AtomicI64,
    /// What the last fetch found, where it found no keys.
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
            held: ArcSwapOption::empty(),
            flights: Cache::new(1),
            flight: AtomicU64::new(0),
            forced_at: AtomicI64::new(i64::MIN),
            failed_at: AtomicI64::new(i64::MIN),
            fault: ArcSwapOption::empty(),
        })
    }

    /// The keys; fetched again, at most every 30 s, when the token's is not among them. Tokens whose key is known do not wait for that.
    pub(super) async fn keys(self: &Arc<Self>, jws: &RawJws) -> Result<Arc<KeySet>, Denial> {
        let keys = self.current().await?;
        if keys.holds(jws) || !self.may(&self.forced_at, UNKNOWN_KEY_PAUSE) {
            return Ok(keys);
        }
        self.fetched().await
    }

    /// Why the keys cannot be read: a file as it is now, a remote as the last fetch found it.
    pub(super) async fn fault(&self) -> Option<String> {
        if self.is_file() {
            return self.origin.fetch().await.err().map(|fault| fault.to_string());
        }
        self.fault.load_full().map(|fault| (*fault).clone())
    }

    /// How long ago the keys that are held were read.
    pub(super) fn age(&self) -> Option<Duration> {
        let (read_at, _) = &*self.held.load_full()?;
        Some(Duration::from_millis(u64::try_from(self.now().saturating_sub(*read_at)).unwrap_or_default()))
    }

    /// Whether the keys stand in a file of this machine.
    pub(super) const fn is_file(&self) -> bool {
        self.origin.is_file()
    }

    /// Whether keys that were fetched before are trusted still.
    pub(super) fn serves_on(&self) -> bool {
        self.stale().is_some()
    }

    /// The keys, whichever token's is among them.
    pub(super) async fn current(self: &Arc<Self>) -> Result<Arc<KeySet>, Denial> {
        let Some(held) = self.held.load_full() else { return self.fetched().await };
        let younger_than = |age: Duration| self.within(held.0, age);
        if younger_than(self.fresh_max) {
            return Ok(held.1.clone());
        }
        let dead = younger_than(KEYS_STALE_MAX) && self.within(self.failed_at.load(Ordering::Relaxed), DEAD_SPAN);
        if dead || younger_than(KEYS_TRUSTED_MAX) {
            let keyring = self.clone();
            tokio::spawn(async move { keyring.fetched().await });
            return Ok(held.1.clone());
        }
        self.fetched().await
    }

    /// What a fetch brings, or the last good keys within their bound when it brings nothing.
    async fn fetched(&self) -> Result<Arc<KeySet>, Denial> {
        let flight = self.flight.load(Ordering::Acquire);
        let landed = self.flights.try_get_with(flight, async {
            if self.within(self.failed_at.load(Ordering::Relaxed), FAILURE_PAUSE) {
                return Err(KeysError::JustFailed);
            }
            let outcome = self.origin.fetch().await.map(Arc::new);
            self.fault.store(outcome.as_ref().err().map(|fault| Arc::new(fault.to_string())));
            match &outcome {
                Ok(keys) => self.held.store(Some(Arc::new((self.now(), keys.clone())))),
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
        let held = self.held.load_full()?;
        self.within(held.0, KEYS_STALE_MAX).then(|| held.1.clone())
    }

    /// Whether `pause` has gone by since the mark; if so, moves the mark, for one caller alone.
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

/// Keys that cannot be reached may be there at the next try; those that are refused are there, and stay so.
fn unavailable(fault: &KeysError) -> Denial {
    let denial = Reason::IssuerUnavailable.because(fault);
    match fault {
        KeysError::File { .. }
        | KeysError::TokenFile(_)
        | KeysError::Fetch(_)
        | KeysError::Discovery(_)
        | KeysError::JustFailed => denial,
        KeysError::Refused(_) => denial
            .saying("The issuer publishes keys that are refused here.")
            .advising("Show the decision id to the operator: another try brings the same keys."),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
