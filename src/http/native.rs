//! The native API and the two documents of each of our own issuers.

use super::durations::measure;
use super::form::{self, FormError};
use super::methods::other_method;
use super::reply::{self, Caller};
use super::routes::Routes;
use super::task::run;
use super::traces::trace;
use crate::app::App;
use crate::exchange::{self, Asked, Call};
use crate::issue::SigningKeys;
use crate::kind::{PastSecret, Target};
use crate::policy::Request;
use crate::store::OwnIssuer;
use crate::words::names::{CommitId, NameError, PointerError, PolicyName, SecretName, SecretPath, check_pointer};
use crate::words::{Denial, Reason};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, Request as HttpRequest, State};
use axum::http::{HeaderMap, Method, Response, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::{Json, Router};
use serde_json::Value;
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
        .get("/v1/secrets/{*path}", secret)
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
        .any("/v1/{*path}", beside);
    super::octo_sts::routes(super::aws::routes(routes))
}

/// A public document of one of our own issuers.
async fn document(State(app): Shared, own: OwnIssuer, document: fn(&SigningKeys) -> Value) -> Json<Value> {
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
        let request = Request::parse(&bytes).map_err(|fault| bad_request(format!("The request's body: {fault}.")));
        request.map(Asked::credentials)
    };
    by_body(&app, call, (&uri, &headers, body), parse).await
}

/// A request in a body, which a proof may cover.
async fn by_body(
    app: &Arc<App>,
    call: Call,
    (uri, headers, body): (&Uri, &HeaderMap, Body),
    parse: impl FnOnce(Vec<u8>) -> Result<Asked, Denial>,
) -> Response<Body> {
    let read = reply::json_body(headers, body, reply::BODY_BYTES_MAX).await;
    let call = if let Ok(bytes) = &read { call.with_body(bytes) } else { call };
    match run(app.clone(), call, form::no_query(uri).and(read).and_then(parse)).await {
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

async fn secret(
    State(app): Shared,
    Caller(call): Caller,
    path: Result<Path<String>, PathRejection>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Response<Body> {
    let path = path.map_err(|_| AddressError::NotUtf8);
    let asked = path.and_then(|Path(path)| read_secret(&path, &uri)).map_err(bad_request);
    let plain = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/plain"));
    match run(app, call, asked).await {
        Ok(released) if plain => reply::bare_value(&released).unwrap_or_else(IntoResponse::into_response),
        Ok(released) => reply::document(&released),
        Err(refused) => refused.into_response(),
    }
}

/// What is wrong with the path or the query of a request for a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AddressError {
    /// The path as a whole.
    #[error("The path is not UTF-8.")]
    NotUtf8,
    /// The document in the path.
    #[error("The path of a secret: {0}.")]
    Path(#[source] NameError),
    /// The query as a whole.
    #[error("The query: {0}.")]
    Query(#[from] FormError),
    /// A parameter of the query.
    #[error("{} is no parameter here: there are `key`, `commit` and `policy`.", form::opening(.parameter))]
    Unknown {
        /// Its name.
        parameter: String,
    },
    /// The pointer to a value.
    #[error("`key`: {0}.")]
    Key(#[from] PointerError),
    /// The policy to use.
    #[error("`policy`: {0}.")]
    Policy(#[source] NameError),
    /// The commit that the document is read at.
    #[error("`commit`: {0}.")]
    Commit(#[source] NameError),
}

/// Reads the document from the path, which is decoded once, and the key, the commit and the policy from the query.
pub(super) fn read_secret(path: &str, uri: &Uri) -> Result<Asked, AddressError> {
    let path = SecretPath::parse(path).map_err(AddressError::Path)?;
    let mut query = form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let (key, commit, policy) = (query.remove("key"), query.remove("commit"), query.remove("policy"));
    if let Some(unknown) = query.keys().next() {
        return Err(AddressError::Unknown { parameter: unknown.clone() });
    }
    key.as_deref().map_or(Ok(()), check_pointer)?;
    let policy = policy.as_deref().map(PolicyName::parse).transpose().map_err(AddressError::Policy)?;
    let commit = commit.as_deref().map(CommitId::parse).transpose().map_err(AddressError::Commit)?;
    let name = SecretName { path, key };
    let wanted = match commit {
        None => Target::Secret(name),
        commit => Target::SecretAt(PastSecret { commit, name }),
    };
    Ok(Asked::credentials(Request::one(wanted, policy)))
}

fn bad_request(fault: impl std::fmt::Display) -> Denial {
    Reason::BadRequest.because(&fault).saying(fault.to_string())
}

/// The body is read only after the grant.
async fn replay(
    State(app): Shared,
    Caller(call): Caller,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let asked = Asked::replay(async move { reply::json_body(&headers, body, reply::CANDIDATE_BYTES_MAX).await });
    match run(app, call.with_unread_body(), form::no_query(&uri).map(|()| asked)).await {
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
    let asked = Asked::rewrite(async move { reply::json_body(&headers, body, reply::REWRITE_BYTES_MAX).await });
    match run(app, call.with_unread_body(), form::no_query(&uri).map(|()| asked)).await {
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
    by_body(&app, call, (&uri, &headers, body), |body| Asked::deny(&body)).await
}

async fn whoami(State(app): Shared, Caller(call): Caller, OriginalUri(uri): OriginalUri) -> Response<Body> {
    if let Err(denial) = form::no_query(&uri) {
        return exchange::refuse(&app, &call, denial).await.into_response();
    }
    match exchange::whoami(&app, call).await {
        Ok(seen) => ([(header::CACHE_CONTROL, "no-store")], Json(seen)).into_response(),
        Err(refused) => refused.into_response(),
    }
}

/// A path below `/v1` that is none of ours may be one of Vault's.
async fn beside(app: Shared, caller: Caller, method: Method, uri: OriginalUri, request: HttpRequest) -> Response<Body> {
    if super::vault::is_asked_at_root(&method, &uri, request.headers()) {
        return super::vault::vault(app, request).await;
    }
    unknown_address(app, caller, uri).await
}

async fn unknown_address(State(app): Shared, Caller(call): Caller, OriginalUri(uri): OriginalUri) -> Response<Body> {
    let cause = format!("{:?} is no address of this server", uri.path().chars().take(200).collect::<String>());
    exchange::refuse(&app, &call, Reason::NotFound.because(cause)).await.into_response()
}
