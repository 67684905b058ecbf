//! The request of a job: the body of `POST /v1/exchange`.

use super::error::RequestError;
use super::sections::terms::AwsParameters;
use crate::kind::Target;
use crate::token::{from_json, parse_json};
use crate::words::holds_secret;
use crate::words::names::PolicyName;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// More credentials than any job needs at once; each may be a call to a cloud.
pub const CREDENTIALS_MAX: usize = 32;

/// One request for one or several credentials.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is asked for, each once.
    #[serde(deserialize_with = "bounded")]
    pub credentials: Vec<Target>,
    /// The policy to use where several grant the same.
    #[serde(default, deserialize_with = "there")]
    pub policy: Option<PolicyName>,
    /// Whether it is a dry run: it is decided and recorded, and nothing is issued.
    #[serde(default)]
    pub dry_run: bool,
    /// Further parameters of a request to the AWS API. Bodies of our own API have none.
    #[serde(skip)]
    pub aws_parameters: AwsParameters,
}

impl Request {
    /// Reads a body. Objects have to be JSON objects, not arrays, and each member stands once. The error holds no value of the body.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let body = parse_json(body)?;
        let listed = body.get("credentials").and_then(Value::as_array).into_iter().flatten();
        if !body.is_object() || listed.clone().filter_map(Value::as_object).flat_map(Map::values).any(Value::is_array) {
            return Err(RequestError::ArrayForObject);
        }
        if listed.clone().any(has_secret) {
            return Err(RequestError::HoldsSecret);
        }
        Ok(from_json(body)?)
    }

    /// A request without credentials: a login, which only proves the identity.
    pub fn nothing(policy: Option<PolicyName>) -> Self {
        Self { credentials: Vec::new(), policy, dry_run: false, aws_parameters: AwsParameters::default() }
    }

    /// A request for one credential.
    pub fn one(target: Target, policy: Option<PolicyName>) -> Self {
        Self { credentials: vec![target], policy, dry_run: false, aws_parameters: AwsParameters::default() }
    }
}

/// Whether a text of this value looks like a secret. A client may send its token in the place of a name, and names stand in records.
fn has_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => holds_secret(text),
        Value::Array(items) => items.iter().any(has_secret),
        Value::Object(members) => members.iter().any(|(name, value)| holds_secret(name) || has_secret(value)),
        _ => false,
    }
}

/// Refuses `null` for an optional member: leaving the member out is the only way to omit it.
fn there<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Target>, D::Error> {
    let credentials = Vec::<Target>::deserialize(deserializer)?;
    let mut sorted: Vec<&Target> = credentials.iter().collect();
    sorted.sort();
    if credentials.is_empty() || credentials.len() > CREDENTIALS_MAX {
        return Err(serde::de::Error::custom(format!("ask for 1 to {CREDENTIALS_MAX} credentials")));
    }
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(serde::de::Error::custom("a credential is asked for twice"));
    }
    Ok(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &str) -> Result<Request, String> {
        Request::parse(body.as_bytes()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn reads_the_documented_body() {
        let request = read(r#"{"credentials":[{"aws":{"role":"arn:aws:iam::123456789012:role/d"}},{"secret":"shop/db.yaml#/password"}],"policy":"shop/deploy"}"#).unwrap();
        let lines: Vec<_> = request.credentials.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["aws arn:aws:iam::123456789012:role/d", "secret shop/db.yaml#/password"]);
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let past = format!(r#"{{"credentials":[{{"secret_at":{{"commit":"{commit}","secret":"shop/db.yaml#/password"}}}}]}}"#);
        let target = read(&past).unwrap().credentials.remove(0);
        assert_eq!(target.to_string(), format!("secret_at {commit} shop/db.yaml#/password"));
        assert_eq!(target.for_policies().to_string(), "secret_at shop/db.yaml#/password");
    }

    /// A client may send a token in the wrong place, and errors are logged.
    #[test]
    fn a_fault_holds_no_value() {
        let bodies = [
            r#""eyJ-canary""#,
            r#"{"credentials":"eyJ-canary"}"#,
            r#"{"credentials":["eyJ-canary"]}"#,
            r#"{"credentials":[{"secret":"canary canary"}]}"#,
        ];
        for body in bodies {
            assert!(read(body).is_err_and(|fault| !fault.contains("canary")), "{body}");
        }
        let token = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.{}", "s".repeat(342));
        let key = format!("AGE-SECRET-KEY-1{}", "Q".repeat(58));
        for secret in [&token, &key, "https://u:canary@h"] {
            for body in [
                json!({ "credentials": [{ "id_token": { "audience": secret } }] }),
                json!({ "credentials": [{ "secret": format!("shop/a.yaml#/{secret}") }] }),
                json!({ "credentials": [{ "secret": secret }] }),
                json!({ "credentials": [{ "token_exchange": { "service": "npm", "fields": { "scope": secret } } }] }),
                json!({ "credentials": [{ "token_exchange": { "service": "npm", "fields": { "x": "y" }, secret: "x" } }] }),
                json!({ "credentials": [{ "secret": "shop/a.yaml" }], "policy": secret }),
            ] {
                let fault = read(&body.to_string()).unwrap_err();
                assert!(!fault.contains(&secret[8..]), "{fault}");
            }
        }
        assert!(read(r#"{"credentials":[{"gold":{}}]}"#).is_err_and(|fault| fault.contains("`gold`")));
        let long = format!("{{\"credentials\":[],\"{}\":1}}", "x".repeat(50_000));
        assert!(read(&long).is_err_and(|fault| fault.len() < 1000));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let bad = [
            r#"{}"#,
            r#"{"credentials":[]}"#,
            r#"{"credentials":[{"gold":{}}]}"#,
            r#"{"credentials":[{"aws":{"rol":"x"}}]}"#,
            r#"{"credentials":[{"secret":"../x"}]}"#,
            r#"{"credentials":[{"daypass":"policy.replay"}]}"#,
            r#"{"credentials":[{"transit":"decrypt flux"}]}"#,
            r#"{"credentials":[{"file_key":{"document":"x.age","header":"00"}}]}"#,
            r#"{"credentials":[{"aws":{}},{"aws":{}}]}"#,
            r#"{"credentials":[{"aws":{}}],"x":1}"#,
            r#"{"credentials":[{"aws":{}}],"policy":null}"#,
            r#"{"credentials":[{"aws":{"role":null}}]}"#,
            r#"{"credentials":[{"aws":[]}]}"#,
            r#"{"credentials":[{"id_token":["https://x"]}]}"#,
            r#"{"credentials":[{"secret_at":"x"}]}"#,
            r#"{"credentials":[{"secret_at":{"secret":"x"}}]}"#,
            r#"{"credentials":[{"secret_at":{"secret":"x","commit":null}}]}"#,
            r#"{"credentials":[{"secret_at":{"secret":"x","commit":"HEAD"}}]}"#,
            r#"{"credentials":[{"secret_at":{"secret":"x","commit":"0123456789abcdef0123456789abcdef01234567","key":"/a"}}]}"#,
            r#"{"credentials":[{"secret_at":["0123456789abcdef0123456789abcdef01234567","x"]}]}"#,
            r#"[[{"secret":"x"}]]"#,
            r#"{"credentials":[{"secret":"x"}],"credentials":[{"secret":"x"}]}"#,
            r#"{"credentials":[{"secret":"x","secret":"y"}]}"#,
            r#"{"credentials":[{"secret":"x","aws":{}}]}"#,
        ];
        for body in bad {
            assert!(read(body).is_err(), "{body}");
        }
    }
}
