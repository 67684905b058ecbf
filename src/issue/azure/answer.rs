//! Entra's answer, compared with what was asked: a token that lives longer, or of another tenant or application, is none.

use crate::issue::outward::is_b64token;
use crate::kind::Guid;
use crate::words::{Secret, exposed};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// A token, and how long it lives from now on.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) token: Secret,
    pub(super) lifetime: Duration,
}

/// Why an answer is none, told by the field alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the answer is not one of Entra's")]
    Form,
    #[error("the answer's `token_type` is not `Bearer`")]
    TokenType,
    #[error("the answer's `access_token` is none")]
    Token,
    #[error("the answer's `expires_in` is over already")]
    Over,
    #[error("the answer's `expires_in` is beyond the `ttl` that is granted")]
    TooLong,
    #[error("the answer's `access_token` is of another tenant")]
    Tenant,
    #[error("the answer's `access_token` is of another application")]
    Application,
}

impl Fault {
    /// Whether Entra gave something else than it was asked for, and not only something unreadable.
    pub(super) const fn is_lie(self) -> bool {
        matches!(self, Self::TooLong | Self::Tenant | Self::Application)
    }
}

/// Entra, "Client credentials flow", successful response.
#[derive(Deserialize)]
struct Body {
    token_type: String,
    expires_in: u64,
    #[serde(with = "exposed::text")]
    access_token: Secret,
}

impl Answer {
    /// Reads an answer, and compares it.
    pub(super) fn read(body: &Secret, tenant: &Guid, client_id: &Guid, most: Duration) -> Result<Self, Fault> {
        let Body { token_type, expires_in, access_token } = serde_json::from_slice(body.expose()).map_err(|_| Fault::Form)?;
        if !token_type.eq_ignore_ascii_case("Bearer") {
            return Err(Fault::TokenType);
        }
        if !is_b64token(&access_token) {
            return Err(Fault::Token);
        }
        let lifetime = Duration::from_secs(expires_in);
        if lifetime.is_zero() {
            return Err(Fault::Over);
        }
        if lifetime > most {
            return Err(Fault::TooLong);
        }
        // A resource may have its tokens encrypted: what is no JWT tells nothing of whom it is.
        if let Some(claims) = claims(&access_token) {
            let is_other = |name: &str, own: &Guid| {
                let is_own = |said: &Value| said.as_str().and_then(|said| Guid::parse(said).ok()).as_ref() == Some(own);
                claims.get(name).is_some_and(|said| !is_own(said))
            };
            if is_other("tid", tenant) {
                return Err(Fault::Tenant);
            }
            // "Access token claims reference": v1 tokens have `appid`, v2 tokens `azp`.
            if is_other("appid", client_id) || is_other("azp", client_id) {
                return Err(Fault::Application);
            }
        }
        Ok(Self { token: access_token, lifetime })
    }
}

/// Read, not verified: the token was heard from Entra itself, over TLS.
fn claims(token: &Secret) -> Option<Map<String, Value>> {
    let [_, payload, _] = token.expose_text()?.split('.').collect::<Vec<_>>()[..] else { return None };
    let payload = Secret::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    serde_json::from_slice(payload.expose()).ok()
}
