//! Writes the plaintext of a file in the form that its name says. It is then encrypted value by value.

use super::error::ExportError;
use crate::words::names::SecretPath;
use serde_json::{Map, Value};
use std::fmt::Write;

/// The text of the file.
pub(super) fn text(path: &SecretPath, values: &Map<String, Value>) -> Result<String, ExportError> {
    let ending = path.as_str().rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "yaml" | "yml" => Ok(yaml(values)),
        "json" => Ok(format!("{}\n", Value::Object(values.clone()))),
        "env" => dotenv(values),
        _ => Err(ExportError::NoForm),
    }
}

/// One line for each value, quoted as JSON, which YAML reads the same way.
fn yaml(values: &Map<String, Value>) -> String {
    let mut text = String::new();
    values.iter().for_each(|(name, value)| _ = writeln!(text, "{}: {value}", Value::from(name.as_str())));
    text
}

fn dotenv(values: &Map<String, Value>) -> Result<String, ExportError> {
    let mut text = String::new();
    for (name, value) in values {
        let value = value.as_str().ok_or_else(|| ExportError::NoText { name: name.clone() })?;
        _ = writeln!(text, "{name}={}", value.replace('\n', "\\n"));
    }
    Ok(text)
}
