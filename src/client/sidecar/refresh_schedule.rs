//! When to ask the server again: soon after a failure, later after several, and seldom while the stream reports changes.

use std::time::Duration;
use tokio::time::Instant;

/// The pause after the first failure. It doubles with each further one.
pub(super) const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// The longest pause if the volume cannot be written: it may have room again at any moment, and a try burdens nobody else.
const RETRY_WRITING_MAX: Duration = Duration::from_secs(5);
/// The pause while the stream reports changes: the sidecar does not rely on the stream alone.
const STEADY: Duration = Duration::from_secs(600);
/// The shortest pause between two requests, however often something changes.
const ASK_MIN: Duration = Duration::from_millis(500);
/// Every pod hears of a change at once, so their requests are spread over this time.
const SPREAD_MILLIS: u64 = 300;

/// Why the files could not be renewed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RenewalFault {
    /// The server denies them.
    Denied,
    /// There is no answer, or no files can be made of it.
    Unanswered,
    /// The volume cannot be written.
    Unwritable,
}

/// The recent requests and failures.
pub(super) struct RefreshSchedule {
    interval: Duration,
    last_request: Instant,
    trouble: Option<RenewalFault>,
    /// The failures in a row.
    failures: u32,
    door_failures: u32,
}

impl RefreshSchedule {
    /// Without a stream of events the sidecar asks every `interval`.
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, last_request: Instant::now(), trouble: None, failures: 0, door_failures: 0 }
    }

    pub(super) fn note_request(&mut self) {
        self.last_request = Instant::now();
    }

    /// The time of the last request.
    pub(super) const fn last_request(&self) -> Instant {
        self.last_request
    }

    /// Notes how a request ended. Returns the number of failures in a row.
    pub(super) const fn ended(&mut self, trouble: Option<RenewalFault>) -> u32 {
        self.trouble = trouble;
        self.failures = if trouble.is_some() { self.failures.saturating_add(1) } else { 0 };
        self.failures
    }

    /// Notes whether the address for AWS's SDKs was opened.
    pub(super) const fn note_listener(&mut self, opened: bool) {
        self.door_failures = if opened { 0 } else { self.door_failures.saturating_add(1) };
    }

    /// The pause from the last request to the next, at most `within`, which the lease demands.
    pub(super) fn pause(&self, is_listening: bool, within: Option<Duration>) -> Duration {
        match self.trouble {
            Some(RenewalFault::Unanswered) => return backoff(self.failures).min(RETRY_MAX),
            Some(RenewalFault::Unwritable) => return backoff(self.failures).min(RETRY_WRITING_MAX),
            None if self.door_failures > 0 => return backoff(self.door_failures).min(RETRY_MAX),
            Some(RenewalFault::Denied) | None => {}
        }
        let usual = if is_listening && self.trouble.is_none() { STEADY } else { self.interval };
        within.map_or(usual, |within| within.min(usual))
    }

    /// The pause after a change, random so that not every pod asks at the same moment.
    pub(super) fn after_change(&self) -> Duration {
        let mut random = [0; 8];
        let _ = aws_lc_rs::rand::fill(&mut random);
        let spread = Duration::from_millis(u64::from_be_bytes(random) % SPREAD_MILLIS);
        spread.max(ASK_MIN.saturating_sub(self.last_request.elapsed()))
    }
}

fn backoff(failures: u32) -> Duration {
    RETRY_MIN.saturating_mul(1 << failures.min(8).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(60);
    const SECOND: Duration = Duration::from_secs(1);

    fn pauses(trouble: RenewalFault) -> Vec<u64> {
        let mut schedule = RefreshSchedule::new(INTERVAL);
        let pause = |_| {
            schedule.ended(Some(trouble));
            schedule.pause(true, None).as_secs()
        };
        (0..7).map(pause).collect()
    }

    #[test]
    fn pauses_grow_with_each_failure_up_to_a_bound_and_a_success_resets_them() {
        assert_eq!(pauses(RenewalFault::Unanswered), [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(pauses(RenewalFault::Unwritable), [1, 2, 4, 5, 5, 5, 5]);
        assert_eq!(pauses(RenewalFault::Denied), [60; 7], "a denial does not shorten the pause");
        let mut schedule = RefreshSchedule::new(INTERVAL);
        (0..400).for_each(|_| _ = schedule.ended(Some(RenewalFault::Unanswered)));
        assert_eq!(schedule.pause(false, None), RETRY_MAX);
        assert_eq!(schedule.ended(None), 0);
        assert_eq!((schedule.pause(false, None), schedule.pause(true, None)), (INTERVAL, STEADY));
    }

    #[test]
    fn a_short_lease_shortens_the_pause_and_a_closed_address_is_tried_again() {
        let mut schedule = RefreshSchedule::new(INTERVAL);
        assert_eq!(schedule.pause(true, Some(SECOND * 7)), SECOND * 7);
        schedule.note_listener(false);
        schedule.note_listener(false);
        assert_eq!(schedule.pause(true, None), SECOND * 2);
        schedule.note_listener(true);
        assert_eq!(schedule.pause(true, None), STEADY);
    }

    #[test]
    fn many_changes_lead_to_two_requests_a_second_at_most() {
        let mut schedule = RefreshSchedule::new(INTERVAL);
        schedule.last_request = Instant::now() + INTERVAL;
        assert_eq!(schedule.after_change(), ASK_MIN, "it asks at this moment");
        schedule.last_request = Instant::now().checked_sub(SECOND).unwrap();
        assert!(schedule.after_change() < Duration::from_millis(SPREAD_MILLIS));
    }
}
