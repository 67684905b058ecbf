//! Strict JSON for tokens and requests. A duplicate member at any depth is refused (RFC 8259 allows it, and readers differ).
//! Depth and width are bounded.

mod form;

pub use form::{FormError, from_json};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Real tokens are at most 4 levels deep (Kubernetes); four times that leaves room.
const DEPTH_MAX: usize = 16;
/// The largest real claim set has about 50 members.
const ENTRIES_MAX: usize = 256;

/// The initial capacity for a claim set, so that its table does not grow member by member.
const MEMBERS_USUAL: usize = 32;
/// A document from Git may have more: a thousand values are common.
const DOCUMENT_ENTRIES_MAX: usize = 100_000;

/// Why bytes are no acceptable JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// RFC 8259, section 8.1.
    #[error("not UTF-8")]
    NotUtf8,
    /// It breaks the grammar, has a member twice, or exceeds a bound.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// An array in place of an object. serde would read its elements as the members, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an array stands where an object belongs")]
pub struct ArrayForObject;

/// Parses one part of a token. Bytes after it are refused.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    parse_bounded(bytes, ENTRIES_MAX, 0)
}

/// Parses a claim set.
pub(super) fn parse_claims(bytes: &[u8]) -> Result<Value, JsonError> {
    parse_bounded(bytes, ENTRIES_MAX, MEMBERS_USUAL)
}

/// Parses a document as strictly, with a larger bound.
pub fn parse_document(bytes: &[u8]) -> Result<Value, JsonError> {
    parse_bounded(bytes, DOCUMENT_ENTRIES_MAX, 0)
}

/// Reads a document in another notation, such as YAML, as strictly and with the same bounds.
pub fn read_document<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Strict { depth: 0, entries_max: DOCUMENT_ENTRIES_MAX, room: 0 }.deserialize(deserializer)
}

/// Refuses an array where serde would take one for an object: in place of the document, or of an entry of this list.
pub fn check_objects(document: &Value, list: &str) -> Result<(), ArrayForObject> {
    let mut entries = document.get(list).and_then(Value::as_array).into_iter().flatten();
    if document.is_object() && entries.all(|entry| !entry.is_array()) {
        return Ok(());
    }
    Err(ArrayForObject)
}

fn parse_bounded(bytes: &[u8], entries_max: usize, room: usize) -> Result<Value, JsonError> {
    // UTF-8 is checked once for the whole text: a deserializer of bytes would check every string.
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0, entries_max, room }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
    entries_max: usize,
    /// The initial capacity of the outermost object.
    room: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format!("nested deeper than {DEPTH_MAX}")));
        }
        Ok(Self { depth: self.depth + 1, room: 0, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        if value.contains('\0') {
            return Err(E::custom("a NUL in a string"));
        }
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(inner)? {
            if values.len() >= self.entries_max {
                return Err(A::Error::custom(format!("more than {} elements", self.entries_max)));
            }
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::with_capacity(self.room);
        while let Some(name) = access.next_key::<String>()? {
            if members.len() >= self.entries_max {
                return Err(A::Error::custom(format!("more than {} members", self.entries_max)));
            }
            if name.contains('\0') {
                return Err(A::Error::custom("a NUL in a name"));
            }
            let value = access.next_value_seed(inner)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_member_is_refused_at_any_depth() {
        let twice = [r#"{"a":1,"a":1}"#, r#"{"x":{"y":[{"a":1,"\u0061":2}]}}"#];
        for document in twice {
            assert!(parse(document.as_bytes()).is_err(), "{document}");
        }
        assert!(parse(br#"{"a":1,"A":2}"#).is_ok());
    }

    #[test]
    fn deep_and_wide_documents_are_refused() {
        let deep = "[".repeat(17) + &"]".repeat(17);
        let wide = format!("[{}0]", "0,".repeat(256));
        let many = format!("{{{}}}", (0..257).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(","));
        for document in [deep, wide, many, "[".repeat(100_000)] {
            assert!(parse(document.as_bytes()).is_err());
        }
    }

    #[test]
    fn malformed_text_is_refused() {
        let cases: [&[u8]; 8] =
            [b"{\"\\u0000\":1}", b"", b"{} {}", b"\xef\xbb\xbf{}", b"\"\\ud800\"", b"\"\\u0000\"", b"{\"a\":NaN}", b"\xff"];
        for document in cases {
            assert!(parse(document).is_err(), "{document:?}");
        }
    }
}
