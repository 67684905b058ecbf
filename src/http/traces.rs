//! The span of a request, by route.

use crate::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;

/// The span ends when the head of the answer is ready, like the measured duration. A path that is not in the table has no route.
pub(super) async fn trace(State(app): State<Arc<App>>, route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let span = app.traces.request(request.method(), route.as_ref().map(MatchedPath::as_str));
    span.answer(next.run(request), Response::status).await
}
