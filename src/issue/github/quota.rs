//! The rate limit of an App. A warning is logged before it is spent, and then no request is sent until it resets.
//!
//! GitHub, "Rate limits for the REST API": `x-ratelimit-limit`, `x-ratelimit-remaining`, `x-ratelimit-reset` (seconds since 1970); a
//! secondary limit has `retry-after` (seconds).

use crate::words::UnixTime;
use reqwest::header::HeaderMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// GitHub's limits are for an hour. Without this bound, a wrong header could stop all requests for any time.
const WINDOW_MAX: Duration = Duration::from_secs(3600);
/// Warns when one tenth of the limit is left.
const SCARCE: u64 = 10;

/// What is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remaining {
    /// Requests in one window.
    pub limit: u64,
    /// The requests that are left.
    pub remaining: u64,
    /// When the next window begins.
    pub resets_at: UnixTime,
}

/// What the last answers reported.
#[derive(Default)]
pub(super) struct Quota(Mutex<QuotaState>);

#[derive(Clone, Copy, Default)]
struct QuotaState {
    left: Option<Remaining>,
    /// The window for which a warning was logged.
    warned: Option<UnixTime>,
}

impl Quota {
    /// The limit that the last answers reported.
    pub(super) fn left(&self) -> Option<Remaining> {
        self.lock().left
    }

    /// Until when no request is sent, if the limit is spent.
    pub(super) fn spent(&self, now: UnixTime) -> Option<UnixTime> {
        self.left().filter(|left| left.remaining == 0 && now < left.resets_at).map(|left| left.resets_at)
    }

    /// Notes an answer. Returns `true` if a warning is due: once in a window.
    pub(super) fn note(&self, headers: &HeaderMap, now: UnixTime) -> bool {
        let Some(left) = read(headers, now) else { return false };
        let mut known = self.lock();
        known.left = Some(left);
        let is_due = left.remaining <= left.limit / SCARCE && known.warned != Some(left.resets_at);
        if is_due {
            known.warned = Some(left.resets_at);
        }
        is_due
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, QuotaState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(headers: &HeaderMap, now: UnixTime) -> Option<Remaining> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
    let latest = now.plus(WINDOW_MAX);
    if let Some(pause) = number("retry-after") {
        let limit = number("x-ratelimit-limit").unwrap_or_default();
        return Some(Remaining { limit, remaining: 0, resets_at: now.plus(Duration::from_secs(pause)).min(latest) });
    }
    let resets_at = UnixTime::from_seconds(i64::try_from(number("x-ratelimit-reset")?).ok()?).min(latest);
    Some(Remaining { limit: number("x-ratelimit-limit")?, remaining: number("x-ratelimit-remaining")?, resets_at })
}

#[cfg(test)]
mod tests;
