//! The AWS STS query API, version 2011-06-15: AssumeRoleWithWebIdentity and GetCallerIdentity, as a form in a POST.

use super::errors::{AwsError, Fault};
use super::form::Form;
use super::parameters::AssumeRole;
use super::xml::Xml;
use super::{AwsCaller, identity};
use crate::app::App;
use crate::exchange::{ExchangeRequest, RecordedRefusal, Released};
use crate::http::reply;
use crate::http::stopping::Peer;
use crate::http::task::run;
use crate::kind::AwsKeys;
use crate::words::Secret;
use axum::body::Body;
use axum::extract::{Extension, OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use std::sync::Arc;

/// The API's name in the audit log.
const API: &str = "aws-sts";
/// The only version of this API.
const VERSION: &str = "2011-06-15";
const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// The requested action.
enum Action {
    AssumeRoleWithWebIdentity(AssumeRole),
    GetCallerIdentity(Option<Secret>),
}

/// Every request to `/aws/sts/`.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    peer: Option<Extension<Peer>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let caller = AwsCaller::of(peer.as_deref(), API);
    let answered = match read(&method, &uri, &headers, body).await {
        Ok(Action::AssumeRoleWithWebIdentity(action)) => assume_role(app, caller, action).await,
        Ok(Action::GetCallerIdentity(token)) => identity::answer(&app, caller, token).await,
        Err(fault) => Err(AwsError::coded(&caller.refuse(&app, fault.denial).await, fault.code, fault.status)),
    };
    match answered {
        Ok((document, decision)) => response(document, &decision, 200),
        Err(error) => response(error.xml(), error.decision(), error.status),
    }
}

/// Reads a token only from a body: an address would put it into the access logs of everything on its way.
async fn read(method: &Method, uri: &Uri, headers: &HeaderMap, body: Body) -> Result<Action, Fault> {
    if *method != Method::POST || uri.query().is_some() {
        let words = "Send a POST with the parameters in its body: in an address the token would be in access logs.";
        return Err(Fault::of("MalformedHttpRequestException", words));
    }
    let kind = headers.get(header::CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    if !kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().eq_ignore_ascii_case(FORM) {
        return Err(Fault::of("MalformedHttpRequestException", "The body is a form: application/x-www-form-urlencoded."));
    }
    let bytes = Secret::new(reply::body(body, reply::BODY_BYTES_MAX).await?);
    let mut form = Form::parse(bytes.expose()).map_err(|fault| Fault::of("InvalidQueryParameter", fault.to_string()))?;
    let action = form.take_text("Action").ok_or_else(|| Fault::of("MissingAction", "`Action` is missing."))?;
    if form.take_text("Version").as_deref() != Some(VERSION) {
        return Err(Fault::of("InvalidAction", format!("`Version` is {VERSION}.")));
    }
    match action.as_str() {
        "AssumeRoleWithWebIdentity" => AssumeRole::read(form).map(Action::AssumeRoleWithWebIdentity),
        "GetCallerIdentity" => identity::read(form, headers).map(Action::GetCallerIdentity),
        _ => Err(Fault::of("InvalidAction", "This action is none of daypass: ask AWS's own STS.")),
    }
}

async fn assume_role(app: Arc<App>, caller: AwsCaller, action: AssumeRole) -> Result<(String, String), AwsError> {
    let released = run(app, caller.call(Ok(action.token)), Ok(ExchangeRequest::credentials(action.request))).await;
    let answered = released.and_then(|released| assumed(&released));
    answered.map_err(|refused| AwsError::of(&refused))
}

/// The answer, made of the same values as that of every other API.
fn assumed(released: &Released) -> Result<(String, String), RecordedRefusal> {
    let keys = released.only::<AwsKeys>()?;
    let (decision, bearer, session) = (released.decision().to_string(), released.bearer(), &keys.session);
    let document = Xml::document("AssumeRoleWithWebIdentityResponse", |xml| {
        xml.element("AssumeRoleWithWebIdentityResult", |xml| {
            if let Some(bearer) = bearer {
                xml.text("SubjectFromWebIdentityToken", &bearer.subject);
                xml.text("Audience", bearer.audience.as_str());
                xml.text("Provider", bearer.issuer.as_str());
            }
            xml.element("AssumedRoleUser", |xml| {
                xml.text("Arn", &session.arn);
                xml.text("AssumedRoleId", &session.id);
            });
            xml.element("Credentials", |xml| {
                xml.text("AccessKeyId", &keys.access_key_id);
                xml.secret("SecretAccessKey", &keys.secret_access_key);
                xml.secret("SessionToken", &keys.session_token);
                xml.text("Expiration", &keys.expires_at.to_string());
            });
            xml.text("SourceIdentity", &decision);
            if let Some(per_cent) = session.packed_policy_size {
                xml.text("PackedPolicySize", &per_cent.to_string());
            }
            if let Some(per_cent) = session.session_token_utilization {
                xml.text("SessionTokenUtilization", &per_cent.to_string());
            }
        });
        xml.metadata(&decision);
    });
    Ok((document, decision))
}

/// The response. Its request id is the decision's id, by which an operator finds the record.
fn response(document: String, decision: &str, status: u16) -> Response<Body> {
    let mut response = reply::secret_answer(Body::from(document), "text/xml");
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(id) = HeaderValue::from_str(decision) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
