//! How long requests take, by the address in the table of routes.

use crate::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;
use std::time::Instant;

/// Measures until the head of the answer is there: a stream goes on after it.
pub(super) async fn measure(State(app): State<Arc<App>>, route: MatchedPath, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let answer = next.run(request).await;
    app.metrics.served(route.as_str(), started.elapsed());
    answer
}
