//! Time is a value: the outer layer reads the clock once per request and passes `now` down.

use std::fmt;
use std::time::Duration;

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UnixTime(i64);

impl UnixTime {
    /// From whole seconds since the epoch, as JWT claims carry them (RFC 7519, section 2). Saturates.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From RFC 3339 text such as `2027-06-30T00:00:00Z`; `None` if it is not valid.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let moment = text.parse::<jiff::Timestamp>().ok().filter(|_| has_rfc3339_form(text));
        moment.map(|moment| Self(moment.as_millisecond()))
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This time plus `duration`. Saturates.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// This time minus `duration`. Saturates.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// The time since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Whether a text has the form of RFC 3339, section 5.6. The parser takes more of ISO 8601, such as an hour without minutes, which editors
/// and other programs refuse.
fn has_rfc3339_form(text: &str) -> bool {
    const TO_THE_SECOND: &str = "0000-00-00T00:00:00";
    let Some((moment, rest)) = text.split_at_checked(TO_THE_SECOND.len()) else { return false };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) if fraction.starts_with(|first: char| first.is_ascii_digit()) => {
            fraction.trim_start_matches(|digit: char| digit.is_ascii_digit())
        }
        _ => rest,
    };
    let is_zone = is_like("Z", zone) || zone.strip_prefix(['+', '-']).is_some_and(|offset| is_like("00:00", offset));
    is_like(TO_THE_SECOND, moment) && is_zone
}

/// Whether a text has a digit for each `0` of the form, and the form's own characters otherwise.
fn is_like(form: &str, text: &str) -> bool {
    let fits = |(form, byte): (u8, u8)| if form == b'0' { byte.is_ascii_digit() } else { byte.eq_ignore_ascii_case(&form) };
    form.len() == text.len() && form.bytes().zip(text.bytes()).all(fits)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC, to the second.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.seconds()) {
            Ok(moment) => write!(f, "{moment}"),
            Err(_) => write!(f, "@{}", self.seconds()),
        }
    }
}

impl serde::Serialize for UnixTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for UnixTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::from_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("not a moment (RFC 3339)"))
    }
}

/// The source of `now`. Only the outer layer has one.
pub trait Clock: Send + Sync {
    /// The present time of the wall clock, which can be set.
    fn now(&self) -> UnixTime;

    /// The time since the machine started, including sleep. It cannot be set, so ages and pauses are measured with it. The default is for
    /// a clock that is never set.
    fn since_boot(&self) -> Duration {
        self.now().since(UnixTime(0))
    }
}

/// The machine's clock. This is the only place that reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> UnixTime {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        UnixTime(since_epoch.map_or(0, millis))
    }

    fn since_boot(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::try_from(time).unwrap_or_default()
    }
}

/// For tests: a wall clock that can be set, and a time since boot that cannot.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(crate) struct SteppingClock(std::sync::Arc<(std::sync::atomic::AtomicI64, std::sync::atomic::AtomicI64)>);

#[cfg(test)]
impl SteppingClock {
    /// A machine that has just started, with this wall time.
    pub(crate) fn at(millis: i64) -> Self {
        Self(std::sync::Arc::new((millis.into(), 0.into())))
    }

    /// Sets the wall clock by so many milliseconds.
    pub(crate) fn step(&self, by: i64) {
        self.0.0.fetch_add(by, std::sync::atomic::Ordering::SeqCst);
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.step(millis(time));
        self.0.1.fetch_add(millis(time), std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(test)]
impl Clock for SteppingClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.0.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn since_boot(&self) -> Duration {
        Duration::from_millis(self.0.1.load(std::sync::atomic::Ordering::SeqCst).unsigned_abs())
    }
}

/// For tests: the processor time that this thread has used, which no other program lengthens.
#[cfg(test)]
pub(crate) fn processor_time() -> Duration {
    Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime)).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_rfc3339() {
        let moment = UnixTime::from_seconds(1_800_000_000);
        assert_eq!(moment.to_string(), "2027-01-15T08:00:00Z");
        assert_eq!(UnixTime::from_rfc3339("2027-01-15T08:00:00Z"), Some(moment));
        for good in ["2027-01-15T08:00:00.000Z", "2027-01-15T09:00:00+01:00", "2027-01-15t08:00:00z"] {
            assert_eq!(UnixTime::from_rfc3339(good), Some(moment), "{good}");
        }
        let other_forms =
            ["2027-01-15T08Z", "2027-01-15T08:00Z", "2027-01-15 08:00:00Z", "20270115T080000Z", "2027-01-15T08:00:00+01"];
        for bad in other_forms.into_iter().chain(["tomorrow", "2027-02-30T00:00:00Z", "2027-01-15T08:00:00.Z"]) {
            assert_eq!(UnixTime::from_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        let far = UnixTime::from_seconds(i64::MAX);
        assert_eq!(far.plus(Duration::from_secs(1)), far);
        assert_eq!(UnixTime::from_seconds(1).since(far), Duration::ZERO);
    }
}
