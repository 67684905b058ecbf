//! The answer: the service's token.

use super::{ExchangeFields, ServiceName};
use crate::kind::{Answered, Hidden, nullable, object, reference};
use crate::words::exposed;
use crate::words::{Secret, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A token of a service.
#[derive(Serialize, Deserialize, Debug)]
pub struct ExchangedToken {
    /// The service, as the server calls it.
    pub service: ServiceName,
    /// The fields that the policy set.
    pub fields: ExchangeFields,
    /// The token.
    #[serde(with = "exposed::text")]
    pub token: Secret,
    /// When it ends.
    pub expires_at: UnixTime,
    /// The endpoint that revokes it (RFC 7009); `null`: there is none. The member must be present.
    #[serde(deserialize_with = "Option::deserialize")]
    pub revoke: Option<String>,
}

impl Answered for ExchangedToken {
    const LIVES_ON: &str = "The service's token is valid until it ends, unless the service can revoke it: ask there.";

    fn expires_at(&self) -> Option<UnixTime> {
        Some(self.expires_at)
    }

    fn describe(&self) -> Value {
        json!({ "service": self.service, "fields": self.fields, "expires_at": self.expires_at })
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        vec![(&self.token).into()]
    }

    fn schema() -> Option<Value> {
        let text = json!({ "type": "string" });
        let fields = json!({ "type": "object", "additionalProperties": text });
        Some(object(
            &["service", "fields", "token", "expires_at", "revoke"],
            json!({
                "service": text, "fields": fields, "token": text, "expires_at": reference("Moment"), "revoke": nullable(&text),
            }),
        ))
    }

    #[cfg(test)]
    fn sample() -> Value {
        json!({
            "service": "partner", "fields": { "role": "deploy" }, "token": "hunter2", "expires_at": "2027-01-15T08:00:00Z",
            "revoke": null,
        })
    }
}
