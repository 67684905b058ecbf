//! What is answered: a value of a repository.

use crate::kind::{Answered, Hidden, POINTER, object, reference};
use crate::words::exposed;
use crate::words::names::{CommitId, SecretName};
use crate::words::{Secret, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A value, or a whole document.
#[derive(Serialize, Deserialize, Debug)]
pub struct SecretValue {
    /// Its name.
    pub name: SecretName,
    /// The commit that it is of.
    pub commit: CommitId,
    /// Of a document that is not granted whole, the values that are, by JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// Whether the value is, or holds, one that nothing authenticates.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unauthenticated: bool,
    /// As it is written: by `encoding`, else as it is.
    #[serde(with = "exposed::text")]
    pub value: Secret,
    /// How the value is written where it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// When the policies that grant it end, if they do.
    pub expires_at: Option<UnixTime>,
    /// How long whoever keeps it asking anew may keep it when nobody answers.
    pub offline_seconds: u64,
}

/// How a value that is no text is written.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// RFC 4648, section 4.
    Base64,
}

impl SecretValue {
    /// How this value is written.
    pub fn written(value: &Secret) -> (Option<Encoding>, Secret) {
        match value.expose_text() {
            Some(_) => (None, value.duplicate()),
            None => (Some(Encoding::Base64), STANDARD.encode(value.expose()).into()),
        }
    }

    /// The value itself. The error is of a text that is not in the encoding which the answer names.
    pub fn plain(&self) -> Result<Secret, base64::DecodeError> {
        match self.encoding {
            None => Ok(self.value.duplicate()),
            Some(Encoding::Base64) => STANDARD.decode(self.value.expose()).map(Secret::new),
        }
    }
}

impl Answered for SecretValue {
    fn expires_at(&self) -> Option<UnixTime> {
        self.expires_at
    }

    fn describe(&self) -> Value {
        let mut told = json!({ "name": self.name, "commit": self.commit });
        if let Some(only) = &self.only {
            told["only"] = json!(only);
        }
        if self.unauthenticated {
            told["unauthenticated"] = true.into();
        }
        told
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
                "encoding": { "type": "string", "const": "base64", "description": "There where the value is no text." },
                "commit": reference("Commit"),
                "only": { "type": "array", "items": { "type": "string", "pattern": POINTER }, "description": "There where not all of a document is granted: the values that are." },
                "unauthenticated": { "type": "boolean", "const": true, "description": "There where the value is or holds one that nothing authenticates, and the policy allows it." },
                "expires_at": { "oneOf": [reference("Moment"), { "type": "null" }], "description": "When the policies that grant it end." },
                "offline_seconds": { "type": "integer", "minimum": 0, "description": "How long whoever asks again and again may keep it when nobody answers." },
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_false(value: &bool) -> bool {
    !*value
}
