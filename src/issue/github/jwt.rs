//! The JWT by which an App shows that it is itself.
//!
//! GitHub, "Generating a JSON Web Token (JWT) for a GitHub App": RS256; `iat` 60 seconds in the past, against clocks that differ;
//! `exp` at most 10 minutes ahead; `iss` the App's client id or its id.

use super::key::{AppKey, AppKeyError};
use crate::words::{Secret, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::json;
use std::time::Duration;

/// Of GitHub's own advice.
const BACKDATED: Duration = Duration::from_secs(60);
/// Each is used once, at once. GitHub takes ten minutes from `now`; a clock of ours that is ahead has the rest of them.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// A fresh one.
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
