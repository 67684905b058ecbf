//! Compares Entra's answer with the request. Refuses a token that lives longer, or is of another tenant or application.

use super::token::ParsedToken;
use crate::issue::outward::{Echoed, Provided, answer, is_b64token};
use crate::kind::Guid;
use crate::words::{Secret, UnixTime, exposed};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// By how much `exp` may be later than `expires_in`. It covers a difference of the clocks, and Entra dates tokens back by five minutes.
const EXP_LEEWAY: Duration = Duration::from_secs(300);

/// A token, and how long it lives from now on.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) token: Secret,
    pub(super) lifetime: Duration,
}

/// Why an answer is refused. Names the field and none of its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the answer is not one of Entra's")]
    Form,
    #[error("the answer's `token_type` is not `Bearer`")]
    TokenType,
    #[error("the answer's `access_token` is no token")]
    Token,
    #[error("the answer's `expires_in` is over already")]
    Over,
    #[error("the answer's `expires_in` is beyond the `ttl` that is granted")]
    TooLong,
    #[error("the answer's `access_token` looks like a JWT and is not a valid one")]
    Malformed,
    #[error("the `exp` of the answer's `access_token` is no time, or later than its `expires_in`")]
    Exp,
    #[error("the answer's `access_token` is of another tenant")]
    Tenant,
    #[error("the answer's `access_token` is of another application")]
    Application,
    #[error(transparent)]
    Shown(#[from] Echoed),
}

impl Fault {
    /// Whether the answer is readable and contradicts the request.
    pub(super) const fn contradicts_request(self) -> bool {
        matches!(self, Self::TooLong | Self::Malformed | Self::Exp | Self::Tenant | Self::Application | Self::Shown(_))
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

impl Provided for Answer {
    fn token(&self) -> &Secret {
        &self.token
    }
}

impl Answer {
    /// Reads an answer, and compares it with the request.
    pub(super) fn read(body: &Secret, tenant: &Guid, client_id: &Guid, now: UnixTime, most: Duration) -> Result<Self, Fault> {
        let Body { token_type, expires_in, access_token } = answer(body).map_err(|_| Fault::Form)?;
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
        match ParsedToken::of(&access_token) {
            ParsedToken::Opaque => {}
            ParsedToken::Malformed => return Err(Fault::Malformed),
            ParsedToken::Claims(claims) => {
                let is_other = |name: &str, own: &Guid| {
                    let is_own = |claim: &Value| claim.as_str().and_then(|claim| Guid::parse(claim).ok()).as_ref() == Some(own);
                    claims.get(name).is_some_and(|claim| !is_own(claim))
                };
                if is_other("tid", tenant) {
                    return Err(Fault::Tenant);
                }
                // "Access token claims reference": v1 tokens have `appid`, v2 tokens `azp`.
                if is_other("appid", client_id) || is_other("azp", client_id) {
                    return Err(Fault::Application);
                }
                let latest = now.plus(lifetime + EXP_LEEWAY).seconds();
                if claims.get("exp").is_some_and(|exp| exp.as_i64().is_none_or(|exp| exp > latest)) {
                    return Err(Fault::Exp);
                }
            }
        }
        Ok(Self { token: access_token, lifetime })
    }
}
