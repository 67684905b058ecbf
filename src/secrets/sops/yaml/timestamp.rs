//! YAML timestamps (yaml.org/type/timestamp.html) as SOPS's YAML library reads them, written as Go's RFC 3339.

use std::fmt::Write;

/// The time in the form that SOPS encrypts and hashes; `None` if the text is not a timestamp.
pub(super) fn normalize(text: &str) -> Option<String> {
    let (year, rest) = number(text, 4, 4)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 1, 2)?;
    jiff::civil::Date::new(year as i16, month as i8, day as i8).ok()?;
    let mut moment = format!("{year:04}-{month:02}-{day:02}T");
    let Some(sign) = rest.chars().next() else { return Some(moment + "00:00:00Z") };
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (hour, rest) = number(rest, 1, 2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 1, 2)?;
    let (second, rest) = number(rest.strip_prefix(':')?, 1, 2)?;
    jiff::civil::Time::new(hour as i8, minute as i8, second as i8, 0).ok()?;
    write!(moment, "{hour:02}:{minute:02}:{second:02}").ok()?;
    let rest = fraction(rest, &mut moment)?;
    // A time after `T` must have a zone; one after a space must have none.
    moment.push_str(&if sign == ' ' { rest.is_empty().then(|| "Z".to_owned()) } else { zone(rest) }?);
    Some(moment)
}

/// A number with `least` to `most` digits, and the rest of the text.
fn number(text: &str, least: usize, most: usize) -> Option<(u16, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    (digits >= least).then(|| Some((text[..digits].parse().ok()?, &text[digits..])))?
}

/// Reads a fraction of a second. At most nine digits are kept, without zeros at their end.
fn fraction<'a>(text: &'a str, moment: &mut String) -> Option<&'a str> {
    const NANOSECOND_DIGITS: usize = 9;
    let Some(rest) = text.strip_prefix('.') else { return Some(text) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let kept = rest[..digits.min(NANOSECOND_DIGITS)].trim_end_matches('0');
    if !kept.is_empty() {
        write!(moment, ".{kept}").ok()?;
    }
    (digits > 0).then(|| &rest[digits..])
}

fn zone(text: &str) -> Option<String> {
    if text == "Z" || text == "+00:00" || text == "-00:00" {
        return Some("Z".to_owned());
    }
    let (hours, rest) = number(text.strip_prefix(['+', '-'])?, 2, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(':')?, 2, 2)?;
    (rest.is_empty() && hours <= 24 && minutes < 60).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn timestamps_get_the_text_that_go_gives_them() {
        for (text, expected) in [
            ("2001-12-14", "2001-12-14T00:00:00Z"),
            ("2001-1-1", "2001-01-01T00:00:00Z"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43.1-05:00"),
            ("2001-12-14 21:59:43.10", "2001-12-14T21:59:43.1Z"),
            ("2001-1-1T1:2:3Z", "2001-01-01T01:02:03Z"),
            ("2001-01-01T01:02:03.000+00:00", "2001-01-01T01:02:03Z"),
        ] {
            assert_eq!(normalize(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["2001", "2001-13-01", "2001-02-30", "20010101", "2001-01-01 1:2:3Z", "2001-01-01T25:00:00Z", "2001-01-01x", "1-1-1"]
        {
            assert_eq!(normalize(text), None, "{text}");
        }
    }
}
