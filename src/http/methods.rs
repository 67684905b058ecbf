//! What is heard of an address by a method that it does not take.

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

/// An address of ours by another method (RFC 9110, section 15.5.6); the router names those that it takes in `Allow`.
pub(super) async fn other_method(
    State(app): Shared,
    Caller(call): Caller,
    method: Method,
    OriginalUri(uri): OriginalUri,
) -> Response<Body> {
    let cause = format!("{method} is no method of {}", uri.path().chars().take(200).collect::<String>());
    exchange::refuse(&app, &call, Reason::MethodNotAllowed.because(cause)).await.into_response()
}

/// Another method, HEAD too, where GET would release something: the router would name HEAD beside GET. The record says which address it was.
pub(super) async fn get_alone(app: Shared, caller: Caller, method: Method, uri: OriginalUri) -> Response<Body> {
    ([(header::ALLOW, "GET")], other_method(app, caller, method, uri).await).into_response()
}
