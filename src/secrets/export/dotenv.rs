//! Reads lines of `NAME=value` as far as all their readers agree: the shell, Docker, systemd and the dotenv libraries.

use super::error::{ExportError, LineError};
use crate::words::counted;
use serde_json::{Map, Value};

/// Reads the lines. Comments are left out and counted.
pub(super) fn read(text: &str) -> Result<(Map<String, Value>, Vec<String>), ExportError> {
    let (mut values, mut comments) = (Map::new(), 0);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let at = |reason| ExportError::Line { line: index + 1, reason };
        let bare = line.strip_suffix('\n').ok_or_else(|| at(LineError::NoEnd))?;
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        if bare.trim().is_empty() {
            continue;
        }
        if bare.trim_start().starts_with('#') {
            comments += 1;
            continue;
        }
        let (name, value) = pair(bare).map_err(at)?;
        if values.insert(name.to_owned(), Value::from(value)).is_some() {
            return Err(at(LineError::Twice));
        }
    }
    let note = (comments > 0).then(|| counted(comments, "comment"));
    Ok((values, note.into_iter().collect()))
}

fn pair(line: &str) -> Result<(&str, &str), LineError> {
    let (name, value) = line.split_once('=').ok_or(LineError::NoPair)?;
    let name = name.strip_prefix("export ").unwrap_or(name);
    let good = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) || !name.chars().all(good) {
        return Err(LineError::Name);
    }
    for quote in ['\'', '"'] {
        if let Some(rest) = value.strip_prefix(quote) {
            let inner = rest.strip_suffix(quote).ok_or(LineError::Open)?;
            let differs = inner.contains(quote) || (quote == '"' && inner.contains(['\\', '$', '`']));
            return if differs { Err(LineError::Ambiguous) } else { Ok((name, inner)) };
        }
    }
    let differs = value.contains(['"', '\'', '\\', '`', '#'])
        || value.contains(char::is_whitespace)
        || value.contains("$(")
        || value.contains("${");
    if differs { Err(LineError::Ambiguous) } else { Ok((name, value)) }
}
