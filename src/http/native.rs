//! The native API and the two documents of each of our own issuers.

use super::durations::measure;
use super::form;
use super::methods::other_method;
use super::reply::{self, Caller};
use super::routes::Routes;
use super::task::run;
use super::traces::trace;
use crate::app::App;
use crate::exchange::{self, ExchangeRequest, RequestContext};
use crate::issue::SigningKeys;
use crate::policy::Request;
use crate::store::OwnIssuer;
use crate::words::{Denial, Reason, without_secrets};
use axum::body::Body;
use axum::extract::{OriginalUri, Request as HttpRequest, State};
use axum::http::{HeaderMap, Method, Response, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::{Json, Router};
use std::sync::Arc;

type Shared = State<Arc<App>>;

/// Every public route.
pub fn router(app: Arc<App>) -> Router {
    let measured = from_fn_with_state(app.clone(), measure);
    let router = routes().into_router().route_layer(measured).fallback(unknown_address).method_not_allowed_fallback(other_method);
    let router = if app.traces.are_on() { router.layer(from_fn_with_state(app.clone(), trace)) } else { router };
    router.with_state(app)
}

/// Describe a new route in `openapi/operations.rs`: a test compares the two.
pub(super) fn routes() -> Routes {
    let routes = Routes::default()
        .post("/v1/exchange", exchange)
        .get("/v1/secrets/{*path}", super::secret::secret)
        .post("/v1/rewrite", rewrite)
        .post("/v1/age/unwrap", super::age::unwrap)
        .get("/v1/whoami", whoami)
        .get_by("/v1/events", super::events::route())
        .public("/v1/openapi.json", super::openapi::answer)
        .post_by("/hooks/git/{source}", super::hooks::route())
        .post("/v1/policy/replay", replay)
        .get("/v1/audit", super::audit::audit)
        .get("/v1/secret-status", super::secret_status::status)
        .post("/v1/deny", deny)
        .public("/.well-known/openid-configuration", |app: Shared| document(app, OwnIssuer::Clouds, SigningKeys::discovery))
        .public("/.well-known/jwks.json", |app: Shared| document(app, OwnIssuer::Clouds, SigningKeys::jwks))
        .public("/id-tokens/.well-known/openid-configuration", |app: Shared| {
            document(app, OwnIssuer::IdTokens, SigningKeys::discovery)
        })
        .public("/id-tokens/.well-known/jwks.json", |app: Shared| document(app, OwnIssuer::IdTokens, SigningKeys::jwks))
        .public("/.well-known/oauth-authorization-server", super::oauth::metadata)
        .post("/oauth2/token", super::oauth::token)
        // Vault documents HEAD for this path alone.
        .any_public("/vault/v1/sys/health", super::vault::vault)
        .any("/vault/v1/{*path}", super::vault::vault)
        .any("/v1/{*path}", fallback);
    super::octo_sts::routes(super::aws::routes(routes))
}

/// A public document of one of our own issuers.
async fn document<T>(State(app): Shared, own: OwnIssuer, document: fn(&SigningKeys) -> T) -> Json<T> {
    Json(document(app.own_issuers.keys(own)))
}

async fn exchange(
    State(app): Shared,
    Caller(call): Caller,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let parse = |bytes: Vec<u8>| {
        let request = Request::parse(&bytes).map_err(|fault| reply::bad_request(format!("The request's body: {fault}.")));
        request.map(ExchangeRequest::credentials)
    };
    by_body(&app, call, (&uri, &headers, body), parse).await
}

/// A request in a body, which a proof may cover.
async fn by_body(
    app: &Arc<App>,
    call: RequestContext,
    (uri, headers, body): (&Uri, &HeaderMap, Body),
    parse: impl FnOnce(Vec<u8>) -> Result<ExchangeRequest, Denial>,
) -> Response<Body> {
    let read = reply::json_body(headers, body, reply::BODY_BYTES_MAX).await;
    let call = if let Ok(bytes) = &read { call.with_body(bytes) } else { call };
    match run(app.clone(), call, form::no_query(uri).and(read).and_then(parse)).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

/// The body is read only after the grant.
async fn replay(
    State(app): Shared,
    Caller(call): Caller,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let request = ExchangeRequest::replay(async move { reply::json_body(&headers, body, reply::CANDIDATE_BYTES_MAX).await });
    match run(app, call.with_unread_body(), form::no_query(&uri).map(|()| request)).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

/// The body is read only after the grant.
async fn rewrite(
    State(app): Shared,
    Caller(call): Caller,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let request = ExchangeRequest::rewrite(async move { reply::json_body(&headers, body, reply::REWRITE_BYTES_MAX).await });
    match run(app, call.with_unread_body(), form::no_query(&uri).map(|()| request)).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

async fn deny(
    State(app): Shared,
    Caller(call): Caller,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    by_body(&app, call, (&uri, &headers, body), |body| ExchangeRequest::deny(&body)).await
}

async fn whoami(State(app): Shared, Caller(call): Caller, OriginalUri(uri): OriginalUri) -> Response<Body> {
    if let Err(denial) = form::no_query(&uri) {
        return exchange::refuse(&app, &call, denial).await.into_response();
    }
    match exchange::whoami(&app, call).await {
        Ok(identity) => ([(header::CACHE_CONTROL, "no-store")], Json(identity)).into_response(),
        Err(refused) => refused.into_response(),
    }
}

/// A path below `/v1` that is none of ours may be one of Vault's.
async fn fallback(app: Shared, caller: Caller, method: Method, uri: OriginalUri, request: HttpRequest) -> Response<Body> {
    if super::vault::is_vault_at_root(&method, &uri, request.headers()) {
        return super::vault::vault(app, request).await;
    }
    unknown_address(app, caller, uri).await
}

async fn unknown_address(State(app): Shared, Caller(call): Caller, OriginalUri(uri): OriginalUri) -> Response<Body> {
    let cause = format!("{:?} is no address of this server", without_secrets(uri.path()).chars().take(200).collect::<String>());
    exchange::refuse(&app, &call, Reason::NotFound.with_cause(cause)).await.into_response()
}
