//! SOPS files with age recipients: YAML, JSON and dotenv (getsops/sops, the format's own source and its README).
//!
//! The MAC is always checked. What else a file's metadata names, a KMS or a Vault, is never contacted.

mod cipher;
mod dotenv;
mod metadata;
mod seal;
mod walk;

use super::age_file::{self, Identities};
use crate::token::{parse_document, read_document};
use crate::words::names::{SecretPath, check_pointer};
use crate::words::{Secret, UnixTime};
use metadata::Metadata;
use serde_json::{Map, Value};

/// How a document is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Yaml,
    Json,
    Dotenv,
}

/// A decrypted document whose MAC holds.
#[derive(Debug)]
pub(super) struct Document {
    format: Format,
    values: Map<String, Value>,
}

/// Decrypts the file and checks its MAC.
pub(super) fn decrypt(path: &SecretPath, bytes: &[u8], identities: &Identities) -> Result<Document, String> {
    let format = format_of(path)?;
    let mut values = read(bytes, format)?;
    let metadata = match format {
        Format::Dotenv => dotenv::take_metadata(&mut values)?,
        Format::Yaml | Format::Json => {
            values.shift_remove("sops").ok_or("the file is neither age nor SOPS: it has no `sops` section")?
        }
    };
    let metadata = Metadata::read(&metadata)?;
    let data_key = metadata.data_key(|armored| age_file::decrypt(armored.as_bytes(), identities))?;
    let values = walk::decrypt(values, &metadata, &data_key)?;
    Ok(Document { format, values })
}

/// Encrypts each value of the document to these age recipients; the file's name tells how it is written.
pub fn encrypt(path: &SecretPath, plaintext: &[u8], recipients: &[String], now: UnixTime) -> Result<Vec<u8>, String> {
    let format = format_of(path)?;
    let values = read(plaintext, format)?;
    if values.keys().any(|name| name == "sops" || name.starts_with("sops_")) {
        return Err("the file is encrypted already: it has a `sops` section".to_owned());
    }
    seal::seal(format, values, recipients, now).map(String::into_bytes)
}

/// The values of a plaintext document that is a mapping; its name tells how it is written.
pub fn values(path: &SecretPath, plaintext: &[u8]) -> Result<Map<String, Value>, String> {
    read(plaintext, format_of(path)?)
}

fn write(format: Format, values: &Map<String, Value>) -> Result<String, String> {
    match format {
        Format::Json => serde_json::to_string_pretty(values).map(|text| text + "\n").map_err(|fault| fault.to_string()),
        Format::Yaml => serde_saphyr::to_string(values).map_err(|fault| fault.to_string()),
        Format::Dotenv => Ok(dotenv::render(values)),
    }
}

fn format_of(path: &SecretPath) -> Result<Format, String> {
    match path.as_str().rsplit_once('.').map(|(_, ending)| ending) {
        Some("yaml" | "yml") => Ok(Format::Yaml),
        Some("json") => Ok(Format::Json),
        Some("env") => Ok(Format::Dotenv),
        _ => Err("the file is no age file, and a SOPS file ends in .yaml, .yml, .json or .env".to_owned()),
    }
}

fn read(bytes: &[u8], format: Format) -> Result<Map<String, Value>, String> {
    let value = match format {
        Format::Dotenv => return dotenv::read(bytes),
        Format::Json => parse_document(bytes)?,
        Format::Yaml => read_yaml(bytes)?,
    };
    match value {
        Value::Object(members) => Ok(members),
        _ => Err("the document is not a mapping".to_owned()),
    }
}

/// Without places: a secret's values are decrypted, not explained, and places cost as much as the rest of the parse.
fn read_yaml(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8")?;
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| read_document(deserializer)).map_err(
        |fault| {
            let line = fault.location().map_or(0, |location| location.line());
            format!("line {line}: {}", fault.to_string().lines().next().unwrap_or_default())
        },
    )
}

impl Document {
    /// One value: text as it is, anything else as JSON.
    pub(super) fn value(&self, key: &str) -> Result<Secret, String> {
        check_pointer(key)?;
        let (first, rest) = key[1..].split_once('/').map_or((&key[1..], ""), |(first, _)| (first, &key[1 + first.len()..]));
        let member = self.values.get(&first.replace("~1", "/").replace("~0", "~"));
        match member.and_then(|member| member.pointer(rest)) {
            None => Err(format!("the document has no `{key}`")),
            Some(Value::String(text)) => Ok(text.clone().into()),
            Some(other) => Ok(other.to_string().into()),
        }
    }

    /// The document with these of its values alone.
    pub(super) fn only(self, keys: &[String]) -> Result<Self, String> {
        let pointers: Vec<Vec<String>> = keys.iter().map(|key| steps(key)).collect();
        let pointers: Vec<&[String]> = pointers.iter().map(Vec::as_slice).collect();
        match pick(&Value::Object(self.values), &pointers) {
            Some(Value::Object(values)) => Ok(Self { values, ..self }),
            _ => Err("the document has none of the values that are granted".to_owned()),
        }
    }

    /// The document in its own format, without the metadata.
    pub(super) fn render(&self) -> Result<Secret, String> {
        write(self.format, &self.values).map(Secret::from)
    }
}

/// The reference tokens of a JSON pointer (RFC 6901, section 3).
fn steps(key: &str) -> Vec<String> {
    key.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

fn pick(value: &Value, pointers: &[&[String]]) -> Option<Value> {
    if pointers.iter().any(|pointer| pointer.is_empty()) {
        return Some(value.clone());
    }
    let below = |step: &str| -> Option<Vec<&[String]>> {
        let below: Vec<_> = pointers.iter().filter(|pointer| pointer[0] == step).map(|pointer| &pointer[1..]).collect();
        (!below.is_empty()).then_some(below)
    };
    match value {
        Value::Object(members) => {
            let picked = members.iter().filter_map(|(name, member)| Some((name.clone(), pick(member, &below(name)?)?)));
            let picked: Map<String, Value> = picked.collect();
            (!picked.is_empty()).then_some(Value::Object(picked))
        }
        Value::Array(items) => {
            let picked = items.iter().enumerate().map(|(place, item)| pick(item, &below(&place.to_string())?));
            let mut picked: Vec<Option<Value>> = picked.collect();
            let last = picked.iter().rposition(Option::is_some)?;
            picked.truncate(last + 1);
            Some(picked.into_iter().map(Option::unwrap_or_default).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
