//! The body of a record: canonical JSON with a version.

use crate::words::{canonical, canonical_text};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version of the format of records.
const VERSION: (&str, &str) = ("v", "1");

/// The body of a record that is being made. Each member is canonical text, because the records of a session share members.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Body(BTreeMap<Cow<'static, str>, Text>);

#[derive(Clone, PartialEq, Debug)]
enum Text {
    Own(String),
    Shared(Arc<str>),
}

impl Text {
    fn as_str(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl Body {
    /// Sets a member.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.insert(Cow::Borrowed(name), Text::Own(canonical(&value.into())));
    }

    /// Sets a member that is a text.
    pub fn set_text(&mut self, name: &'static str, value: &str) {
        self.0.insert(Cow::Borrowed(name), Text::Own(canonical_text(value)));
    }

    /// Sets a member by its canonical text.
    pub fn set_canonical(&mut self, name: &'static str, text: Arc<str>) {
        self.0.insert(Cow::Borrowed(name), Text::Shared(text));
    }

    /// The canonical text of a member.
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Text::as_str)
    }

    /// The bytes, with further members as canonical text. None of them may be set already.
    pub(super) fn bytes(&self, more: &[(&str, &str)]) -> Vec<u8> {
        let own = self.0.iter().map(|(name, text)| (&**name, text.as_str()));
        let mut members: Vec<(&str, &str)> = own.chain(more.iter().copied()).chain([VERSION]).collect();
        members.sort_unstable_by_key(|(name, _)| *name);
        let mut bytes = Vec::with_capacity(members.iter().map(|(name, text)| name.len() + text.len() + 4).sum::<usize>() + 2);
        for (number, (name, text)) in members.into_iter().enumerate() {
            bytes.push(if number == 0 { b'{' } else { b',' });
            bytes.extend_from_slice(canonical_text(name).as_bytes());
            bytes.push(b':');
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.push(b'}');
        bytes
    }
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(members) => {
                Self(members.into_iter().map(|(name, value)| (name.into(), Text::Own(canonical(&value)))).collect())
            }
            other => Self(BTreeMap::from([("value".into(), Text::Own(canonical(&other)))])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_in_the_order_of_their_names_however_they_came() {
        let mut body = Body::from(json!({ "subject": "s", "api": { "b": 1, "a": 2 } }));
        body.set("policies", json!(["x"]));
        body.set("policies", json!(["y"]));
        body.set_canonical("attributes", r#"{"ref":"r"}"#.into());
        let bytes = String::from_utf8(body.bytes(&[("claims", "\"hash\"")])).unwrap();
        let expected = r#"{"api":{"a":2,"b":1},"attributes":{"ref":"r"},"claims":"hash","policies":["y"],"subject":"s","v":1}"#;
        assert_eq!(bytes, expected);
        assert_eq!((body.member("subject"), body.member("claims")), (Some("\"s\""), None));
    }

    #[test]
    fn a_value_that_is_no_object_is_wrapped_in_one() {
        assert_eq!(Body::from(json!(7)).bytes(&[]), br#"{"v":1,"value":7}"#);
        assert_eq!(Body::from(json!({ "a\"b": 1 })).bytes(&[]), br#"{"a\"b":1,"v":1}"#);
    }
}
