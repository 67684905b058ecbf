//! Turns a KV export into the text of a file to encrypt. An export is what `vault kv get -format=json` prints, a JSON object, or lines
//! of `NAME=value`. A truncated export, a duplicate name or a value that would change on the way is refused. Errors show no values.

mod dotenv;
mod error;
mod write;

pub use error::ExportError;

use super::sops::values;
use crate::token::parse_document;
use crate::words::names::SecretPath;
use crate::words::{Secret, pointer_below};
use serde_json::{Map, Number, Value};

/// A larger number may have been rounded by the tool that printed it (IEEE 754), as `vault kv get` does.
const NUMBER_MAX: u64 = 1 << 53;
/// The members by which an answer of KV version 2 is recognized.
const OF_VERSION_2: [&str; 2] = ["data", "metadata"];

/// The name that SOPS reserves in a file, and the prefix that it reserves in a file of lines.
const SECTION: &str = "sops";
const FLAT_SECTION: &str = "sops_";

/// The form of an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportForm {
    /// `vault kv get -format=json`, of KV version 1 or 2.
    Vault,
    /// A JSON object.
    Json,
    /// Lines of `NAME=value`.
    Dotenv,
}

/// Values by name, in the export's own order.
pub struct Export {
    values: Map<String, Value>,
    /// What is left out, as texts for people.
    pub left_out: Vec<String>,
}

impl Export {
    /// Reads an export.
    pub fn read(form: ExportForm, bytes: &Secret) -> Result<Self, ExportError> {
        let text = bytes.expose_text().ok_or(ExportError::NotUtf8)?;
        if text.trim().is_empty() {
            return Err(ExportError::Nothing);
        }
        let (values, left_out) = match form {
            ExportForm::Dotenv => dotenv::read(text)?,
            ExportForm::Json => (object(text)?, Vec::new()),
            ExportForm::Vault => answer(object(text)?)?,
        };
        if values.is_empty() {
            return Err(ExportError::Nothing);
        }
        for (name, value) in &values {
            if name == SECTION || name.starts_with(FLAT_SECTION) {
                return Err(ExportError::Reserved { name: name.clone() });
            }
            check(&pointer_below("", name), value)?;
        }
        Ok(Self { values, left_out })
    }

    /// The number of values, nested ones included.
    pub fn count(&self) -> usize {
        self.values.values().map(count).sum()
    }

    /// The text of a file with this name. It is read back and compared with the values.
    pub fn text(&self, path: &SecretPath) -> Result<Secret, ExportError> {
        let text = Secret::from(write::text(path, &self.values)?);
        let read = values(path, text.expose()).map_err(|_| ExportError::NotTheSame { at: String::new() })?;
        if read.len() != self.values.len() {
            return Err(ExportError::NotTheSame { at: String::new() });
        }
        match self.values.iter().find(|(name, value)| read.get(*name).is_none_or(|read| !is_same(read, value))) {
            Some((name, _)) => Err(ExportError::NotTheSame { at: format!(" at `{name}`") }),
            None => Ok(text),
        }
    }
}

fn object(text: &str) -> Result<Map<String, Value>, ExportError> {
    match parse_document(text.as_bytes()) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(ExportError::NoObject),
        // The parser's error may quote the text.
        Err(_) => Err(ExportError::NoJson { place: place_of_fault(text) }),
    }
}

/// The position where the text stops being JSON, without the text there.
fn place_of_fault(text: &str) -> String {
    let fault = serde_json::from_str::<serde::de::IgnoredAny>(text).err();
    fault.map_or_else(String::new, |fault| format!(" at line {}, column {}", fault.line(), fault.column()))
}

/// The values in Vault's answer.
fn answer(mut around: Map<String, Value>) -> Result<(Map<String, Value>, Vec<String>), ExportError> {
    if !around.contains_key("request_id") {
        return Err(ExportError::NoAnswer);
    }
    let Some(Value::Object(mut data)) = around.remove("data") else { return Err(ExportError::NoAnswer) };
    let is_version_2 = data.len() == OF_VERSION_2.len() && OF_VERSION_2.iter().all(|member| data.contains_key(*member));
    let metadata =
        data.get("metadata").and_then(Value::as_object).filter(|metadata| is_version_2 && metadata.contains_key("version"));
    let Some(metadata) = metadata else { return Ok((data, Vec::new())) };
    let mut left_out = vec![format!("the metadata of version {}, and what other versions held", metadata["version"])];
    if metadata.get("custom_metadata").is_some_and(|custom| !custom.is_null()) {
        left_out.push("`custom_metadata`".to_owned());
    }
    match data.remove("data") {
        Some(Value::Object(values)) => Ok((values, left_out)),
        _ => Err(ExportError::Deleted),
    }
}

/// Refuses a value whose type would not survive the way into the file and back.
fn check(at: &str, value: &Value) -> Result<(), ExportError> {
    let exact = |number: &Number| number.as_i64().is_some_and(|number| number.unsigned_abs() <= NUMBER_MAX);
    match value {
        Value::Null => Err(ExportError::Null { at: at.to_owned() }),
        Value::Number(number) if !exact(number) => Err(ExportError::Number { at: at.to_owned() }),
        Value::Array(list) if list.is_empty() => Err(ExportError::Empty { at: at.to_owned() }),
        Value::Array(list) => list.iter().enumerate().try_for_each(|(index, value)| check(&format!("{at}/{index}"), value)),
        Value::Object(members) if members.is_empty() => Err(ExportError::Empty { at: at.to_owned() }),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| check(&pointer_below(at, name), value)),
        Value::Number(_) | Value::String(_) | Value::Bool(_) => Ok(()),
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 1,
    }
}

/// Whether the values are the same. In a JSON file of SOPS every number is a float.
fn is_same(read: &Value, expected: &Value) -> bool {
    match (read, expected) {
        (Value::Number(read), Value::Number(expected)) => read.as_f64() == expected.as_f64(),
        (Value::Array(read), Value::Array(expected)) => {
            read.len() == expected.len() && read.iter().zip(expected).all(|(read, expected)| is_same(read, expected))
        }
        (Value::Object(read), Value::Object(expected)) => {
            let same = |(name, expected): (&String, &Value)| read.get(name).is_some_and(|read| is_same(read, expected));
            read.len() == expected.len() && expected.iter().all(same)
        }
        (read, expected) => read == expected,
    }
}

#[cfg(test)]
mod tests;
