//! Durations as people write them: `30s`, `15m`, `1h30m`, `24h`.

use std::time::Duration;

/// A text is not a duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a duration such as 30s, 15m, 1h30m or 24h")]
pub struct DurationError;

/// Parses a duration of at most ten years, because nothing here lasts longer.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    const SECONDS_MAX: u64 = 10 * 365 * 86_400;
    let mut total: u64 = 0;
    let mut digits = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let unit = match character {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(DurationError),
        };
        let count: u64 = digits.parse().map_err(|_| DurationError)?;
        total = count.checked_mul(unit).and_then(|seconds| total.checked_add(seconds)).ok_or(DurationError)?;
        digits.clear();
    }
    if text.is_empty() || !digits.is_empty() || total > SECONDS_MAX {
        return Err(DurationError);
    }
    Ok(Duration::from_secs(total))
}

/// The shortest text that [`parse_duration`] reads as this duration, without fractions of a second.
pub fn duration_text(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (unit, seconds) in [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)] {
        if rest >= seconds {
            text += &format!("{}{unit}", rest / seconds);
            rest %= seconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_it_reads() {
        for text in ["0s", "15m", "1h30m", "7d", "1d1s", "3650d"] {
            assert_eq!(duration_text(parse_duration(text).unwrap()), text);
        }
        assert_eq!(
            (duration_text(Duration::from_secs(3600)), duration_text(Duration::from_millis(1500))),
            ("1h".into(), "1s".into())
        );
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
        for bad in ["", "30", "m", "1x", "-1s", "99999999999999999999s", "4000000000s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
