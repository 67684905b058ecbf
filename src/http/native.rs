//! The native API and our own issuer's two documents.

use super::accept::Peer;
use super::reply::{self, Caller};
use crate::app::App;
use crate::exchange::{self, Asked, Call, Refused, Released};
use crate::policy::{Request, Wanted};
use crate::words::names::SecretName;
use crate::words::{Denial, Reason};
use axum::body::Body;
use axum::extract::{Extension, OriginalUri, Path, Query, State};
use axum::http::{HeaderMap, Method, Response, header};
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use std::sync::Arc;

type Shared = State<Arc<App>>;

/// Every public address.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/exchange", post(exchange))
        .route("/v1/secrets/{*path}", get(secret))
        .route("/v1/age/unwrap", post(super::age::unwrap))
        .route("/v1/whoami", get(whoami))
        .route("/v1/events", super::events::route())
        .route("/hooks/git/{source}", post(super::hooks::wake))
        .route("/v1/policy/replay", post(replay))
        .route("/.well-known/openid-configuration", get(|State(app): Shared| async move { Json(app.signing.discovery()) }))
        .route("/.well-known/jwks.json", get(|State(app): Shared| async move { Json(app.signing.jwks()) }))
        .route("/.well-known/oauth-authorization-server", get(super::oauth::metadata))
        .route("/oauth2/token", post(super::oauth::token))
        .route("/vault/v1/{*path}", any(super::vault::vault))
        .route("/v1/{*path}", any(beside))
        .merge(super::aws::routes())
        .fallback(unknown_address)
        .method_not_allowed_fallback(unknown_address)
        .with_state(app)
}

async fn exchange(State(app): Shared, Caller(call): Caller, body: Body) -> Response<Body> {
    let asked = reply::body(body, reply::BODY_BYTES_MAX).await.and_then(|bytes| {
        serde_json::from_slice::<Request>(&bytes)
            .map(Asked::credentials)
            .map_err(|fault| Reason::BadRequest.because(fault.to_string()).saying(format!("The request's body: {fault}")))
    });
    match run(app, call, asked).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretQuery {
    key: Option<String>,
    policy: Option<crate::words::names::PolicyName>,
}

async fn secret(
    State(app): Shared,
    Caller(call): Caller,
    Path(path): Path<String>,
    query: Result<Query<SecretQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Response<Body> {
    let asked = query.map_err(|fault| fault.body_text()).and_then(|Query(query)| {
        let name = query.key.map_or_else(|| path.clone(), |key| format!("{path}#{key}"));
        SecretName::parse(&name).map(|name| Asked::credentials(Request::one(Wanted::Secret(name), query.policy)))
    });
    let asked = asked.map_err(|fault| Reason::BadRequest.because(fault.clone()).saying(fault));
    let plain = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/plain"));
    match run(app, call, asked).await {
        Ok(released) if plain => reply::bare_value(&released),
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

/// The body is read when the policies have said that the job may ask.
async fn replay(State(app): Shared, Caller(call): Caller, body: Body) -> Response<Body> {
    let asked = Asked::replay(reply::body(body, reply::CANDIDATE_BYTES_MAX));
    match run(app, call, Ok(asked)).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

/// In a task of its own: a client that hangs up cannot leave a half-told story.
pub(super) async fn run(app: Arc<App>, call: Call, asked: Result<Asked, Denial>) -> Result<Released, Refused> {
    let exchanges = app.exchanges.clone();
    let task = exchanges.spawn(async move {
        match asked {
            Ok(asked) => exchange::exchange(&app, call, asked).await,
            Err(denial) => Err(exchange::refuse(&app, &call, denial).await),
        }
    });
    match task.await {
        Ok(answer) => answer,
        Err(fault) => Err(Refused::unrecorded(Reason::Internal.because(fault.to_string()))),
    }
}

async fn whoami(State(app): Shared, Caller(call): Caller) -> Response<Body> {
    match exchange::whoami(&app, call).await {
        Ok(seen) => ([(header::CACHE_CONTROL, "no-store")], Json(seen)).into_response(),
        Err(refused) => refused.into_response(),
    }
}

/// What is no address of ours below `/v1` may be one of Vault's.
async fn beside(
    app: Shared,
    caller: Caller,
    peer: Option<Extension<Peer>>,
    method: Method,
    uri: OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    if super::vault::is_asked_at_root(&method, &uri) {
        return super::vault::vault(app, peer, method, uri, headers, body).await;
    }
    unknown_address(app, caller, uri).await
}

async fn unknown_address(State(app): Shared, Caller(call): Caller, OriginalUri(uri): OriginalUri) -> Response<Body> {
    let cause = format!("{:?} is no address of this server", uri.path().chars().take(200).collect::<String>());
    exchange::refuse(&app, &call, Reason::NotFound.because(cause)).await.into_response()
}
