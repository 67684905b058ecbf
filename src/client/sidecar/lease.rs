//! Until when the files may stay: until the policies expire, and as long as they may go unconfirmed.

use super::state_file::StateFile;
use crate::words::{Digest, UnixTime};
use std::time::Duration;
use tokio::time::Instant;

/// How long before the policies expire the server is asked once more: they may have been prolonged while the stream was broken.
const AHEAD: Duration = Duration::from_secs(30);

/// How long an answer is valid: the shortest terms of its secrets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Terms {
    pub(super) offline: Duration,
    pub(super) expires_at: Option<UnixTime>,
}

/// A confirmation and its end, by this machine's wall clock and by the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    ask_within: Option<Duration>,
    ends_at: UnixTime,
    ends: Instant,
}

impl Lease {
    /// A lease from an answer to a request of this time.
    pub(super) fn confirmed(terms: Terms, sent_at: UnixTime, sent: Instant) -> Self {
        let offline_ends = sent_at.plus(terms.offline);
        let ends_at = terms.expires_at.map_or(offline_ends, |expires| expires.min(offline_ends));
        let ahead = terms.expires_at.map(|expires| expires.minus(AHEAD)).filter(|ahead| sent_at < *ahead);
        let third = terms.offline / 3;
        let ask_within = Some(ahead.map_or(third, |ahead| third.min(ahead.since(sent_at))));
        Self { ask_within, ends_at, ends: sent + ends_at.since(sent_at) }
    }

    /// A lease of an earlier process.
    pub(super) fn restored(note: &StateFile, now: UnixTime) -> Self {
        Self { ask_within: None, ends_at: note.ends_at(), ends: Instant::now() + note.ends_at().since(now) }
    }

    /// Whether it has ended by either clock.
    pub(super) fn is_over(&self, now: UnixTime) -> bool {
        self.ends_at <= now || self.ends <= Instant::now()
    }

    /// The longest time from one request to the next, so that a failed answer leaves time for others.
    pub(super) const fn ask_within(&self) -> Option<Duration> {
        self.ask_within
    }

    /// The state for a later process.
    pub(super) fn note(&self, wish: &Digest, confirmed_at: UnixTime) -> StateFile {
        StateFile::new(wish, confirmed_at, self.ends_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn lease(offline: Duration, expires_at: Option<UnixTime>) -> Lease {
        confirmed(offline, expires_at, NOW)
    }

    fn confirmed(offline: Duration, expires_at: Option<UnixTime>, sent_at: UnixTime) -> Lease {
        Lease::confirmed(Terms { offline, expires_at }, sent_at, Instant::now())
    }

    #[test]
    fn a_lease_ends_at_the_earlier_of_its_ends() {
        let at = UnixTime::from_seconds;
        assert!(!lease(HOUR, None).is_over(at(4599)) && lease(HOUR, None).is_over(at(4600)));
        assert!(lease(HOUR, Some(at(1500))).is_over(at(1500)) && !lease(HOUR, Some(at(9000))).is_over(at(1500)));
        assert!(lease(Duration::ZERO, None).is_over(at(0)), "a clock that goes back prolongs nothing");
        assert!(lease(HOUR, Some(at(999))).is_over(at(0)));
    }

    #[test]
    fn the_server_is_asked_before_either_end() {
        let at = UnixTime::from_seconds;
        assert_eq!(lease(HOUR, None).ask_within(), Some(HOUR / 3));
        assert_eq!(lease(HOUR, Some(at(1100))).ask_within(), Some(Duration::from_secs(70)));
        assert_eq!(confirmed(HOUR, Some(at(1100)), at(1080)).ask_within(), Some(HOUR / 3), "only once");
        let note = lease(HOUR, None).note(&Digest::plain(b""), NOW);
        assert_eq!(Lease::restored(&note, NOW).ask_within(), None);
    }
}
