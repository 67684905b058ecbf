//! Compares a service's answer with the request. Refuses a token that lives longer or has more scopes.

use super::settings::{Lifetime, ServiceSettings};
use crate::issue::outward::{Echoed, Provided, json};
use crate::words::Secret;
use serde_json::Value;
use std::time::Duration;

/// A token, and how long it lives from now on.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) token: Secret,
    pub(super) lifetime: Duration,
}

/// Why an answer is refused. Names the field and none of its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the answer is no JSON, or has a member twice")]
    Form,
    #[error("the answer has no token where `token` of the configuration looks for it")]
    Token,
    #[error("the answer has no lifetime in seconds where `lifetime` of the configuration looks for it")]
    Lifetime,
    #[error("the answer's lifetime is over already")]
    Over,
    #[error("the answer's lifetime is beyond the `ttl` that is granted")]
    TooLong,
    #[error("the answer's `scope` is no text")]
    ScopeForm,
    #[error("the answer's `scope` is wider than what was asked for")]
    Scope,
    #[error(transparent)]
    Shown(#[from] Echoed),
}

impl Fault {
    /// Whether the answer is readable and contradicts the request.
    pub(super) const fn contradicts_request(self) -> bool {
        matches!(self, Self::TooLong | Self::Scope | Self::ScopeForm | Self::Shown(_))
    }
}

impl Provided for Answer {
    fn token(&self) -> &Secret {
        &self.token
    }
}

/// Reads an answer, and compares it with the request.
pub(super) fn read(body: &Secret, settings: &ServiceSettings, scope: Option<&str>, most: Duration) -> Result<Answer, Fault> {
    let answer: Value = json(body).map_err(|_| Fault::Form)?;
    let token = answer.pointer(&settings.token).and_then(Value::as_str).filter(|token| is_token(token)).ok_or(Fault::Token)?;
    let lifetime = match &settings.lifetime {
        Lifetime::Documented(lifetime) => *lifetime,
        Lifetime::At(pointer) => Duration::from_secs(answer.pointer(pointer).and_then(seconds).ok_or(Fault::Lifetime)?),
    };
    if lifetime.is_zero() {
        return Err(Fault::Over);
    }
    if lifetime > most {
        return Err(Fault::TooLong);
    }
    if let (Some(requested), Some(granted)) = (scope, answer.get("scope").filter(|granted| !granted.is_null())) {
        // RFC 6749, section 3.3: a list in one text. Another form cannot be compared.
        let granted = granted.as_str().ok_or(Fault::ScopeForm)?;
        let is_requested = |one: &str| requested.split_ascii_whitespace().any(|word| word == one);
        if !granted.split_ascii_whitespace().all(is_requested) {
            return Err(Fault::Scope);
        }
    }
    Ok(Answer { token: token.to_owned().into(), lifetime })
}

/// RFC 6749, section 5.1, says a number. Some services write it as text.
fn seconds(value: &Value) -> Option<u64> {
    // `parse` accepts a `+`, which no JSON number has.
    value.as_u64().or_else(|| value.as_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok())
}

/// RFC 6749, appendix A.12: visible characters and spaces. A token with a space does not fit into a header, so it is refused.
fn is_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| matches!(byte, b'!'..=b'~'))
}
