//! The answer: a committed value.

use crate::kind::{Answered, Hidden, IssuedValues, LISTED_VALUES_BYTES_MAX, POINTER, object, reference};
use crate::words::exposed;
use crate::words::names::{CommitId, SecretName};
use crate::words::{Secret, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::num::NonZeroUsize;

/// A value, or a whole document.
#[derive(Serialize, Deserialize, Debug)]
pub struct SecretValue {
    /// Its name.
    pub name: SecretName,
    /// The commit that it was read from.
    pub commit: CommitId,
    /// The granted values by JSON pointer, if only a part of a document is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// Whether nothing authenticates the value or a part of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unauthenticated: bool,
    /// The value, encoded by `encoding` if there is one.
    #[serde(with = "exposed::text")]
    pub value: Secret,
    /// The encoding of a value that is not UTF-8 text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// When the policies that grant it end, if they do.
    pub expires_at: Option<UnixTime>,
    /// How long a client that refreshes it may keep it while the server does not answer.
    pub offline_seconds: u64,
}

/// A value as the audit log describes it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct DescribedSecret {
    commit: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    only: Option<Vec<String>>,
    /// How many of the values are not named.
    #[serde(skip_serializing_if = "Option::is_none")]
    only_left_out: Option<NonZeroUsize>,
    #[serde(skip_serializing_if = "is_false")]
    unauthenticated: bool,
}

/// The values that were issued of a document, as the audit log describes a credential; `None` if it was issued whole.
pub fn only_issued(issued: &Value) -> Option<IssuedValues> {
    issued.as_object()?.values().find_map(|described| {
        let DescribedSecret { only, only_left_out, .. } = DescribedSecret::deserialize(described).ok()?;
        only.map(|only| if only_left_out.is_some() { IssuedValues::NotAllNamed } else { IssuedValues::Named(only) })
    })
}

/// The first of these values, as many as the audit log names, and how many more there are.
fn named(only: &[String]) -> (Vec<String>, Option<NonZeroUsize>) {
    let mut left = LISTED_VALUES_BYTES_MAX;
    let fits = |pointer: &&String| left.checked_sub(json!(pointer).to_string().len() + 1).inspect(|rest| left = *rest).is_some();
    let named: Vec<String> = only.iter().take_while(fits).cloned().collect();
    let more = NonZeroUsize::new(only.len() - named.len());
    (named, more)
}

/// The encoding of a value that is not UTF-8 text.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// RFC 4648, section 4.
    Base64,
}

impl SecretValue {
    /// Encodes a value if it is not UTF-8 text.
    pub fn written(value: &Secret) -> (Option<Encoding>, Secret) {
        match value.expose_text() {
            Some(_) => (None, value.duplicate()),
            None => (Some(Encoding::Base64), STANDARD.encode(value.expose()).into()),
        }
    }

    /// Decodes the value. Fails if the text is not valid in the answer's encoding.
    pub fn plain(&self) -> Result<Secret, base64::DecodeError> {
        match self.encoding {
            None => Ok(self.value.duplicate()),
            Some(Encoding::Base64) => STANDARD.decode(self.value.expose()).map(Secret::new),
        }
    }
}

impl Answered for SecretValue {
    const LIVES_ON: &str = "Whoever read a value still knows it after the revocation: change it where it is used, and then in the repository (`daypass secret set`). To keep the job from reading the next one, deny it (`daypass deny`) or narrow its policy.";

    fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    fn describe(&self) -> Value {
        let (commit, name) = (self.commit.to_string(), self.name.to_string());
        let (only, only_left_out) = self.only.as_deref().map(named).unzip();
        let only_left_out = only_left_out.flatten();
        json!(DescribedSecret { commit, name, only, only_left_out, unauthenticated: self.unauthenticated })
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        let written = Hidden { value: self.value.duplicate(), name: Some(&self.name) };
        let plain = self.encoding.and_then(|_| self.plain().ok()).map(|value| Hidden { value, name: Some(&self.name) });
        std::iter::once(written).chain(plain).collect()
    }

    fn schema() -> Option<Value> {
        Some(reference("Secret"))
    }

    fn component() -> Option<(&'static str, Value)> {
        let schema = object(
            &["name", "value", "commit", "expires_at", "offline_seconds"],
            json!({
                "name": reference("SecretName"), "value": { "type": "string" },
                "encoding": { "type": "string", "const": "base64", "description": "Present if the value is no text." },
                "commit": reference("Commit"),
                "only": { "type": "array", "items": { "type": "string", "pattern": POINTER }, "description": "Present if only a part of the document is granted: the granted values." },
                "unauthenticated": { "type": "boolean", "const": true, "description": "Present if nothing authenticates the value or a part of it, and the policy allows that." },
                "expires_at": { "oneOf": [reference("Moment"), { "type": "null" }], "description": "When the policies that grant it end." },
                "offline_seconds": { "type": "integer", "minimum": 0, "description": "How long a client that refreshes it may keep it while the server does not answer." },
            }),
        );
        Some(("Secret", schema))
    }

    #[cfg(test)]
    fn sample() -> Value {
        let commit = "4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b";
        json!({ "commit": commit, "expires_at": null, "name": "shop/db.yaml#/a", "offline_seconds": 60, "value": "hunter2" })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_as_many_values_of_a_document_as_a_record_has_room_for() {
        let described = |count: usize| {
            let mut value: SecretValue = serde_json::from_value(SecretValue::sample()).unwrap();
            value.only = Some((0..count).map(|number| format!("/\u{1}{number}")).collect());
            json!({ "secret": value.describe() })
        };
        let (few, many) = (described(7), described(100_000));
        assert!(matches!(only_issued(&few), Some(IssuedValues::Named(values)) if values.len() == 7), "{few}");
        assert_eq!(only_issued(&many), Some(IssuedValues::NotAllNamed));
        let (named, left_out) = (many["secret"]["only"].as_array().unwrap().len(), many["secret"]["only_left_out"].as_u64());
        assert_eq!(left_out, u64::try_from(100_000 - named).ok());
        assert!(named > 1000 && many.to_string().len() < LISTED_VALUES_BYTES_MAX + 1024, "{named}");
        assert_eq!(only_issued(&json!({ "secret": { "commit": "c", "name": "n" } })), None);
    }
}
