//! The JWT that authenticates an App.
//!
//! GitHub, "Generating a JSON Web Token (JWT) for a GitHub App": RS256; `iat` 60 seconds in the past, against clocks that differ;
//! `exp` at most 10 minutes ahead; `iss` the App's client id or its id.

use super::key::{AppKey, AppKeyError};
use crate::words::{Secret, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::json;
use std::time::Duration;

/// GitHub's advice.
const BACKDATED: Duration = Duration::from_secs(60);
/// Each JWT is used once, at once. GitHub accepts an `exp` ten minutes ahead; the other five allow for a clock of ours that is ahead.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

pub(super) async fn app_jwt(issuer: &str, key: &AppKey, now: UnixTime) -> Result<Secret, AppKeyError> {
    let (issued_at, expires_at) = (now.minus(BACKDATED).seconds(), now.plus(LIFETIME).seconds());
    let claims = json!({ "iat": issued_at, "exp": expires_at, "iss": issuer });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let mut text = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let signature = key.sign(text.as_bytes()).await?;
    text.push('.');
    BASE64.encode_string(signature, &mut text);
    Ok(text.into())
}
