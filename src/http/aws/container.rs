//! AWS container credentials: the API behind AWS_CONTAINER_CREDENTIALS_FULL_URI (AWS SDKs and Tools reference guide).
//!
//! `Authorization` is the token file's content as it is, or with `Bearer` before it.

use super::AwsCaller;
use super::errors::{AwsError, Fault};
use crate::app::App;
use crate::exchange::ExchangeRequest;
use crate::http::stopping::Peer;
use crate::http::task::run;
use crate::http::{form, reply};
use crate::kind::{AwsKeys, ContainerCredentials};
use crate::kind::{AwsTarget, Target};
use crate::policy::Request;
use crate::words::names::{PolicyName, RoleArn};
use crate::words::{Denial, Reason, Secret};
use axum::body::Body;
use axum::extract::{Extension, OriginalUri, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The API's name in the audit log.
const API: &str = "aws-container";

/// Every request to `/aws/container`.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    peer: Option<Extension<Peer>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response<Body> {
    let caller = AwsCaller::of(peer.as_deref(), API);
    let released = match read(&method, &uri) {
        Ok(request) => run(app, caller.call(token(&headers)), Ok(ExchangeRequest::credentials(request))).await,
        Err(fault) => Err(caller.refuse(&app, fault.denial).await),
    };
    let answered = released.and_then(|released| Ok(response(&ContainerCredentials::from(released.only::<AwsKeys>()?), 200)));
    match answered {
        Ok(response) => response,
        Err(refused) => {
            let error = AwsError::of(&refused);
            // These clients recognize a transient fault by its status alone.
            let status = if refused.denial().reason.status() == 503 { 503 } else { error.status };
            response(&refusal(&error), status)
        }
    }
}

fn read(method: &Method, uri: &Uri) -> Result<Request, Fault> {
    if *method != Method::GET {
        return Err(Fault::of("ValidationError", "Container credentials are read with GET."));
    }
    let bad = |name: &'static str| move |fault: &dyn std::fmt::Display| Fault::of("ValidationError", format!("{name}: {fault}."));
    let mut query = form::parse(uri.query().unwrap_or_default().as_bytes()).map_err(|fault| bad("The query")(&fault))?;
    let role = query.remove("role").as_deref().map(RoleArn::parse).transpose().map_err(|fault| bad("`role`")(&fault))?;
    let policy = query.remove("policy").as_deref().map(PolicyName::parse).transpose().map_err(|fault| bad("`policy`")(&fault))?;
    match query.keys().next() {
        Some(unknown) => Err(bad("The query")(&format!("{} is no parameter here", form::quoted(unknown)))),
        None => Ok(Request::one(Target::Aws(AwsTarget { role }), policy)),
    }
}

fn token(headers: &HeaderMap) -> Result<Secret, Denial> {
    let missing = |cause: &str| Reason::TokenMissing.with_cause(cause);
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(missing("not exactly one Authorization header")) };
    let value = value.to_str().map_err(|_| missing("the Authorization header is not ASCII"))?;
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token,
        _ => value,
    };
    Ok(token.to_owned().into())
}

/// The documented members, and once more with capitals for the JavaScript SDK.
fn refusal(error: &AwsError) -> Value {
    json!({ "code": error.code, "message": error.message, "Code": error.code, "Message": error.message })
}

fn response(document: &impl Serialize, status: u16) -> Response<Body> {
    let mut response = reply::json_answer(document);
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }
    response
}
