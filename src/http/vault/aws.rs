//! `<mount>/creds/<role>` and `<mount>/sts/<role>`: AWS credentials. A role of Vault's is a trust policy here.

use super::VaultRequest;
use super::address::Aws;
use super::answer::{self, Answer};
use super::not_here::not_here;
use crate::exchange::{self, ExchangeRequest};
use crate::http::{form, reply};
use crate::kind::AwsKeys;
use crate::kind::{AwsTarget, Target};
use crate::policy::Request;
use crate::token::parse_json;
use crate::words::exposed;
use crate::words::names::{DecisionId, PolicyName, RoleArn};
use crate::words::{Denial, Secret, UnixTime};
use axum::body::Body;
use axum::http::Response;
use serde::Serialize;
use serde_json::Value;

/// Exchanges the token for a session of the AWS role that the policy grants; `role_arn` names the role if it grants several.
pub(super) async fn credentials(inbound: VaultRequest, aws: &Aws) -> Response<Body> {
    let VaultRequest { app, call, headers, body } = inbound;
    let bytes = reply::body(body, reply::BODY_BYTES_MAX).await;
    let inbound = VaultRequest { app, call, headers, body: Body::empty() };
    let request = bytes.and_then(|bytes| target_of(aws, &bytes)).and_then(|(target, policy)| {
        let proof = inbound.proof()?;
        if proof.policy.as_ref().is_some_and(|named| *named != policy) {
            return Err(not_here("The inline login's role is another policy than the path's."));
        }
        Ok((ExchangeRequest::credentials(Request::one(target, Some(policy))), proof))
    });
    let (request, proof) = match request {
        Ok(request) => request,
        Err(denial) => return inbound.refuse(denial).await,
    };
    let (app, (call, token_kind)) = (inbound.app, proof.into_call(inbound.call));
    let inner = app.clone();
    match VaultRequest::tracked(&app, async move { exchange::exchange_with(&inner, call, token_kind, request).await }).await {
        Ok(released) => released.only().map(|keys| issued(&aws.path, released.decision(), keys, app.now())),
        Err(refused) => Err(refused),
    }
    .unwrap_or_else(|refused| answer::refused(&refused))
}

fn target_of(aws: &Aws, body: &[u8]) -> Result<(Target, PolicyName), Denial> {
    let policy = PolicyName::parse(&aws.policy).map_err(|_| not_here("The role in the path is the name of a trust policy."))?;
    let mut parameters = aws.query.clone();
    for (name, value) in members(body)? {
        if parameters.insert(name, value).is_some() {
            return Err(not_here("A parameter is both in the query and in the body."));
        }
    }
    let role = parameters.remove("role_arn").filter(|role| !role.is_empty()).map(|role| RoleArn::parse(&role)).transpose();
    let role = role.map_err(|fault| not_here(&format!("`role_arn`: {fault}.")))?;
    match parameters.into_iter().find(|(_, value)| !value.is_empty()) {
        Some((name, _)) => {
            Err(not_here(&format!("{} cannot be chosen by the caller: the policy decides the terms.", form::opening(&name))))
        }
        None => Ok((Target::Aws(AwsTarget { role }), policy)),
    }
}

fn members(body: &[u8]) -> Result<form::Values, Denial> {
    if body.trim_ascii().is_empty() {
        return Ok(form::Values::new());
    }
    let refused = || not_here("The body is a JSON object of texts.");
    let Ok(Value::Object(members)) = parse_json(body) else { return Err(refused()) };
    let text = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Null => Ok((name, String::new())),
        _ => Err(refused()),
    };
    members.into_iter().map(text).collect()
}

/// The answer of Vault's secrets engine.
#[derive(Serialize)]
struct Credentials<'a> {
    access_key: &'a str,
    #[serde(with = "exposed::text")]
    secret_key: &'a Secret,
    #[serde(with = "exposed::text")]
    security_token: &'a Secret,
    #[serde(with = "exposed::text")]
    session_token: &'a Secret,
    ttl: u64,
}

fn issued(path: &str, decision: &DecisionId, keys: &AwsKeys, now: UnixTime) -> Response<Body> {
    let lease_seconds = keys.expires_at.since(now).as_secs();
    let data = Credentials {
        access_key: &keys.access_key_id,
        secret_key: &keys.secret_access_key,
        security_token: &keys.session_token,
        session_token: &keys.session_token,
        ttl: lease_seconds,
    };
    Answer::new(decision.to_string(), data).leased(path, lease_seconds).into_response()
}
