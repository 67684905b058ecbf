//! Until when the files may be there: by the policies' own end, and by how long they may go unconfirmed.

use super::note::Note;
use crate::words::{Digest, UnixTime};
use std::time::Duration;
use tokio::time::Instant;

/// Before the policies end it is asked once more: somebody may have prolonged them, unseen by a broken stream.
const AHEAD: Duration = Duration::from_secs(30);

/// What the answer says of how long it holds: the shortest of its secrets' terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Terms {
    pub(super) offline: Duration,
    pub(super) expires_at: Option<UnixTime>,
}

/// A confirmation, and when it ends: by this machine's clock, and by one that nobody sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    terms: Option<Terms>,
    ends_at: UnixTime,
    ends: Instant,
}

impl Lease {
    /// Confirmed by an answer to what was asked at `asked_at`.
    pub(super) fn confirmed(terms: Terms, asked_at: UnixTime, asked: Instant) -> Self {
        let offline_ends = asked_at.plus(terms.offline);
        let ends_at = terms.expires_at.map_or(offline_ends, |expires| expires.min(offline_ends));
        Self { terms: Some(terms), ends_at, ends: asked + ends_at.since(asked_at) }
    }

    /// Taken over from a process before this one.
    pub(super) fn taken_over(note: &Note, now: UnixTime) -> Self {
        Self { terms: None, ends_at: note.ends_at(), ends: Instant::now() + note.ends_at().since(now) }
    }

    /// Either clock may end it.
    pub(super) fn is_over(&self, now: UnixTime) -> bool {
        self.ends_at <= now || self.ends <= Instant::now()
    }

    /// When it has to be asked again at the latest, so that a broken answer leaves time for others.
    pub(super) fn ask_within(&self, now: UnixTime) -> Option<Duration> {
        let terms = self.terms?;
        let before_end = terms.expires_at.map(|expires| expires.minus(AHEAD)).filter(|ahead| now < *ahead);
        let before_end = before_end.map(|ahead| ahead.since(now));
        Some(before_end.map_or(terms.offline / 3, |ahead| ahead.min(terms.offline / 3)))
    }

    /// What a process after this one may know.
    pub(super) fn note(&self, wish: &Digest, confirmed_at: UnixTime) -> Note {
        Note::new(wish, confirmed_at, self.ends_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn lease(offline: Duration, expires_at: Option<UnixTime>) -> Lease {
        Lease::confirmed(Terms { offline, expires_at }, NOW, Instant::now())
    }

    #[test]
    fn whichever_end_comes_first_ends_it() {
        let at = UnixTime::from_seconds;
        assert!(!lease(HOUR, None).is_over(at(4599)) && lease(HOUR, None).is_over(at(4600)));
        assert!(lease(HOUR, Some(at(1500))).is_over(at(1500)) && !lease(HOUR, Some(at(9000))).is_over(at(1500)));
        assert!(lease(Duration::ZERO, None).is_over(at(0)), "a clock that goes back prolongs nothing");
        assert!(lease(HOUR, Some(at(999))).is_over(at(0)));
    }

    #[test]
    fn it_is_asked_ahead_of_either_end() {
        let at = UnixTime::from_seconds;
        assert_eq!(lease(HOUR, None).ask_within(NOW), Some(HOUR / 3));
        assert_eq!(lease(HOUR, Some(at(1100))).ask_within(NOW), Some(Duration::from_secs(70)));
        assert_eq!(lease(HOUR, Some(at(1100))).ask_within(at(1080)), Some(HOUR / 3), "only once");
        let note = lease(HOUR, None).note(&Digest::plain(b""), NOW);
        assert_eq!(Lease::taken_over(&note, NOW).ask_within(NOW), None);
    }
}
