//! The rate limit of an App. A warning is logged before it is spent, and then no request is sent until it resets.
//!
//! GitHub, "Rate limits for the REST API": `x-ratelimit-limit`, `x-ratelimit-remaining`, `x-ratelimit-reset` (seconds since 1970); a
//! secondary limit has `retry-after` (seconds).

use crate::issue::RateLimit;
use crate::words::UnixTime;
use reqwest::header::HeaderMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// GitHub's limits are for an hour. Without this bound, a wrong header could stop all requests for any time.
const WINDOW_MAX: Duration = Duration::from_secs(3600);

/// What the last answers reported.
#[derive(Default)]
pub(super) struct Quota(Mutex<QuotaState>);

#[derive(Clone, Copy, Default)]
struct QuotaState {
    left: Option<RateLimit>,
    /// The window for which a warning was logged.
    warned: Option<UnixTime>,
}

impl Quota {
    /// The limit that the last answers reported, until it is reset.
    pub(super) fn left(&self, now: UnixTime) -> Option<RateLimit> {
        self.lock().left.filter(|left| now < left.resets_at)
    }

    /// Until when no request is sent, if the limit is spent.
    pub(super) fn spent(&self, now: UnixTime) -> Option<UnixTime> {
        self.left(now).filter(|left| left.remaining == 0).map(|left| left.resets_at)
    }

    /// Notes an answer. Returns the limit if a warning is due: once in a window.
    pub(super) fn note(&self, headers: &HeaderMap, now: UnixTime) -> Option<RateLimit> {
        let mut known = self.lock();
        let left = read(headers, known.left, now)?;
        known.left = Some(left);
        let is_due = left.is_scarce() && known.warned != Some(left.resets_at);
        is_due.then(|| {
            known.warned = Some(left.resets_at);
            left
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, QuotaState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A secondary limit may come without the number of requests: it is `known` from before then.
fn read(headers: &HeaderMap, known: Option<RateLimit>, now: UnixTime) -> Option<RateLimit> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
    let latest = now.plus(WINDOW_MAX);
    if let Some(pause) = number("retry-after") {
        let limit = number("x-ratelimit-limit").or(known.map(|known| known.limit)).unwrap_or_default();
        return Some(RateLimit { limit, remaining: 0, resets_at: now.plus(Duration::from_secs(pause)).min(latest) });
    }
    let resets_at = UnixTime::from_seconds(i64::try_from(number("x-ratelimit-reset")?).ok()?).min(latest);
    Some(RateLimit { limit: number("x-ratelimit-limit")?, remaining: number("x-ratelimit-remaining")?, resets_at })
}

#[cfg(test)]
mod tests;
