//! The body of a record: canonical JSON with the version of its format.

use crate::words::canonical_members;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The version of the format of records. A body with another version cannot be read by its members.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct FormatVersion;

const VERSION: u64 = 1;

/// The most bytes that whoever may push, or ask, can make of a body. Of longer texts and lists a record has a part, and says so.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;

impl Serialize for FormatVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(VERSION)
    }
}

impl<'de> Deserialize<'de> for FormatVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            VERSION => Ok(Self),
            other => Err(Error::custom(format!("a record of version {other}"))),
        }
    }
}

/// The bytes of a body, with its version.
pub(super) fn bytes(body: impl Serialize) -> Vec<u8> {
    // A body's names are strings, and every value of its types has a form in JSON.
    let body = serde_json::to_value(body).unwrap_or_else(|fault| unreachable!("{fault}"));
    let mut members = match body {
        Value::Object(members) => members,
        other => Map::from_iter([("value".to_owned(), other)]),
    };
    members.insert("v".to_owned(), VERSION.into());
    canonical_members(&members).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_in_the_order_of_their_names_however_they_came() {
        let body = json!({ "subject": "s", "api": { "b": 1, "a": 2 }, "policies": ["y"], "v": 7, "a\"b": null });
        let expected = r#"{"a\"b":null,"api":{"a":2,"b":1},"policies":["y"],"subject":"s","v":1}"#;
        assert_eq!(String::from_utf8(bytes(body)).unwrap(), expected);
    }

    #[test]
    fn a_value_that_is_no_object_is_wrapped_in_one() {
        assert_eq!(bytes(json!(7)), br#"{"v":1,"value":7}"#);
    }

    #[test]
    fn another_version_is_not_read() {
        assert!(serde_json::from_value::<FormatVersion>(json!(FormatVersion)).is_ok());
        for other in [json!(0), json!(2), json!("1"), json!(null)] {
            assert!(serde_json::from_value::<FormatVersion>(other.clone()).is_err(), "{other}");
        }
    }
}
