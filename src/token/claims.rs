//! The claims of a token: a JSON object without duplicate members.

use super::audience::unbound;
use super::{ClaimsError, json};
use crate::words::{Denial, Reason};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A claim set that is cheap to copy. It proves nothing about a signature; a [`super::VerifiedToken`] does.
#[derive(Clone, PartialEq, Debug)]
pub struct Claims(Arc<Map<String, Value>>);

impl Claims {
    /// Parses a claim set.
    pub fn parse(bytes: &[u8]) -> Result<Self, ClaimsError> {
        match json::parse_claims(bytes)? {
            Value::Object(members) => Ok(members.into()),
            _ => Err(ClaimsError::NoObject),
        }
    }

    /// A claim by its name.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A value by JSON pointer (RFC 6901).
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        let rest = pointer.strip_prefix('/')?;
        let (first, deeper) = rest.split_once('/').map_or((rest, None), |(first, deeper)| (first, Some(deeper)));
        let value = self.0.get(&first.replace("~1", "/").replace("~0", "~"))?;
        deeper.map_or(Some(value), |deeper| value.pointer(&format!("/{deeper}")))
    }

    /// All of them.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// A claim that has to be a non-empty string.
    pub(super) fn text(&self, name: &str) -> Result<&str, Denial> {
        match self.0.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            Some(_) => Err(Reason::ClaimRefused.with_cause(format!("`{name}` is not a text, or empty"))),
            None => Err(Reason::ClaimRefused.with_cause(format!("`{name}` is missing"))),
        }
    }

    /// A NumericDate (RFC 7519, section 2) in whole seconds. Fractions and texts are refused.
    pub(super) fn seconds(&self, name: &str) -> Result<Option<i64>, Denial> {
        /// The end of the year 9999.
        const SECONDS_MAX: i64 = 253_402_300_799;
        let Some(value) = self.0.get(name) else { return Ok(None) };
        match value.as_i64() {
            Some(seconds) if (0..=SECONDS_MAX).contains(&seconds) => Ok(Some(seconds)),
            _ => Err(Reason::ClaimRefused.with_cause(format!("`{name}` is not a whole number of seconds"))),
        }
    }

    /// Its one audience, without the key that it may be bound to.
    pub fn addressee(&self) -> Option<&str> {
        self.audience().map(|audience| unbound(audience).0)
    }

    /// The one audience (a string, or an array of one string); `None` if there are several.
    pub(super) fn audience(&self) -> Option<&str> {
        match self.0.get("aud")? {
            Value::String(audience) => Some(audience),
            Value::Array(audiences) => match &audiences[..] {
                [Value::String(audience)] => Some(audience),
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<Map<String, Value>> for Claims {
    fn from(members: Map<String, Value>) -> Self {
        Self(Arc::new(members))
    }
}
