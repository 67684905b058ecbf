//! The answer: the token, and what it is for.

use super::{Guid, Scope};
use crate::kind::{Answered, Hidden, nullable, object, reference};
use crate::words::exposed;
use crate::words::{Secret, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An access token, or our own token that Entra accepts for the application.
#[derive(Serialize, Deserialize, Debug)]
pub struct AzureToken {
    /// The tenant.
    pub tenant_id: Guid,
    /// The application.
    pub client_id: Guid,
    /// The access token's scope; `null`: it is our own token. The member must be present.
    #[serde(deserialize_with = "Option::deserialize")]
    pub scope: Option<Scope>,
    /// Entra's address, without the tenant.
    pub authority: String,
    /// The token.
    #[serde(with = "exposed::text")]
    pub token: Secret,
    /// When it ends.
    pub expires_at: UnixTime,
}

impl Answered for AzureToken {
    const LIVES_ON: &str =
        "The token of Entra is valid until it ends, and nobody can revoke it: take away the roles of the application.";

    fn expires_at(&self) -> Option<UnixTime> {
        Some(self.expires_at)
    }

    fn describe(&self) -> Value {
        json!({ "tenant_id": self.tenant_id, "client_id": self.client_id, "scope": self.scope, "expires_at": self.expires_at })
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        vec![(&self.token).into()]
    }

    fn schema() -> Option<Value> {
        let text = json!({ "type": "string" });
        Some(object(
            &["tenant_id", "client_id", "scope", "authority", "token", "expires_at"],
            json!({
                "tenant_id": text, "client_id": text, "scope": nullable(&text), "authority": text, "token": text,
                "expires_at": reference("Moment"),
            }),
        ))
    }

    #[cfg(test)]
    fn sample() -> Value {
        json!({
            "tenant_id": "99999999-2222-3333-4444-555555555555", "client_id": "11111111-2222-3333-4444-555555555555",
            "scope": "https://management.azure.com/.default", "authority": "https://login.microsoftonline.com/",
            "token": "hunter2", "expires_at": "2027-01-15T08:00:00Z",
        })
    }
}
