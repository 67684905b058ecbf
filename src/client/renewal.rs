//! A credential that is renewed before it expires: one renewal at a time, and the last good credential is served until it expires.

use super::{Failure, STATUS_DENIED, STATUS_UNAVAILABLE};
use crate::words::{Clock, UnixTime};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The earliest renewal before the end: AWS's SDKs begin to ask for new credentials then (botocore's advisory refresh).
const AHEAD_MAX: Duration = Duration::from_secs(15 * 60);
/// The renewal also waits until only this part of the life is left: a session of 15 minutes would otherwise be renewed without pause.
const AHEAD_PART: u32 = 3;
/// The shortest pause between two renewals, even for short lives: each is a decision, a record and a session.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The pause after a failure, which doubles each time: the server may be restarting.
const RETRY_MIN: Duration = Duration::from_secs(5);
/// The longest pause, which is also the one after a denial: denials seldom go away by themselves.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How long a failure is repeated without a new request: SDKs ask three times within seconds.
const FAILURE_KEPT: Duration = Duration::from_secs(5);
/// How often the clock is read: timers do not count the time that a machine slept.
const LOOK_MAX: Duration = Duration::from_secs(30);

/// A value and its end.
#[derive(Debug)]
pub struct Expiring<T> {
    /// The value.
    pub value: T,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// The result of a fetch.
pub type Fetched<T> = Pin<Box<dyn Future<Output = Result<Expiring<T>, Failure>> + Send>>;

/// A value that is fetched again before its end.
pub struct Renewing<T> {
    fetch: Box<dyn Fn() -> Fetched<T> + Send + Sync>,
    ahead: Option<Duration>,
    clock: Arc<dyn Clock>,
    state: Mutex<State<T>>,
    flight: tokio::sync::Mutex<()>,
}

struct State<T> {
    good: Option<Arc<Expiring<T>>>,
    due_at: UnixTime,
    failed: Option<(Failure, UnixTime)>,
    /// How many fetches have finished.
    flights: u64,
}

impl<T: Send + Sync + 'static> Renewing<T> {
    /// Starts with `first`, if there is one. A new value is due when less than `ahead` is left; by default when a third of its
    /// life is left, at most 15 minutes. Nothing is fetched before [`Self::current`] needs it, or [`Self::keep`] runs.
    pub fn new(
        first: Option<Expiring<T>>,
        ahead: Option<Duration>,
        clock: Arc<dyn Clock>,
        fetch: impl Fn() -> Fetched<T> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let now = clock.now();
        let due_at = first.as_ref().map_or(now, |first| due_at(first.expires_at, ahead, now));
        let state = State { good: first.map(Arc::new), due_at, failed: None, flights: 0 };
        Arc::new(Self { fetch: Box::new(fetch), ahead, clock, state: Mutex::new(state), flight: tokio::sync::Mutex::default() })
    }

    /// The last good value; after its end a new one, or why there is none.
    pub async fn current(self: &Arc<Self>) -> Result<Arc<Expiring<T>>, Failure> {
        let now = self.clock.now();
        {
            let state = self.state();
            if let Some(good) = state.good.as_ref().filter(|good| good.expires_at > now) {
                return Ok(good.clone());
            }
            if let Some((failure, _)) = state.failed.as_ref().filter(|(_, at)| now.since(*at) < FAILURE_KEPT) {
                return Err(failure.clone());
            }
        }
        self.renew().await
    }

    /// Fetches a new value, or waits for a running fetch. The fetch continues if the caller stops waiting: a client that gave up
    /// after two seconds finds the value when it asks again.
    pub async fn renew(self: &Arc<Self>) -> Result<Arc<Expiring<T>>, Failure> {
        let (this, seen) = (self.clone(), self.state().flights);
        let flight = tokio::spawn(async move { this.fetch_once(seen).await });
        flight.await.unwrap_or_else(|fault| Err(Failure::new(STATUS_UNAVAILABLE, format!("the renewal broke off: {fault}"))))
    }

    /// Renews before each end, until the keeper is dropped.
    pub fn keep_fresh(self: &Arc<Self>) -> RenewalTask {
        let this = self.clone();
        RenewalTask(tokio::spawn(async move { this.renew_until_dropped().await }))
    }

    /// Whether a new value is due.
    pub fn is_due(&self) -> bool {
        self.until_due().is_zero()
    }

    fn until_due(&self) -> Duration {
        self.state().due_at.since(self.clock.now())
    }

    async fn fetch_once(&self, seen: u64) -> Result<Arc<Expiring<T>>, Failure> {
        let _flight = self.flight.lock().await;
        if let Some(outcome) = self.outcome_after(seen) {
            return outcome;
        }
        let fetched = (self.fetch)().await;
        let now = self.clock.now();
        let mut state = self.state();
        state.flights += 1;
        match fetched {
            Ok(dated) => {
                state.due_at = due_at(dated.expires_at, self.ahead, now);
                state.failed = None;
                Ok(state.good.insert(Arc::new(dated)).clone())
            }
            Err(failure) => {
                state.failed = Some((failure.clone(), now));
                Err(failure)
            }
        }
    }

    /// The result of a fetch that finished since `seen`, if any did.
    fn outcome_after(&self, seen: u64) -> Option<Result<Arc<Expiring<T>>, Failure>> {
        let state = self.state();
        if state.flights == seen {
            return None;
        }
        let failed = state.failed.as_ref().map(|(failure, _)| Err(failure.clone()));
        failed.or_else(|| state.good.clone().map(Ok))
    }

    async fn renew_until_dropped(self: Arc<Self>) {
        let mut pause = RETRY_MIN;
        loop {
            while !self.is_due() {
                tokio::time::sleep(self.until_due().min(LOOK_MAX)).await;
            }
            match self.renew().await {
                Ok(_) => {
                    pause = RETRY_MIN;
                    tokio::time::sleep(PAUSE_MIN).await;
                }
                Err(failure) => {
                    tokio::time::sleep(if failure.status == STATUS_DENIED { RETRY_MAX } else { pause }).await;
                    pause = (pause * 2).min(RETRY_MAX);
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn due_at(expires_at: UnixTime, ahead: Option<Duration>, now: UnixTime) -> UnixTime {
    expires_at.minus(ahead.unwrap_or_else(|| (expires_at.since(now) / AHEAD_PART).min(AHEAD_MAX)))
}

/// Renews until it is dropped.
#[derive(Debug)]
pub struct RenewalTask(tokio::task::JoinHandle<()>);

impl Drop for RenewalTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests;
