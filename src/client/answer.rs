//! What the server's answer holds, as types: a credential that was asked for and is not there is a failure, never an empty one.

use super::{Failure, STATUS_UNAVAILABLE};
use crate::words::names::SecretName;
use crate::words::{Secret, UnixTime};
use serde_json::Value;

/// An AWS session.
#[derive(Debug)]
pub struct AwsCredential {
    /// The access key's id, which is no secret.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session's token.
    pub session_token: Secret,
    /// When it ends.
    pub expires_at: UnixTime,
    /// The account of the role.
    pub account: Option<String>,
}

/// A token of the server's own issuer.
#[derive(Debug)]
pub struct IdToken {
    /// The JWT.
    pub token: Secret,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// The AWS session of an answer.
pub fn aws(answer: &Value) -> Result<AwsCredential, Failure> {
    let aws = &find(answer, |credential| credential["aws"]["AccessKeyId"].is_string())?["aws"];
    let text = |member: &str| aws[member].as_str().map(str::to_owned).ok_or_else(missing);
    Ok(AwsCredential {
        access_key_id: text("AccessKeyId")?,
        secret_access_key: text("SecretAccessKey")?.into(),
        session_token: text("SessionToken")?.into(),
        expires_at: moment(&aws["Expiration"])?,
        account: aws["AccountId"].as_str().map(str::to_owned),
    })
}

/// The token for this audience.
pub fn id_token(answer: &Value, audience: &str) -> Result<IdToken, Failure> {
    let token = &find(answer, |credential| credential["id_token"]["audience"] == audience)?["id_token"];
    let text = token["token"].as_str().ok_or_else(missing)?;
    Ok(IdToken { token: text.to_owned().into(), expires_at: moment(&token["expires_at"])? })
}

/// The secret of this name.
pub fn secret(answer: &Value, name: &SecretName) -> Result<Secret, Failure> {
    secret_value(find(answer, |credential| credential["secret"]["name"] == name.to_string().as_str())?)
}

/// A secret's value, of today or as an older commit had it; what is not text travels as base64 (RFC 4648) and says so.
pub fn secret_value(credential: &Value) -> Result<Secret, Failure> {
    use base64::Engine;
    let secret = credential.get("secret").or_else(|| credential.get("secret_at")).ok_or_else(missing)?;
    let text = secret["value"].as_str().ok_or_else(missing)?;
    if secret["encoding"].as_str() == Some("base64") {
        return base64::engine::general_purpose::STANDARD.decode(text).map(Secret::new).map_err(|_| missing());
    }
    Ok(text.to_owned().into())
}

fn find(answer: &Value, is_it: impl Fn(&Value) -> bool) -> Result<&Value, Failure> {
    answer["credentials"].as_array().and_then(|all| all.iter().find(|credential| is_it(credential))).ok_or_else(missing)
}

fn moment(value: &Value) -> Result<UnixTime, Failure> {
    value.as_str().and_then(UnixTime::from_rfc3339).ok_or_else(missing)
}

fn missing() -> Failure {
    Failure::new(STATUS_UNAVAILABLE, "the server's answer does not hold what was asked for")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_is_found_by_what_was_asked_for_and_nothing_else_is_taken_for_it() {
        let aws_half = json!({"aws": {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t"}});
        let token = json!({"id_token": {"audience": "https://a", "token": "a.b.c", "expires_at": "2027-01-15T08:00:00Z"}});
        let answer =
            json!({"credentials": [aws_half, token, {"secret": {"name": "shop/x", "value": "aGk=", "encoding": "base64"}}]});
        assert!(aws(&answer).is_err(), "no expiration: not to be trusted for ever");
        assert_eq!(id_token(&answer, "https://a").unwrap().expires_at, UnixTime::from_seconds(1_800_000_000));
        assert!(id_token(&answer, "https://b").is_err());
        assert_eq!(secret(&answer, &SecretName::parse("shop/x").unwrap()).unwrap().expose(), b"hi");
        assert!(secret(&answer, &SecretName::parse("shop/y").unwrap()).is_err());
    }
}
