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
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                _ = write!(quoted, "\\u{:04x}", u32::from(letter))
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
