//! `secret`, and `secret_at` for one as an older commit had it: a value of a repository.

use super::{Answered, Hidden, exposed};
use crate::words::names::{CommitId, SecretName};
use crate::words::{Secret, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::ops::Deref;

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
}

/// The same as an older commit had it.
#[derive(Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct PastSecret(pub SecretValue);

impl Deref for PastSecret {
    type Target = SecretValue;

    fn deref(&self) -> &SecretValue {
        &self.0
    }
}

impl Answered for PastSecret {
    fn expires_at(&self) -> Option<UnixTime> {
        self.0.expires_at()
    }

    fn describe(&self) -> Value {
        self.0.describe()
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        self.0.hidden()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_false(value: &bool) -> bool {
    !*value
}
