//! OAuth 2.0 Token Exchange (RFC 8693) and its metadata (RFC 8414): a job's token in, a token of our own issuer out. If the
//! audience is one of Google's, the result is a token of Google's.

#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod gcp;
mod id_token;
mod issued;
mod parameters;

use super::problem::{add_retry_after, sentence};
use super::reply;
use super::stopping::Peer;
use super::task::run;
use crate::app::App;
use crate::config::ID_TOKENS;
use crate::exchange::{ExchangeRequest, RecordedRefusal, Released, RequestContext};
use crate::kind::Target;
use crate::policy::Request;
use crate::words::{Reason, UnixTime};
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use issued::{Issued, TokenType};
use parameters::{Fault, GRANT_TYPE, Parameters};
use serde_json::json;
use std::sync::Arc;

/// The token endpoint.
pub(super) const PATH: &str = "/oauth2/token";

/// Exchanges the `subject_token`.
pub(super) async fn token(
    State(app): State<Arc<App>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let call = RequestContext { api: "oauth", ..reply::call(peer.as_deref(), &HeaderMap::new()) };
    let parameters = match reply::body(body, reply::BODY_BYTES_MAX).await {
        Ok(bytes) => Parameters::read(&headers, &bytes),
        Err(denial) => Err(Fault::from(denial)),
    };
    let parameters = parameters.and_then(|parameters| known(parameters, &app));
    match parameters {
        Ok(Parameters { token, audience, google, policy, requested }) => {
            let (target, issued): (Target, Issue) = match google {
                Some(google) => (google, gcp::issued),
                None => (id_token::target(audience), id_token::issued),
            };
            let asked = ExchangeRequest::credentials(Request::one(target, policy));
            let released = run(app.clone(), RequestContext { token: Ok(token), ..call }, Ok(asked)).await;
            let answered = released.and_then(|released| Ok(answered(&issued(&released, requested, app.now())?)));
            answered.unwrap_or_else(|refused| failed(error_code(&refused), &refused))
        }
        Err(Fault { code, denial }) => {
            let released = run(app, call, Err(denial)).await;
            released.map_or_else(|refused| failed(code, &refused), |_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}

/// Refuses an audience that is a workload identity provider other than the server's own: the server would not use it, and the
/// caller would believe that it did.
fn known(parameters: Parameters, app: &App) -> Result<Parameters, Fault> {
    if gcp::is_of_another_pool(parameters.audience.as_str(), app) {
        return Err(Fault::target("The audience is a provider of a workload identity pool that this server does not ask."));
    }
    Ok(parameters)
}

/// RFC 8414, section 2. It describes this server, so its `issuer` is the server's address.
pub(super) async fn metadata(State(app): State<Arc<App>>) -> impl IntoResponse {
    let base = app.public_url.as_str().trim_end_matches('/');
    axum::Json(json!({
        "issuer": app.public_url, "token_endpoint": format!("{base}{PATH}"), "jwks_uri": format!("{base}{ID_TOKENS}/.well-known/jwks.json"),
        "grant_types_supported": [GRANT_TYPE], "token_endpoint_auth_methods_supported": ["none"], "response_types_supported": [],
    }))
}

/// How the credential of a kind is answered.
type Issue = for<'a> fn(&'a Released, TokenType, UnixTime) -> Result<Issued<'a>, RecordedRefusal>;

fn answered(issued: &Issued<'_>) -> Response<Body> {
    let mut response = reply::json_answer(issued);
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// RFC 6749, section 5.2; RFC 8693, section 2.2.2. They have 400 for a faulty request and say nothing of one that is good but comes
/// too often: that is 429 (RFC 6585, section 4), by which clients of HTTP back off.
fn failed(code: &'static str, refused: &RecordedRefusal) -> Response<Body> {
    let reason = refused.denial().reason;
    let answer = json!({
        "error": code, "error_description": printable(&sentence(refused)),
        "error_uri": format!("https://daypass.dev/problems/{}", reason.code()),
    });
    let mut response = reply::secret_answer(Body::from(answer.to_string()), "application/json");
    *response.status_mut() = match (code, reason.status()) {
        ("invalid_client", _) => StatusCode::UNAUTHORIZED,
        (_, status @ (413 | 429 | 500..)) => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        _ => StatusCode::BAD_REQUEST,
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"none\""));
    }
    add_retry_after(&mut response);
    response
}

/// For a token that is not acceptable RFC 8693 has `invalid_request`, and for an audience that no policy grants `invalid_target`.
fn error_code(refused: &RecordedRefusal) -> &'static str {
    match (refused.denial().reason, refused.denial().reason.status()) {
        (Reason::Replayed, _) => "invalid_request",
        (_, 403 | 404) => "invalid_target",
        (_, 429 | 502 | 503) => "temporarily_unavailable",
        (_, 500..) => "server_error",
        _ => "invalid_request",
    }
}

/// The characters that `error_description` may have (RFC 6749, section 5.2).
fn printable(text: &str) -> String {
    let allowed = |one: char| match one {
        '"' | '`' => '\'',
        '…' => '.',
        ' '..='~' if one != '\\' => one,
        _ => '?',
    };
    text.chars().map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_asks_too_often_is_told_to_back_off() {
        for (reason, status, code, waits) in [
            (Reason::RateLimited, 429, "temporarily_unavailable", true),
            (Reason::Overloaded, 503, "temporarily_unavailable", true),
            (Reason::TokenExpired, 400, "invalid_request", false),
            (Reason::NoMatchingPolicy, 400, "invalid_target", false),
        ] {
            let refused = RecordedRefusal::unrecorded(reason.with_cause("x"));
            let response = failed(error_code(&refused), &refused);
            assert_eq!((response.status().as_u16(), error_code(&refused)), (status, code), "{}", reason.code());
            assert_eq!(response.headers().contains_key(header::RETRY_AFTER), waits, "{}", reason.code());
        }
    }
}
