//! The answers of a route to methods that it does not take.

use super::reply::Caller;
use crate::app::App;
use crate::exchange;
use crate::words::Reason;
use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{Method, Response, header};
use axum::response::IntoResponse;
use std::sync::Arc;

type Shared = State<Arc<App>>;

/// Refuses another method at a route of ours (RFC 9110, section 15.5.6). The router names the allowed methods in `Allow`.
pub(super) async fn other_method(
    State(app): Shared,
    Caller(call): Caller,
    method: Method,
    OriginalUri(uri): OriginalUri,
) -> Response<Body> {
    let cause = format!("{method} is no method of {}", uri.path().chars().take(200).collect::<String>());
    exchange::refuse(&app, &call, Reason::MethodNotAllowed.with_cause(cause)).await.into_response()
}

/// Refuses every method but GET, also HEAD, at a route whose GET releases something. Without this the router would allow HEAD
/// too. The record names the route.
pub(super) async fn get_alone(app: Shared, caller: Caller, method: Method, uri: OriginalUri) -> Response<Body> {
    ([(header::ALLOW, "GET")], other_method(app, caller, method, uri).await).into_response()
}
