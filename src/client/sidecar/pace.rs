//! When it asks again: soon after a failure, later after more of them, and hardly while it hears of changes.

use std::time::Duration;
use tokio::time::Instant;

/// From the first failure to the second try, and twice as long after each further one.
pub(super) const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// A volume that is full may have room again at any moment, and nobody else is pressed by a try.
const RETRY_WRITING_MAX: Duration = Duration::from_secs(5);
/// While changes are heard of, it is asked all the same: nothing lives by a stream alone.
const STEADY: Duration = Duration::from_secs(600);
/// However often it hears of changes, it asks no more often.
const ASK_MIN: Duration = Duration::from_millis(500);
/// A change is heard by every pod at once, and asked about within this time.
const SPREAD_MILLIS: u64 = 300;

/// Why the files are not what they should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// The server says no.
    Denied,
    /// There is no answer, or none that files can be made of.
    Unanswered,
    /// The volume does not take them.
    Unwritable,
}

/// How it went of late.
pub(super) struct Pace {
    interval: Duration,
    asked: Instant,
    trouble: Option<Trouble>,
    /// In a row.
    failures: u32,
    door_failures: u32,
}

impl Pace {
    /// Where nothing is heard of changes, it asks every `interval`.
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, asked: Instant::now(), trouble: None, failures: 0, door_failures: 0 }
    }

    pub(super) fn asks_now(&mut self) {
        self.asked = Instant::now();
    }

    /// When it last asked.
    pub(super) const fn asked(&self) -> Instant {
        self.asked
    }

    /// How it ended; the number of failures in a row.
    pub(super) const fn ended(&mut self, trouble: Option<Trouble>) -> u32 {
        self.trouble = trouble;
        self.failures = if trouble.is_some() { self.failures.saturating_add(1) } else { 0 };
        self.failures
    }

    /// Whether AWS's SDKs are answered.
    pub(super) const fn door_ended(&mut self, opened: bool) {
        self.door_failures = if opened { 0 } else { self.door_failures.saturating_add(1) };
    }

    /// From when it asked to when it asks again, at the latest `within` what its lease wants.
    pub(super) fn pause(&self, is_listening: bool, within: Option<Duration>) -> Duration {
        match self.trouble {
            Some(Trouble::Unanswered) => return doubled(self.failures).min(RETRY_MAX),
            Some(Trouble::Unwritable) => return doubled(self.failures).min(RETRY_WRITING_MAX),
            None if self.door_failures > 0 => return doubled(self.door_failures).min(RETRY_MAX),
            Some(Trouble::Denied) | None => {}
        }
        let usual = if is_listening && self.trouble.is_none() { STEADY } else { self.interval };
        within.map_or(usual, |within| within.min(usual))
    }

    /// From when it hears of a change to when it asks: not every pod in the same moment.
    pub(super) fn after_change(&self) -> Duration {
        let mut random = [0; 8];
        let _ = aws_lc_rs::rand::fill(&mut random);
        let spread = Duration::from_millis(u64::from_be_bytes(random) % SPREAD_MILLIS);
        spread.max(ASK_MIN.saturating_sub(self.asked.elapsed()))
    }
}

fn doubled(failures: u32) -> Duration {
    RETRY_MIN.saturating_mul(1 << failures.min(8).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(60);
    const SECOND: Duration = Duration::from_secs(1);

    fn pauses(trouble: Trouble) -> Vec<u64> {
        let mut pace = Pace::new(INTERVAL);
        let pause = |_| {
            pace.ended(Some(trouble));
            pace.pause(true, None).as_secs()
        };
        (0..7).map(pause).collect()
    }

    #[test]
    fn after_each_failure_it_waits_longer_up_to_a_bound_and_a_success_forgets_them() {
        assert_eq!(pauses(Trouble::Unanswered), [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(pauses(Trouble::Unwritable), [1, 2, 4, 5, 5, 5, 5]);
        assert_eq!(pauses(Trouble::Denied), [60; 7], "whoever is denied presses nobody");
        let mut pace = Pace::new(INTERVAL);
        (0..400).for_each(|_| _ = pace.ended(Some(Trouble::Unanswered)));
        assert_eq!(pace.pause(false, None), RETRY_MAX);
        assert_eq!(pace.ended(None), 0);
        assert_eq!((pace.pause(false, None), pace.pause(true, None)), (INTERVAL, STEADY));
    }

    #[test]
    fn a_lease_that_ends_sooner_is_asked_for_sooner_and_a_closed_door_is_tried_again() {
        let mut pace = Pace::new(INTERVAL);
        assert_eq!(pace.pause(true, Some(SECOND * 7)), SECOND * 7);
        pace.door_ended(false);
        pace.door_ended(false);
        assert_eq!(pace.pause(true, None), SECOND * 2);
        pace.door_ended(true);
        assert_eq!(pace.pause(true, None), STEADY);
    }

    #[test]
    fn many_changes_are_asked_about_twice_a_second_at_most() {
        let mut pace = Pace::new(INTERVAL);
        pace.asked = Instant::now() + SECOND;
        assert_eq!(pace.after_change(), ASK_MIN, "it asks at this moment");
        pace.asked = Instant::now().checked_sub(SECOND).unwrap();
        assert!(pace.after_change() < Duration::from_millis(SPREAD_MILLIS));
    }
}
