//! JSON as canonical text: members sorted by name and no white space, so that equal values have equal hashes.

use serde::ser::{Serialize, Serializer};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::ops::Deref;
use std::sync::Arc;

/// A JSON value that is written as canonical text.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(transparent)]
pub struct CanonicalValue(Value);

impl From<Value> for CanonicalValue {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Deref for CanonicalValue {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl Serialize for CanonicalValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Sorted(&self.0).serialize(serializer)
    }
}

/// A JSON object that is written as canonical text. Its copies share the members.
#[derive(Clone, PartialEq, Debug)]
pub struct CanonicalObject(Arc<Map<String, Value>>);

impl From<Map<String, Value>> for CanonicalObject {
    fn from(members: Map<String, Value>) -> Self {
        Self(Arc::new(members))
    }
}

impl Deref for CanonicalObject {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl Serialize for CanonicalObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SortedMembers(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CanonicalObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from)
    }
}

/// The canonical text of a value.
pub fn canonical(value: &Value) -> String {
    text(&Sorted(value))
}

/// The canonical text of an object.
pub fn canonical_members(members: &Map<String, Value>) -> String {
    text(&SortedMembers(members))
}

/// Writes a JSON value. That cannot fail, because names are strings and every value has a form in JSON.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|fault| unreachable!("{fault}"))
}

struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => SortedMembers(members).serialize(serializer),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            plain => plain.serialize(serializer),
        }
    }
}

struct SortedMembers<'a>(&'a Map<String, Value>);

impl Serialize for SortedMembers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members: Vec<(&str, Sorted<'_>)> = self.0.iter().map(|(name, value)| (name.as_str(), Sorted(value))).collect();
        members.sort_unstable_by_key(|(name, _)| *name);
        serializer.collect_map(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_sorted_at_every_depth() {
        let value = json!({ "b": [{ "z": 1, "a": "\u{e9}\"" }], "a": { "d": null, "c": 1.5 } });
        assert_eq!(canonical(&value), r#"{"a":{"c":1.5,"d":null},"b":[{"a":"é\"","z":1}]}"#);
        assert_eq!(canonical(&json!("a")), r#""a""#);
        let (all, members) = (CanonicalValue::from(value.clone()), value.as_object().unwrap().clone());
        let texts = [text(&all), text(&CanonicalObject::from(members))];
        assert_eq!(texts, [canonical(&value), canonical(&value)]);
    }

    proptest::proptest! {
        #[test]
        fn canonical_text_parses_to_the_same_value(names in proptest::collection::vec(".{0,6}", 0..8)) {
            let members = names.iter().enumerate().map(|(number, name)| (name.clone(), json!({ name.clone(): number })));
            let value = Value::Object(members.collect());
            proptest::prop_assert_eq!(serde_json::from_str::<Value>(&canonical(&value)).unwrap(), value);
        }
    }
}
