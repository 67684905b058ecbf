//! The span of a request, by the address in the table of routes.

use crate::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// Until the head of the answer is there, as its duration is measured. An address that is not in the table has no route.
pub(super) async fn trace(State(app): State<Arc<App>>, route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let span = app.traces.request(request.method(), route.as_ref().map(MatchedPath::as_str));
    span.answer(next.run(request), Response::status).await
}
