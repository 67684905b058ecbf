//! The parameters of logins. They are in a body or, with OpenBao's inline authentication, in headers of the request that needs
//! the login.

use super::not_here::not_here;
use crate::http::form;
use crate::token::parse_json;
use crate::words::names::PolicyName;
use crate::words::{Denial, Secret};
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value};

const PATH: &str = "x-vault-inline-auth-path";
const OPERATION: &str = "x-vault-inline-auth-operation";
const NAMESPACE: &str = "x-vault-inline-auth-namespace";
const PARAMETER_PREFIX: &str = "x-vault-inline-auth-parameter-";
const ANY_PREFIX: &str = "x-vault-inline-auth-";

/// The parameters of both JWT and Kubernetes logins.
pub(super) struct Login {
    /// The job's token.
    pub(super) jwt: Secret,
    /// The trust policy that the session is for; Vault calls it a role.
    pub(super) role: Option<PolicyName>,
}

/// The inline login of these headers, if they have one.
pub(super) fn login(headers: &HeaderMap) -> Result<Option<Login>, Denial> {
    if !headers.keys().any(|name| name.as_str().starts_with(ANY_PREFIX)) {
        return Ok(None);
    }
    let path = one(headers, PATH)?.ok_or_else(|| refused("`X-Vault-Inline-Auth-Path` is missing"))?;
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if !matches!(segments[..], ["auth", .., _, "login"]) {
        return Err(refused("the path is not `auth/<mount>/login`"));
    }
    if one(headers, OPERATION)?.is_some_and(|operation| !matches!(operation, "" | "update" | "create")) {
        return Err(refused("a login is an `update`"));
    }
    if one(headers, NAMESPACE)?.is_some_and(|namespace| !matches!(namespace, "" | "/" | "root")) {
        return Err(refused("there are no namespaces here"));
    }
    let mut parameters = Map::new();
    for (name, value) in headers {
        match name.as_str() {
            PATH | OPERATION | NAMESPACE => {}
            name if name.starts_with(PARAMETER_PREFIX) => {
                let (key, value) =
                    parameter(value).ok_or_else(|| refused("a parameter is not base64url of {\"key\", \"value\"}"))?;
                if parameters.insert(key, value).is_some() {
                    return Err(refused("a parameter stands twice"));
                }
            }
            name if name.starts_with(ANY_PREFIX) => {
                return Err(refused(&format!("a header that begins with `{ANY_PREFIX}` is not known")));
            }
            _ => {}
        }
    }
    Login::read(parameters).map(Some)
}

fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Denial> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(refused(&format!("`{name}` stands twice, or is not ASCII"))),
    }
}

fn parameter(value: &HeaderValue) -> Option<(String, Value)> {
    let Ok(Value::Object(mut members)) = parse_json(&BASE64.decode(value.as_bytes()).ok()?) else { return None };
    match (members.remove("key")?, members.remove("value")?, members.is_empty()) {
        (Value::String(key), value, true) => Some((key, value)),
        _ => None,
    }
}

impl Login {
    /// Reads a login's body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Denial> {
        match parse_json(body) {
            Ok(Value::Object(members)) => Self::read(members),
            _ => Err(not_here("A login's body is a JSON object: {\"role\": …, \"jwt\": …}.")),
        }
    }

    fn read(mut parameters: Map<String, Value>) -> Result<Self, Denial> {
        let jwt = match parameters.remove("jwt") {
            Some(Value::String(jwt)) if !jwt.is_empty() => jwt.into(),
            _ => return Err(not_here("A login sends the job's OIDC token as `jwt`.")),
        };
        let role = match parameters.remove("role") {
            None | Some(Value::Null) => None,
            Some(Value::String(role)) if role.is_empty() => None,
            Some(Value::String(role)) => Some(PolicyName::parse(&role).map_err(|_| wrong_role())?),
            Some(_) => return Err(wrong_role()),
        };
        match parameters.keys().next() {
            Some(unknown) => Err(not_here(&format!("{} is no parameter of a login.", form::opening(unknown)))),
            None => Ok(Self { jwt, role }),
        }
    }
}

fn wrong_role() -> Denial {
    not_here("A role is the name of a trust policy, such as `shop/deploy`; leave it out to use whichever grants.")
}

fn refused(detail: &str) -> Denial {
    not_here(&format!("Inline authentication: {detail}."))
}

#[cfg(test)]
mod tests;
