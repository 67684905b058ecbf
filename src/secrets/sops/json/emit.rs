//! Writes JSON (RFC 8259).

use crate::secrets::sops::error::ValueError;
use crate::secrets::sops::scalar::{Kind, Scalar};

pub(in crate::secrets::sops) fn scalar(scalar: &Scalar) -> Result<String, ValueError> {
    let text = scalar.expose_text()?;
    match scalar.kind {
        Kind::Text | Kind::Time => Ok(quoted(text)),
        Kind::Boolean => Ok(text.to_ascii_lowercase()),
        Kind::Float if matches!(text, "+Inf" | "-Inf" | "NaN") => Err(ValueError::NotFinite),
        Kind::Integer | Kind::Float => Ok(text.to_owned()),
    }
}

/// A JSON string that YAML reads as the same text: characters that YAML does not allow are escaped.
pub(in crate::secrets::sops) fn quoted(text: &str) -> String {
    use std::fmt::Write;
    let mut quoted = String::with_capacity(text.len() + text.len() / 8 + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            letter if is_printable(letter) => quoted.push(letter),
            // All others have at most four digits.
            letter => _ = write!(quoted, "\\u{:04x}", u32::from(letter)),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character needs no escape in YAML either. Unicode's line breaks, which YAML 1.1 treats as such, and the byte order mark do.
pub(in crate::secrets::sops) fn is_printable(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_does_not_allow_is_escaped() {
        assert_eq!(quoted("a\"\\\u{1b}\u{85}\u{feff}\u{ffff}\u{1f600}"), "\"a\\\"\\\\\\u001b\\u0085\\ufeff\\uffff\u{1f600}\"");
    }
}
