//! The STS: a token of our issuer for a federated one, and an access token for the same within a boundary.

use super::lie::Lie;
use super::reply::{json_reply, oauth};
use super::{Issued, PROVIDER, SUBJECTS, World, now};
use axum::body::Body;
use axum::http::Response;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use regex::Regex;
use serde_json::{Value, json};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const TYPES: [&str; 2] = ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];
const KNOWN: [&str; 8] =
    ["grant_type", "audience", "scope", "requested_token_type", "subject_token", "subject_token_type", "options", "client_id"];

impl World {
    pub(super) fn exchange(&mut self, kind: &str, form: &Value) -> Response<Body> {
        if kind != "application/x-www-form-urlencoded" {
            return oauth("invalid_request", "A form is read here.");
        }
        let text = |name: &str| form[name].as_str().unwrap_or_default();
        self.shown.push(text("subject_token").to_owned());
        if let Some(unknown) = form.as_object().unwrap().keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return oauth("invalid_request", &format!("Invalid JSON payload received. Unknown name \"{unknown}\""));
        }
        if text("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange" {
            return oauth("unsupported_grant_type", "Invalid grant type");
        }
        if text("requested_token_type") != ACCESS_TOKEN {
            return oauth("invalid_request", "Invalid requested token type");
        }
        match text("subject_token_type") {
            ACCESS_TOKEN => self.downscope(text("subject_token"), text("options")),
            kind if TYPES.contains(&kind) => self.federate(text("audience"), text("scope"), text("subject_token")),
            _ => oauth("invalid_request", "Invalid subject token type"),
        }
    }

    fn federate(&mut self, audience: &str, scope: &str, token: &str) -> Response<Body> {
        if audience != format!("//iam.googleapis.com/{PROVIDER}") || !self.is_there {
            return oauth("invalid_target", "The target service indicated by the \"audience\" parameters is invalid.");
        }
        if scope.is_empty() || !scope.split(' ').all(|scope| scope.starts_with("https://www.googleapis.com/auth/")) {
            return oauth("invalid_scope", "Some requested scopes were invalid.");
        }
        let subject = match self.verify(token) {
            Ok(subject) => subject,
            Err((error, message)) => return oauth(error, message),
        };
        if !subject.starts_with(&self.condition) {
            return oauth("unauthorized_client", "The given credential is rejected by the attribute condition.");
        }
        let issued = Issued {
            principal: format!("{SUBJECTS}{subject}"),
            scopes: scope.split(' ').map(str::to_owned).collect(),
            ends: now() + 3600,
            boundary: None,
        };
        let token = self.issue(issued);
        let answer =
            json!({ "access_token": token, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600 });
        self.lie.map_or_else(|| json_reply(200, &answer), |lie| lie.of_exchange(answer.clone()))
    }

    /// Google Cloud, "Prepare your external IdP": RS256 or ES256, a `kid`, issued in the past, for less than 48 hours.
    fn verify(&self, token: &str) -> Result<String, (&'static str, &'static str)> {
        let grant = |message| ("invalid_grant", message);
        let header = decode_header(token).map_err(|_| grant("The subject token is not a JWT."))?;
        if ![Algorithm::RS256, Algorithm::ES256].contains(&header.alg) {
            return Err(grant("The subject token's algorithm is not supported."));
        }
        let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(self.jwks.clone()).unwrap();
        let kid = header.kid.ok_or(grant("The subject token has no `kid`."))?;
        let key = jwks.find(&kid).ok_or(grant("No key of the JWKS has the `kid` of the subject token."))?;
        let mut validation = Validation::new(header.alg);
        validation.validate_aud = false;
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        let claims = decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation);
        let claims = claims.map_err(|_| grant("The subject token's signature, issuer or lifetime is wrong."))?.claims;
        let (issued, ends) = (claims["iat"].as_i64(), claims["exp"].as_i64().unwrap());
        match issued {
            Some(issued) if issued <= now() && ends - issued < 48 * 3600 => {}
            _ => return Err(grant("`iat` is missing or ahead, or the lifetime is 48 hours or more.")),
        }
        let audience = claims["aud"].as_str().unwrap_or_default();
        if audience.trim_start_matches("https:") != format!("//iam.googleapis.com/{PROVIDER}") {
            return Err(("invalid_request", "The audience in ID Token does not match the expected audience."));
        }
        let subject = claims["sub"].as_str().unwrap_or_default();
        if subject.is_empty() || subject.len() > 127 {
            return Err(("invalid_request", "The size of mapped attribute google.subject exceeds the 127 bytes limit."));
        }
        Ok(subject.to_owned())
    }

    /// Google Cloud, "Downscope with Credential Access Boundaries".
    fn downscope(&mut self, token: &str, options: &str) -> Response<Body> {
        let Some(wide) = self.tokens.get(token).filter(|issued| issued.is_alive() && issued.boundary.is_none()).cloned() else {
            return oauth("invalid_grant", "The subject token is no access token.");
        };
        let Some(rules) = read_rules(options) else {
            return oauth("invalid_request", "Invalid access boundary.");
        };
        let ends = wide.ends;
        let same = token.to_owned();
        let token = self.issue(Issued { boundary: Some(rules), ..wide });
        let answer = json!({ "access_token": token, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": ends - now() });
        let answer = if self.lie == Some(Lie::BoundarySame) {
            json!({ "access_token": same, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer" })
        } else {
            answer
        };
        self.lie.map_or_else(|| json_reply(200, &answer), |lie| lie.of_boundary(answer.clone()))
    }
}

fn read_rules(options: &str) -> Option<Value> {
    // google-auth (Python) encodes it twice, google-auth-library and the library for Java once. Google accepts both.
    let twice = || crate::sts::form(&format!("options={}", options.replace('+', "%2B"))).remove("options");
    let options: Value = serde_json::from_str(options).ok().or_else(|| serde_json::from_str(&twice()?).ok())?;
    let boundary = options.as_object().filter(|all| all.len() == 1)?.get("accessBoundary")?;
    let rules = boundary.as_object().filter(|all| all.len() == 1)?.get("accessBoundaryRules")?.as_array()?;
    let bucket = Regex::new("^//storage\\.googleapis\\.com/(projects/_/buckets/[a-z0-9._-]{3,222})$").unwrap();
    let good = |rule: &Value| {
        let resource = rule["availableResource"].as_str()?;
        let bucket = bucket.captures(resource)?[1].to_owned();
        let permissions = rule["availablePermissions"].as_array()?;
        let roles = permissions.iter().all(|one| one.as_str().is_some_and(|one| one.starts_with("inRole:")));
        let condition = rule.get("availabilityCondition").is_none_or(|condition| {
            let expression = Regex::new(&format!("^resource\\.name\\.startsWith\\('{bucket}/objects/[^'\\\\]+'\\)$")).unwrap();
            condition["expression"].as_str().is_some_and(|text| expression.is_match(text))
        });
        (roles && !permissions.is_empty() && condition).then_some(())
    };
    ((1..=10).contains(&rules.len()) && rules.iter().all(|rule| good(rule).is_some())).then(|| rules.clone().into())
}
