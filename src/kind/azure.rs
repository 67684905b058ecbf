//! `azure`: an access token of Microsoft Entra ID for one scope of an application, or the token of our issuer that Entra exchanges for
//! it.

mod answer;
mod error;
mod names;
mod resource;
mod scope;
#[cfg(test)]
mod tests;

pub use answer::AzureToken;
pub use error::AzureTargetError;
pub use names::{Guid, GuidError};
pub use scope::{Scope, ScopeError};

use super::member::there;
use super::{Kind, Maker, closed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// Instead of a scope: our own token, which Entra accepts for the application.
const FEDERATED: &str = "federated-token";

/// A request for a token. Without a name, for the only one that is granted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Deserialize)]
#[serde(try_from = "Body")]
pub struct AzureTarget {
    /// The application, and the scope.
    pub named: Option<AzureUse>,
}

/// One use of an application. Its text is `CLIENT_ID/SCOPE` or `CLIENT_ID/federated-token`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AzureUse {
    /// The application, or the managed identity, by its client id.
    pub client_id: Guid,
    /// The access token's scope. `None`: our own token, which Entra exchanges for any scope.
    pub scope: Option<Scope>,
}

impl AzureUse {
    /// Reads `CLIENT_ID/SCOPE` or `CLIENT_ID/federated-token`.
    pub fn parse(text: &str) -> Result<Self, AzureTargetError> {
        let (client_id, what) = text.split_once('/').ok_or(AzureTargetError::NoScope)?;
        let client_id = Guid::parse(client_id)?;
        let scope = if what == FEDERATED { None } else { Some(Scope::parse(what)?) };
        Ok(Self { client_id, scope })
    }
}

impl fmt::Display for AzureUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.client_id, self.scope.as_ref().map_or(FEDERATED, Scope::as_str))
    }
}

impl Kind for AzureTarget {
    const EXAMPLE: Option<&'static str> = Some("CLIENT_ID/https://management.azure.com/.default");
    const MADE: Maker = Maker::Outside;

    type Error = AzureTargetError;

    fn read(text: Option<&str>) -> Result<Self, AzureTargetError> {
        text.map(AzureUse::parse).transpose().map(|named| Self { named })
    }

    fn looks_like(text: &str) -> bool {
        AzureUse::parse(text).is_ok()
    }

    fn is_open(&self) -> bool {
        self.named.is_none()
    }

    fn described(answer: &Value) -> Option<Self> {
        let client_id = Guid::parse(answer["client_id"].as_str()?).ok()?;
        let scope = answer["scope"].as_str().map(Scope::parse).transpose().ok()?;
        Some(Self { named: Some(AzureUse { client_id, scope }) })
    }

    fn body() -> Option<Value> {
        let client_id = json!({ "type": "string", "pattern": names::GUID, "description": "The application's client id." });
        let scope = json!({ "type": "string", "pattern": resource::SCOPE, "maxLength": scope::SCOPE_BYTES_MAX, "description": "One resource and `/.default`." });
        let federated = json!({ "const": true, "description": "The server's own token, which Entra accepts for the application, instead of an access token." });
        let open = json!({ "type": "object", "maxProperties": 0, "description": "The only one that is granted." });
        let scoped = closed(&["client_id", "scope"], json!({ "client_id": client_id, "scope": scope }));
        let ours = closed(&["client_id", "federated_token"], json!({ "client_id": client_id, "federated_token": federated }));
        Some(json!({ "oneOf": [open, scoped, ours] }))
    }
}

impl fmt::Display for AzureTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.named.as_ref().map_or(Ok(()), |named| named.fmt(f))
    }
}

/// The form in a request's body.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    client_id: Option<Guid>,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    federated_token: Option<bool>,
}

impl TryFrom<Body> for AzureTarget {
    type Error = AzureTargetError;

    fn try_from(body: Body) -> Result<Self, AzureTargetError> {
        let named = match body {
            Body { client_id: None, scope: None, federated_token: None } => None,
            Body { client_id: Some(client_id), scope: Some(scope), federated_token: None } => {
                Some(AzureUse { client_id, scope: Some(scope) })
            }
            Body { client_id: Some(client_id), scope: None, federated_token: Some(true) } => {
                Some(AzureUse { client_id, scope: None })
            }
            Body { federated_token: Some(false), .. } => return Err(AzureTargetError::Federated),
            Body { client_id: None, .. } => return Err(AzureTargetError::NoClientId),
            Body { .. } => return Err(AzureTargetError::Which),
        };
        Ok(Self { named })
    }
}

impl Serialize for AzureTarget {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = self.named.clone().map_or_else(Body::default, |AzureUse { client_id, scope }| Body {
            client_id: Some(client_id),
            federated_token: scope.is_none().then_some(true),
            scope,
        });
        body.serialize(serializer)
    }
}
