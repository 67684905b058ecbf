//! How long requests take, by route.

use crate::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;
use std::time::Instant;

/// Measures until the head of the answer is ready; the body of a stream goes on after it.
pub(super) async fn measure(State(app): State<Arc<App>>, route: MatchedPath, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let answer = next.run(request).await;
    app.metrics.served(route.as_str(), started.elapsed());
    answer
}
