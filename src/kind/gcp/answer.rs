//! The answer: a token of Google, and what it is for.

use super::{GcpScope, ServiceAccount};
use crate::kind::{Answered, Hidden, nullable, object, reference};
use crate::words::names::Audience;
use crate::words::{Secret, UnixTime, exposed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A token of Google.
#[derive(Serialize, Deserialize, Debug)]
pub struct GcpToken {
    /// Whose it is; `null`: the federated identity's own. The member must be present.
    #[serde(deserialize_with = "Option::deserialize")]
    pub service_account: Option<ServiceAccount>,
    /// The audience of an ID token; `null`: it is an access token.
    #[serde(deserialize_with = "Option::deserialize")]
    pub audience: Option<Audience>,
    /// The scopes of an access token. An ID token has none.
    pub scopes: BTreeSet<GcpScope>,
    /// The token.
    #[serde(with = "exposed::text")]
    pub token: Secret,
    /// When it ends. It cannot be revoked.
    pub expires_at: UnixTime,
}

impl Answered for GcpToken {
    const LIVES_ON: &str = "The token of Google is valid until it ends, and nobody can revoke it: take away the roles of the service account or the principal, or disable the account.";

    fn expires_at(&self) -> Option<UnixTime> {
        Some(self.expires_at)
    }

    fn describe(&self) -> Value {
        json!({
            "service_account": self.service_account, "audience": self.audience, "scopes": self.scopes, "expires_at": self.expires_at,
        })
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        vec![(&self.token).into()]
    }

    fn schema() -> Option<Value> {
        let text = json!({ "type": "string" });
        Some(object(
            &["service_account", "audience", "scopes", "token", "expires_at"],
            json!({
                "service_account": nullable(&text), "audience": nullable(&text), "scopes": { "type": "array", "items": text },
                "token": text, "expires_at": reference("Moment"),
            }),
        ))
    }

    #[cfg(test)]
    fn sample() -> Value {
        json!({
            "service_account": "deploy@acme.iam.gserviceaccount.com", "audience": null,
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"], "token": "hunter2", "expires_at": "2027-01-15T08:00:00Z",
        })
    }
}
