//! An opened secret on its way out: its value, which commit it is of, and how long its holder may keep it.

use crate::policy::SecretTerms;
use crate::secrets::Plaintext;
use crate::words::UnixTime;
use crate::words::names::CommitId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

/// A secret's value.
#[derive(Debug)]
pub struct OpenedSecret {
    /// What was granted.
    pub terms: SecretTerms,
    /// Its value, and whether something authenticates all of it.
    pub plaintext: Arc<Plaintext>,
    /// The commit that it is of.
    pub commit: CommitId,
    /// When the policies that grant it end, if they do.
    pub expires_at: Option<UnixTime>,
}

impl OpenedSecret {
    /// For the audit log: what it was, of which commit, and whether all of it is authentic.
    pub(super) fn describe(&self) -> Value {
        let mut told = json!({ "name": self.terms.name.to_string(), "commit": self.commit });
        if let Some(only) = &self.terms.only {
            told["only"] = json!(only);
        }
        if self.plaintext.unauthenticated {
            told["unauthenticated"] = true.into();
        }
        told
    }

    /// For the answer alone. A value that is not text travels as base64 (RFC 4648), and says so.
    pub(super) fn to_json(&self) -> Value {
        let value = &self.plaintext.value;
        let text = value.expose_text().map_or_else(|| STANDARD.encode(value.expose()), str::to_owned);
        let mut told = self.describe();
        told["value"] = text.into();
        if value.expose_text().is_none() {
            told["encoding"] = "base64".into();
        }
        told["expires_at"] = self.expires_at.map(|moment| moment.to_string()).into();
        told["offline_seconds"] = self.terms.offline.as_secs().into();
        told
    }
}
