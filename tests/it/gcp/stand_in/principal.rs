//! The IAM Service Account Credentials API: who may act as whom, through whom, and for how long.

use super::reply::{json_reply, status};
use super::{World, now};
use axum::body::Body;
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use daypass::words::UnixTime;
use serde_json::{Value, json};

/// A token that the stand-in issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// `principal://…` of a subject, or a service account.
    pub principal: String,
    pub scopes: Vec<String>,
    pub ends: i64,
    pub boundary: Option<Value>,
}

impl Issued {
    pub fn is_alive(&self) -> bool {
        now() < self.ends
    }
}

const CLOUD: &str = "https://www.googleapis.com/auth/cloud-platform";
const IAM: &str = "https://www.googleapis.com/auth/iam";

impl World {
    pub(super) fn impersonate(
        &mut self,
        account: &str,
        method_name: &str,
        kind: &str,
        body: &Value,
        bearer: Option<&str>,
    ) -> Response<Body> {
        let Some(federated) = bearer.and_then(|bearer| self.tokens.get(bearer)).filter(|issued| issued.is_alive()).cloned()
        else {
            return status(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", None);
        };
        if !self.api_is_enabled {
            return status(
                403,
                "PERMISSION_DENIED",
                "IAM Service Account Credentials API has not been used in project 123456 before or it is disabled.",
                Some(("SERVICE_DISABLED", "")),
            );
        }
        if !federated.scopes.iter().any(|scope| scope == CLOUD || scope == IAM) {
            return status(
                403,
                "PERMISSION_DENIED",
                "Request had insufficient authentication scopes.",
                Some(("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "")),
            );
        }
        let invalid = |message: &str| status(400, "INVALID_ARGUMENT", message, None);
        let Some(members) = body.as_object().filter(|_| kind == "application/json") else {
            return invalid("Invalid JSON payload received.");
        };
        let known: &[&str] = match method_name {
            "generateAccessToken" => &["scope", "lifetime", "delegates"],
            "generateIdToken" => &["audience", "includeEmail", "delegates", "useEmailAzp"],
            _ => return status(404, "NOT_FOUND", "Not found.", None),
        };
        if members.keys().any(|name| !known.contains(&name.as_str())) {
            return invalid("Invalid JSON payload received. Unknown name.");
        }
        if let Some(refusal) = self.refuse(account, method_name, body, &federated.principal) {
            return refusal;
        }
        if method_name == "generateAccessToken" { self.access(account, body) } else { self.identify(account, body) }
    }

    /// The refusal, unless each account of the chain lets the one before it act as itself.
    fn refuse(&self, account: &str, method_name: &str, body: &Value, first: &str) -> Option<Response<Body>> {
        let delegates: Vec<&str> =
            body["delegates"].as_array().into_iter().flatten().map(|one| one.as_str().unwrap_or_default()).collect();
        let mut before = first.to_owned();
        for next in delegates.iter().copied().chain([&*format!("projects/-/serviceAccounts/{account}")]) {
            let Some(next) = next.strip_prefix("projects/-/serviceAccounts/") else {
                return Some(status(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", None));
            };
            if !self.accounts.get(next).is_some_and(|members| members.contains(&before)) {
                let permission = if method_name == "generateAccessToken" { "getAccessToken" } else { "getOpenIdToken" };
                let permission = format!("iam.serviceAccounts.{permission}");
                let message = format!("Permission '{permission}' denied on resource (or it may not exist).");
                return Some(status(403, "PERMISSION_DENIED", &message, Some(("IAM_PERMISSION_DENIED", &permission))));
            }
            before = next.to_owned();
        }
        None
    }

    fn access(&mut self, account: &str, body: &Value) -> Response<Body> {
        let invalid = |message: &str| status(400, "INVALID_ARGUMENT", message, None);
        let scopes: Vec<String> =
            body["scope"].as_array().into_iter().flatten().map(|one| one.as_str().unwrap_or_default().to_owned()).collect();
        if scopes.is_empty() {
            return invalid("Scope required.");
        }
        let lifetime = body.get("lifetime").map_or(Some("3600s"), Value::as_str);
        let Some(seconds) = lifetime.and_then(|text| text.strip_suffix('s')?.parse::<i64>().ok()) else {
            return invalid("Illegal duration format.");
        };
        let most = if self.lasting.contains(account) { 12 * 3600 } else { 3600 };
        if !(1..=most).contains(&seconds) {
            return invalid("The access token lifetime cannot exceed 3600 seconds.");
        }
        let ends = now() + seconds;
        let token = self.issue(Issued { principal: account.to_owned(), scopes, ends, boundary: None });
        let answer = json!({ "accessToken": token, "expireTime": UnixTime::from_seconds(ends).to_string() });
        self.lie.map_or_else(|| json_reply(200, &answer), |lie| lie.of_account(answer.clone()))
    }

    fn identify(&self, account: &str, body: &Value) -> Response<Body> {
        let Some(audience) = body["audience"].as_str().filter(|audience| !audience.is_empty()) else {
            return status(400, "INVALID_ARGUMENT", "Audience required.", None);
        };
        let mut claims = json!({ "iss": "https://accounts.google.com", "aud": audience, "sub": "1", "azp": "1", "iat": now(), "exp": now() + 3600 });
        if body["includeEmail"] == true {
            claims["email"] = account.into();
            claims["email_verified"] = true.into();
        }
        if let Some(lie) = self.lie {
            lie.of_claims(&mut claims);
        }
        let part = |value: &Value| BASE64.encode(value.to_string());
        let token = format!(
            "{}.{}.{}",
            part(&json!({ "alg": "RS256", "kid": "stand-in", "typ": "JWT" })),
            part(&claims),
            BASE64.encode([7; 256])
        );
        json_reply(200, &json!({ "token": token }))
    }
}
