//! `token_exchange`: a token of a service that accepts ours in exchange (RFC 8693, RFC 7523 or similar), for the fields that a policy
//! sets.

mod answer;
mod error;
mod fields;
#[cfg(test)]
mod tests;

pub use answer::ExchangedToken;
pub use error::{FieldError, TokenExchangeError};
pub use fields::{ExchangeFields, ServiceName};

use super::member::there;
use super::{Kind, Maker, closed};
use fields::{NAME, SERVICE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// A request for a token. The policy supplies what is left out. Its text is `SERVICE` or `SERVICE?NAME=VALUE&…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenExchangeTarget {
    /// The service, as the configuration calls it.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
    /// The fields that the policy sets, all of them.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub fields: Option<ExchangeFields>,
}

impl Kind for TokenExchangeTarget {
    const EXAMPLE: Option<&'static str> = Some("SERVICE");
    const MADE: Maker = Maker::Outside;

    type Error = TokenExchangeError;

    fn read(text: Option<&str>) -> Result<Self, TokenExchangeError> {
        let Some(text) = text else { return Ok(Self::default()) };
        let (service, fields) = text.split_once('?').map_or((text, None), |(service, fields)| (service, Some(fields)));
        let fields = fields.map(ExchangeFields::parse).transpose()?;
        Ok(Self { service: Some(ServiceName::parse(service)?), fields })
    }

    /// Fields without a service count as a name, which no policy grants.
    fn is_open(&self) -> bool {
        self.service.is_none() && self.fields.is_none()
    }

    fn described(answer: &Value) -> Option<Self> {
        let service = ServiceName::parse(answer["service"].as_str()?).ok()?;
        Some(Self { service: Some(service), fields: Some(ExchangeFields::deserialize(&answer["fields"]).ok()?) })
    }

    fn body() -> Option<Value> {
        let service = json!({ "type": "string", "pattern": SERVICE, "description": "The service, as the server calls it. Left out: the one that is granted." });
        let fields = json!({
            "type": "object", "maxProperties": error::FIELDS_MAX, "propertyNames": { "pattern": NAME },
            "additionalProperties": { "type": "string", "pattern": fields::VALUE },
            "description": "The fields as the policy sets them. Left out: those that are granted.",
        });
        let both = closed(&["service"], json!({ "service": service, "fields": fields }));
        Some(json!({ "oneOf": [{ "type": "object", "maxProperties": 0 }, both] }))
    }
}

/// One line. `SERVICE?` (no field is set) differs from `SERVICE` (the fields are left to the policy).
impl fmt::Display for TokenExchangeTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.service.as_ref().map_or(Ok(()), |service| f.write_str(service.as_str()))?;
        self.fields.as_ref().map_or(Ok(()), |fields| write!(f, "?{fields}"))
    }
}
