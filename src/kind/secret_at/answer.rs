//! The answer: the same as for a current secret.

use crate::kind::{Answered, Hidden, SecretValue};
use crate::words::UnixTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;
#[cfg(test)]
use serde_json::json;
use std::ops::Deref;

/// The value in an older commit.
#[derive(Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct PastValue(pub SecretValue);

impl Deref for PastValue {
    type Target = SecretValue;

    fn deref(&self) -> &SecretValue {
        &self.0
    }
}

impl Answered for PastValue {
    const LIVES_ON: &str = SecretValue::LIVES_ON;

    fn expires_at(&self) -> Option<UnixTime> {
        self.0.expires_at()
    }

    fn describe(&self) -> Value {
        self.0.describe()
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        self.0.hidden()
    }

    fn schema() -> Option<Value> {
        SecretValue::schema()
    }

    #[cfg(test)]
    fn sample() -> Value {
        let commit = "4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b";
        json!({
            "commit": commit, "encoding": "base64", "expires_at": null, "name": "shop/db.age", "offline_seconds": 0, "only": ["/a"],
            "unauthenticated": true, "value": "/w==",
        })
    }
}
