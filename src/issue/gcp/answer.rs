//! Compares Google's answers with the requests. Refuses a token that may do more.

use super::google::ACCESS_TOKEN;
use crate::issue::outward::{Echoed, Provided, answer, is_b64token};
use crate::kind::ServiceAccount;
use crate::words::names::Audience;
use crate::words::{Secret, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The lifetime of Google's federated tokens and ID tokens.
pub(super) const HOUR: Duration = Duration::from_secs(3600);
/// By how much Google's clock may be ahead of ours, including the time that an answer takes.
const CLOCKS_MAX: Duration = Duration::from_secs(60);
/// Google Cloud, "Token types": an access token has 2,048 bytes at most, a federated one 12 KB.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// A token, and when it ends.
pub(super) struct Answer {
    pub(super) token: Secret,
    pub(super) expires_at: UnixTime,
}

impl Provided for Answer {
    fn token(&self) -> &Secret {
        &self.token
    }
}

/// Why an answer is refused. Names the field and none of its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the answer is not one of Google's")]
    Form,
    #[error("the answer's `{0}` is no token")]
    Token(&'static str),
    #[error("the answer's `{0}` is not `{1}`")]
    Type(&'static str, &'static str),
    #[error(transparent)]
    Shown(#[from] Echoed),
    #[error("the answer's `{0}` is over already")]
    Over(&'static str),
    #[error("the answer's `{0}` is later than what was asked for")]
    TooLong(&'static str),
    #[error("the `aud` of the answer's `token` is another one")]
    Audience,
    #[error("the `email` of the answer's `token` is of another service account")]
    Account,
}

impl Fault {
    /// Whether the answer is readable and contradicts the request.
    pub(super) const fn contradicts_request(self) -> bool {
        matches!(self, Self::Type(..) | Self::Shown(_) | Self::TooLong(_) | Self::Audience | Self::Account)
    }
}

#[derive(Deserialize)]
struct Exchanged {
    access_token: String,
    issued_token_type: String,
    token_type: String,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generated {
    access_token: String,
    expire_time: UnixTime,
}

#[derive(Deserialize)]
struct Identified {
    token: String,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    email: String,
    exp: i64,
}

/// Reads the STS's answer to a token of our issuer. Its token lives for an hour at most.
pub(super) fn federated(body: &Secret, now: UnixTime) -> Result<Answer, Fault> {
    let (token, lasts) = exchanged(body)?;
    let expires_at = now.plus(lasts.ok_or(Fault::Form)?);
    Answer { token, expires_at }.within("expires_in", now, HOUR)
}

/// Reads the STS's answer to an access token of Google. `expires_in` may be absent: then the token ends with that access token.
pub(super) fn downscoped(body: &Secret, now: UnixTime, ends: UnixTime) -> Result<Answer, Fault> {
    let (token, lasts) = exchanged(body)?;
    let stated = lasts.map_or(ends, |lasts| now.plus(lasts));
    let Answer { token, expires_at } = Answer { token, expires_at: stated }.within("expires_in", now, ends.since(now))?;
    Ok(Answer { token, expires_at: expires_at.min(ends) })
}

fn exchanged(body: &Secret) -> Result<(Secret, Option<Duration>), Fault> {
    let Exchanged { access_token, issued_token_type, token_type, expires_in } = read(body)?;
    let token = token("access_token", access_token)?;
    if issued_token_type != ACCESS_TOKEN {
        return Err(Fault::Type("issued_token_type", ACCESS_TOKEN));
    }
    // RFC 6749, section 5.1: not case-sensitive.
    if !token_type.eq_ignore_ascii_case("Bearer") {
        return Err(Fault::Type("token_type", "Bearer"));
    }
    Ok((token, expires_in.map(Duration::from_secs)))
}

/// Reads the answer of `generateAccessToken`.
pub(super) fn generated(body: &Secret, now: UnixTime, ttl: Duration) -> Result<Answer, Fault> {
    let Generated { access_token, expire_time } = read(body)?;
    Answer { token: token("accessToken", access_token)?, expires_at: expire_time }.within("expireTime", now, ttl)
}

/// Reads the answer of `generateIdToken`. The token's audience verifies its signature; here its claims are compared with the request.
pub(super) fn identified(body: &Secret, now: UnixTime, account: &ServiceAccount, audience: &Audience) -> Result<Answer, Fault> {
    const FIELD: &str = "token";
    let token = token(FIELD, read::<Identified>(body)?.token)?;
    let text = token.expose_text().unwrap_or_default();
    let [_, claims, _] = text.split('.').collect::<Vec<_>>()[..] else { return Err(Fault::Token(FIELD)) };
    let claims = Secret::new(BASE64.decode(claims).map_err(|_| Fault::Token(FIELD))?);
    let Claims { aud, email, exp } = answer(&claims).map_err(|_| Fault::Token(FIELD))?;
    if aud != audience.as_str() {
        return Err(Fault::Audience);
    }
    if email != account.as_str() {
        return Err(Fault::Account);
    }
    Answer { token, expires_at: UnixTime::from_seconds(exp) }.within("token", now, HOUR)
}

fn read<T: DeserializeOwned>(body: &Secret) -> Result<T, Fault> {
    answer(body).map_err(|_| Fault::Form)
}

fn token(field: &'static str, text: String) -> Result<Secret, Fault> {
    let token = Secret::from(text);
    if token.expose().len() <= TOKEN_BYTES_MAX && is_b64token(&token) { Ok(token) } else { Err(Fault::Token(field)) }
}

impl Answer {
    fn within(self, field: &'static str, now: UnixTime, lasting: Duration) -> Result<Self, Fault> {
        if self.expires_at <= now {
            return Err(Fault::Over(field));
        }
        if self.expires_at > now.plus(lasting + CLOCKS_MAX) {
            return Err(Fault::TooLong(field));
        }
        Ok(self)
    }
}
