//! The parameters of a token exchange, from a form (RFC 8693, section 2.1) or from the JSON object that Google's action sends.

use super::gcp;
use super::issued::TokenType;
use crate::http::form;
use crate::kind::Target;
use crate::token::parse_json;
use crate::words::names::{Audience, PolicyName};
use crate::words::{Denial, Reason, Secret};
use axum::http::{HeaderMap, header};
use serde_json::Value;
use std::collections::BTreeMap;

/// The one grant type.
pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A valid request.
pub(super) struct Parameters {
    /// The job's token.
    pub(super) token: Secret,
    /// The audience of the new token.
    pub(super) audience: Audience,
    /// The requested token of Google's, if the audience is one of Google's.
    pub(super) google: Option<Target>,
    /// The policy to use where several grant the same.
    pub(super) policy: Option<PolicyName>,
    /// The requested type of the new token.
    pub(super) requested: TokenType,
}

/// An invalid request, and its error code (RFC 6749, section 5.2).
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) denial: Denial,
}

impl Fault {
    /// A fault of the `audience` or `resource` (RFC 8693, section 2.2.2).
    pub(super) fn target(detail: &str) -> Self {
        fault("invalid_target", detail)
    }
}

impl From<Denial> for Fault {
    fn from(denial: Denial) -> Self {
        Self { code: "invalid_request", denial }
    }
}

impl Parameters {
    /// Reads the body by its type. An error names a parameter, and never its value.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Fault> {
        if headers.contains_key(header::AUTHORIZATION) {
            return Err(fault(
                "invalid_client",
                "No client is registered here: send no Authorization header, the job's token is the `subject_token`.",
            ));
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let values = match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => form::parse(body).map_err(|cause| invalid(&format!("The form: {cause}.")))?,
            "application/json" => members(body).map_err(|cause| invalid(&format!("The JSON body: {cause}.")))?,
            _ => return Err(invalid("Send application/x-www-form-urlencoded, or application/json with camelCase names.")),
        };
        // RFC 6749, section 3.2: a parameter without a value is treated as if it were left out.
        Self::take(values.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    fn take(mut values: BTreeMap<String, String>) -> Result<Self, Fault> {
        let mut required = |name: &str| values.remove(name).ok_or_else(|| invalid(&format!("`{name}` is missing.")));
        if required("grant_type")? != GRANT_TYPE {
            return Err(fault("unsupported_grant_type", &format!("`grant_type` is {GRANT_TYPE}.")));
        }
        let token: Secret = required("subject_token")?.into();
        let kind = TokenType::parse(&required("subject_token_type")?).filter(|kind| *kind != TokenType::Access);
        kind.ok_or_else(|| invalid("`subject_token_type` is …:id_token or …:jwt: the job's OIDC token."))?;
        let requested = values.remove("requested_token_type").map(|kind| {
            TokenType::parse(&kind).ok_or_else(|| invalid("`requested_token_type` is …:access_token, …:id_token or …:jwt."))
        });
        let requested = requested.transpose()?;
        let target = match (values.remove("audience"), values.remove("resource")) {
            (Some(target), None) | (None, Some(target)) => target,
            _ => return Err(invalid("Name the token's audience once, as `audience` or `resource`.")),
        };
        let audience = Audience::parse(&target).map_err(|cause| fault("invalid_target", &format!("The audience: {cause}.")))?;
        let google = gcp::target(audience.as_str()).map(Target::from);
        if google.is_some() && requested.is_some_and(|requested| requested != TokenType::Access) {
            return Err(invalid("`requested_token_type` is …:access_token where the audience is one of Google's."));
        }
        let scope = values.remove("scope").filter(|scope| google.is_none() || !gcp::are_scopes(scope));
        let policy = scope.map(|scope| PolicyName::parse(&scope)).transpose();
        let policy = policy.map_err(|_| {
            fault("invalid_scope", "A scope here is the name of one trust policy; leave it out to use whichever grants.")
        })?;
        // The name of a public client decides nothing.
        values.remove("client_id");
        match values.into_keys().next() {
            Some(unknown) => Err(invalid(&format!("{} is no parameter of this endpoint.", form::opening(&unknown)))),
            None => Ok(Self { token, audience, google, policy, requested: requested.unwrap_or(TokenType::Jwt) }),
        }
    }
}

fn invalid(detail: &str) -> Fault {
    fault("invalid_request", detail)
}

fn fault(code: &'static str, detail: &str) -> Fault {
    Fault { code, denial: Reason::BadRequest.with_cause(detail).with_detail(detail) }
}

/// What is wrong with a JSON body.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum MembersError {
    /// It is no JSON, or has a member twice.
    #[error("it is not one, or a member stands twice")]
    Broken,
    /// It is no object.
    #[error("it is not an object")]
    Other,
    /// A member of another form.
    #[error("{} is no text under a camelCase name", form::quoted(.name))]
    Member {
        /// Its name.
        name: String,
    },
}

/// The members of a JSON object by the form's names. A name that is written as in a form is refused: Google's action writes none.
fn members(body: &[u8]) -> Result<form::Values, MembersError> {
    let Value::Object(members) = parse_json(body).map_err(|_| MembersError::Broken)? else {
        return Err(MembersError::Other);
    };
    let one = |(name, value): (String, Value)| match value {
        Value::String(text) if !name.contains('_') => Ok((snake_case(&name), text)),
        _ => Err(MembersError::Member { name }),
    };
    members.into_iter().map(one).collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for one in name.chars() {
        if one.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(one.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests;
