//! Google's executable-sourced credentials (google-auth, "pluggable"; AIP-4117): a subject token of version 1 on standard output.
//!
//! Nothing else may be printed on either stream, and the status is 0 even for a refusal: the Go libraries show another status
//! without the message, and the Python library reads both streams as one document.

use crate::client::Failure;
use crate::client::environment::Environment;
use crate::kind::IdToken;
use serde_json::{Value, json};

/// The variable in which the library names the only type that it accepts.
const TYPE_VARIABLE: &str = "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE";
/// The types of our issuer's tokens.
const TYPES: [&str; 2] = ["urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:jwt"];

/// The type that the library expects.
pub fn token_type(environment: &Environment) -> Result<&'static str, Failure> {
    let Some(requested) = environment.value(TYPE_VARIABLE) else { return Ok(TYPES[0]) };
    let known = TYPES.into_iter().find(|known| *known == requested);
    let advice =
        || format!("no token of the type `{requested}` is issued: set `subject_token_type` to {} or {}", TYPES[0], TYPES[1]);
    known.ok_or_else(|| Failure::new(crate::client::STATUS_USAGE, advice()))
}

/// The answer with a token.
pub fn success(token_type: &str, token: &IdToken) -> Value {
    json!({
        "version": 1, "success": true, "token_type": token_type,
        "id_token": token.token.expose_text(), "expiration_time": token.expires_at.seconds(),
    })
}

/// The answer that says why there is no token.
pub fn failure(failure: &Failure) -> Value {
    let code = failure.code.as_deref().unwrap_or("failed");
    json!({ "version": 1, "success": false, "code": code, "message": failure.one_line() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::UnixTime;

    #[test]
    fn the_type_is_the_one_that_is_expected() {
        for known in TYPES {
            assert_eq!(token_type(&[(TYPE_VARIABLE, known)].into()).unwrap(), known);
        }
        assert!(token_type(&[(TYPE_VARIABLE, "urn:ietf:params:oauth:token-type:saml2")].into()).is_err());
        assert_eq!(token_type(&Environment::default()).unwrap(), TYPES[0]);
    }

    #[test]
    fn both_answers_have_their_documented_members() {
        let audience = crate::words::names::Audience::parse("https://a.example").unwrap();
        let token = IdToken { audience, token: "a.b.c".to_owned().into(), expires_at: UnixTime::from_seconds(1_800_000_000) };
        let expected =
            json!({"version": 1, "success": true, "token_type": TYPES[0], "id_token": "a.b.c", "expiration_time": 1_800_000_000});
        assert_eq!(success(TYPES[0], &token), expected);
        let refused = Failure { code: Some("replayed".into()), ..Failure::new(77, "Used.").with_hint("ask") };
        let expected = json!({"version": 1, "success": false, "code": "replayed", "message": "Used. (replayed); hint: ask"});
        assert_eq!(failure(&refused), expected);
    }
}
