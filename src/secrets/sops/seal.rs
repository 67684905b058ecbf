//! Writing a SOPS file: every value on its own under one data key, the MAC over all, the data key to each recipient.

use super::cipher::DataKey;
use super::metadata::DEFAULT_UNENCRYPTED_SUFFIX;
use super::walk::Mac;
use super::{Format, dotenv};
use crate::secrets::age_file;
use crate::words::UnixTime;
use serde_json::{Map, Value, json};

/// The version of SOPS whose form this is; older ones read it too.
const VERSION: &str = "3.11.0";

/// The document as a SOPS file.
pub(super) fn seal(format: Format, values: Map<String, Value>, recipients: &[String], now: UnixTime) -> Result<String, String> {
    let (key, bytes) = DataKey::generate()?;
    let mut seal = Seal { key: &key, mac: Mac::new(false) };
    let mut sealed = seal.mapping(&values, &mut Vec::new())?;
    let modified = now.to_string(); // to the second, as SOPS writes it: the MAC is bound to these bytes
    let mac = key.encrypt(&seal.mac.finish(), &modified, "str")?;
    let stanza = |recipient: &String| {
        let enc = age_file::encrypt(bytes.expose(), std::slice::from_ref(recipient), true)?;
        Ok(json!({ "recipient": recipient, "enc": String::from_utf8_lossy(&enc) }))
    };
    let age = recipients.iter().map(stanza).collect::<Result<Vec<_>, String>>()?;
    let section = json!({
        "age": age, "lastmodified": modified, "mac": mac,
        "unencrypted_suffix": DEFAULT_UNENCRYPTED_SUFFIX, "version": VERSION,
    });
    match format {
        Format::Dotenv => dotenv::put_metadata(&mut sealed, &section),
        Format::Yaml | Format::Json => _ = sealed.insert("sops".to_owned(), section),
    }
    super::write(format, &sealed)
}

struct Seal<'a> {
    key: &'a DataKey,
    mac: Mac,
}

impl Seal<'_> {
    fn mapping(&mut self, members: &Map<String, Value>, path: &mut Vec<String>) -> Result<Map<String, Value>, String> {
        let mut sealed = Map::new();
        for (name, value) in members {
            path.push(name.clone());
            sealed.insert(name.clone(), self.value(value, path)?);
            path.pop();
        }
        Ok(sealed)
    }

    fn value(&mut self, value: &Value, path: &mut Vec<String>) -> Result<Value, String> {
        match value {
            Value::Object(members) => self.mapping(members, path).map(Value::Object),
            Value::Array(items) => items.iter().map(|item| self.value(item, path)).collect(),
            Value::Null => Ok(Value::Null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => self.leaf(value, path),
        }
    }

    fn leaf(&mut self, value: &Value, path: &[String]) -> Result<Value, String> {
        let text = self.mac.take(value);
        let open = path.iter().any(|key| key.ends_with(DEFAULT_UNENCRYPTED_SUFFIX));
        match value {
            _ if open || text.is_empty() => Ok(value.clone()),
            _ => self.key.encrypt(&text, &(path.join(":") + ":"), kind(value)).map(Value::String),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int",
        Value::Number(_) => "float",
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => "str",
    }
}
