//! Walks a document in its order, decrypts its values and computes the MAC over them as SOPS does.

use super::cipher::DataKey;
use super::metadata::Metadata;
use aws_lc_rs::digest::{Context, SHA512};
use serde_json::{Map, Value};

/// What SOPS hashes first when only encrypted values are in the MAC, so that the two kinds never collide.
const MAC_ONLY_ENCRYPTED_START: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b, 0x97, 0x5b, 0x3b, 0xf4,
    0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// Decrypts every value; the result is given out only when the MAC holds.
pub(super) fn decrypt(values: Map<String, Value>, metadata: &Metadata, key: &DataKey) -> Result<Map<String, Value>, String> {
    let mut walk = Walk { metadata, key, mac: Mac::new(metadata.mac_only_encrypted) };
    let values = walk.mapping(values, &mut Vec::new())?;
    let computed = walk.mac.finish();
    let expected = key
        .decrypt(&metadata.mac, &metadata.last_modified)
        .map_err(|_| "the file's MAC does not decrypt: its `sops` section was changed")?;
    let equal = expected.as_str().is_some_and(|expected| {
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), computed.as_bytes()).is_ok()
    });
    if equal {
        Ok(values)
    } else {
        Err("the file's MAC does not fit its values: it was changed by hand; use `sops edit`".to_owned())
    }
}

struct Walk<'a> {
    metadata: &'a Metadata,
    key: &'a DataKey,
    mac: Mac,
}

impl Walk<'_> {
    fn mapping(&mut self, members: Map<String, Value>, path: &mut Vec<String>) -> Result<Map<String, Value>, String> {
        let mut opened = Map::new();
        for (name, value) in members {
            path.push(name.clone());
            opened.insert(name, self.value(value, path)?);
            path.pop();
        }
        Ok(opened)
    }

    fn value(&mut self, value: Value, path: &mut Vec<String>) -> Result<Value, String> {
        match value {
            Value::Object(members) => self.mapping(members, path).map(Value::Object),
            // A list's position is not part of the path, as in SOPS.
            Value::Array(items) => items.into_iter().map(|item| self.value(item, path)).collect(),
            // Nothing is neither encrypted nor hashed.
            Value::Null => Ok(Value::Null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => self.leaf(value, path),
        }
    }

    fn leaf(&mut self, value: Value, path: &[String]) -> Result<Value, String> {
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        let encrypted = self.metadata.encrypts(&keys);
        let opened = match (&value, encrypted) {
            (_, false) => value,
            // An empty text stays one: SOPS does not encrypt it.
            (Value::String(text), true) if text.is_empty() => value,
            (Value::String(text), true) => self.key.decrypt(text, &(keys.join(":") + ":"))?,
            (_, true) => return Err(format!("the value at `{}` should be encrypted and is not", keys.join(":"))),
        };
        if encrypted || !self.metadata.mac_only_encrypted {
            self.mac.take(&opened);
        }
        Ok(opened)
    }
}

/// The MAC as it grows.
pub(super) struct Mac(Context);

impl Mac {
    pub(super) fn new(only_encrypted: bool) -> Self {
        let mut hash = Context::new(&SHA512);
        if only_encrypted {
            hash.update(&MAC_ONLY_ENCRYPTED_START);
        }
        Self(hash)
    }

    /// Takes in a decrypted value, and returns its text.
    pub(super) fn take(&mut self, value: &Value) -> String {
        let text = hashed(value);
        self.0.update(text.as_bytes());
        text
    }

    /// Upper-case hexadecimal, as SOPS encrypts it.
    pub(super) fn finish(self) -> String {
        hexadecimal(self.0.finish().as_ref())
    }
}

/// A value's text in the MAC: Go's `strconv` formats, with `True` and `False`.
fn hashed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| number.as_f64().unwrap_or_default().to_string(), |whole| whole.to_string())
        }
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
