//! Records as canonical bytes: members sorted, no white space, a version in front, so that a hash over them means something.

use serde_json::{Map, Value};

/// The version of the records' form.
const VERSION: u64 = 1;

/// The bytes of a record's body.
pub(super) fn bytes(body: Value) -> Vec<u8> {
    let mut body = match body {
        Value::Object(members) => members,
        other => Map::from_iter([("value".to_owned(), other)]),
    };
    body.insert("v".to_owned(), VERSION.into());
    sorted(Value::Object(body)).to_string().into_bytes()
}

/// The same value with the members of every object in the order of their names.
pub(super) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        plain => plain,
    }
}
