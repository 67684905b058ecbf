//! `gcp`: a Google Cloud token, for a service account or for the federated identity itself.

mod answer;
mod names;

pub use answer::GcpToken;
pub use names::{GcpNameError, GcpScope, ServiceAccount};

use super::member::there;
use super::{Kind, Maker, closed, reference};
use crate::words::names::{Audience, NameError};
use names::{SERVICE_ACCOUNT, SERVICE_ACCOUNT_BYTES_MAX};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// Instead of a service account: the federated identity itself. The patterns of guardrails and bounds use this word too.
pub const DIRECT: &str = "direct";
/// The prefix of an ID token's audience.
const AUDIENCE: &str = "audience=";

/// A request for a token. The policy supplies what is left out. Without an audience it is an access token.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Body", into = "Body")]
pub struct GcpTarget {
    /// Whose token it is.
    pub of: Option<Principal>,
    /// An ID token for this audience.
    pub audience: Option<Audience>,
    /// The delegates in the chain of impersonation. A request cannot name them: a grant does, and guardrails match them.
    pub through: Vec<ServiceAccount>,
}

/// Whose token it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Principal {
    /// A service account's.
    ServiceAccount(ServiceAccount),
    /// The federated identity's own.
    Direct,
}

/// Why a text names no token of Google.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GcpTargetError {
    /// One of its words is empty.
    #[error(
        "expected words with one space between them, such as `deploy@acme.iam.gserviceaccount.com audience=https://api.example`"
    )]
    Words,
    /// Its service account.
    #[error(transparent)]
    Name(#[from] GcpNameError),
    /// Its audience.
    #[error(transparent)]
    Audience(#[from] NameError),
    /// A second service account, or a second audience.
    #[error("something is named twice")]
    Twice,
    /// Only a service account has ID tokens.
    #[error("`{DIRECT}` takes no service account and no audience: only a service account has ID tokens")]
    Direct,
}

impl Principal {
    /// The text that patterns match.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ServiceAccount(account) => account.as_str(),
            Self::Direct => DIRECT,
        }
    }

    /// The service account, if it is one.
    pub const fn service_account(&self) -> Option<&ServiceAccount> {
        match self {
            Self::ServiceAccount(account) => Some(account),
            Self::Direct => None,
        }
    }

    fn parse(text: &str) -> Result<Self, GcpNameError> {
        if text == DIRECT { Ok(Self::Direct) } else { ServiceAccount::parse(text).map(Self::ServiceAccount) }
    }
}

impl GcpTarget {
    fn new(of: Option<Principal>, audience: Option<Audience>) -> Result<Self, GcpTargetError> {
        match (&of, &audience) {
            (Some(Principal::Direct), Some(_)) => Err(GcpTargetError::Direct),
            _ => Ok(Self { of, audience, through: Vec::new() }),
        }
    }
}

impl Kind for GcpTarget {
    const EXAMPLE: Option<&'static str> = Some("deploy@acme.iam.gserviceaccount.com");
    const MADE: Maker = Maker::Outside;

    type Error = GcpTargetError;

    fn read(text: Option<&str>) -> Result<Self, GcpTargetError> {
        let (mut of, mut audience) = (None, None);
        for word in text.into_iter().flat_map(|text| text.split(' ')) {
            let is_twice = match word.strip_prefix(AUDIENCE) {
                _ if word.is_empty() => return Err(GcpTargetError::Words),
                Some(text) => audience.replace(Audience::parse(text)?).is_some(),
                None => of.replace(Principal::parse(word)?).is_some(),
            };
            if is_twice {
                return Err(GcpTargetError::Twice);
            }
        }
        Self::new(of, audience)
    }

    fn looks_like(text: &str) -> bool {
        text.contains('@') && Self::question(text).is_ok()
    }

    fn is_open(&self) -> bool {
        self.of.is_none() && self.audience.is_none()
    }

    fn described(answer: &Value) -> Option<Self> {
        let account = answer.get("service_account")?.as_str().map(ServiceAccount::parse).transpose().ok()?;
        let audience = answer["audience"].as_str().map(Audience::parse).transpose().ok()?;
        Self::new(Some(account.map_or(Principal::Direct, Principal::ServiceAccount)), audience).ok()
    }

    fn body() -> Option<Value> {
        let account = json!({ "type": "string", "pattern": SERVICE_ACCOUNT, "maxLength": SERVICE_ACCOUNT_BYTES_MAX, "description": "Left out: the one that is granted." });
        let mut audience = reference("Audience");
        audience["description"] = "An ID token for it. Left out: an access token.".into();
        let of_account = closed(&[], json!({ "service_account": account, "audience": audience }));
        let direct = json!({ "const": DIRECT, "description": "The federated token itself, without a service account." });
        Some(json!({ "oneOf": [of_account, closed(&["access"], json!({ "access": direct }))] }))
    }
}

impl fmt::Display for GcpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let audience = self.audience.as_ref().map(|audience| format!("{AUDIENCE}{audience}"));
        let words = self.of.iter().map(|of| of.as_str().to_owned()).chain(audience);
        f.write_str(&words.collect::<Vec<_>>().join(" "))
    }
}

/// The form in a request's body.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    service_account: Option<ServiceAccount>,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    access: Option<Access>,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    audience: Option<Audience>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Access {
    Direct,
}

impl TryFrom<Body> for GcpTarget {
    type Error = GcpTargetError;

    fn try_from(body: Body) -> Result<Self, GcpTargetError> {
        let of = match (body.service_account, body.access) {
            (Some(_), Some(Access::Direct)) => return Err(GcpTargetError::Direct),
            (None, Some(Access::Direct)) => Some(Principal::Direct),
            (account, None) => account.map(Principal::ServiceAccount),
        };
        Self::new(of, body.audience)
    }
}

impl From<GcpTarget> for Body {
    fn from(GcpTarget { of, audience, .. }: GcpTarget) -> Self {
        match of {
            Some(Principal::Direct) => Self { service_account: None, access: Some(Access::Direct), audience },
            Some(Principal::ServiceAccount(account)) => Self { service_account: Some(account), access: None, audience },
            None => Self { service_account: None, access: None, audience },
        }
    }
}

#[cfg(test)]
mod tests;
