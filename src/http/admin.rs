//! The admin listener: health, readiness and metrics, in the clear, on an address that only operators reach.

use super::health::Health;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use std::sync::Arc;

/// Its addresses.
pub fn router(health: Arc<Health>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn ready(State(health): State<Arc<Health>>) -> impl IntoResponse {
    let (ready, body) = health.ready().await;
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}

async fn metrics(State(health): State<Arc<Health>>) -> impl IntoResponse {
    health.measure().await;
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], health.app.metrics.render())
}

/// All that a load balancer hears on a connection of its own: that the server lives and whether it is ready.
pub fn health(health: Arc<Health>) -> Router {
    let is_ready = |State(health): State<Arc<Health>>| async move {
        if health.ready().await.0 { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    };
    let router = Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(is_ready));
    router.fallback(|| async { StatusCode::FORBIDDEN }).with_state(health)
}
