//! The admin listener: health, readiness and metrics, in the clear, on an address that only operators reach.

use super::health::Health;
use crate::words::plain_json;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// Its routes. To other machines `/readyz` answers only yes or no: files, commits and issuers are for operators.
pub fn router(health: Arc<Health>, listen: SocketAddr) -> Router {
    let readyz = if listen.ip().is_loopback() { get(ready) } else { get(is_ready) };
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", readyz)
        .route("/metrics", get(metrics))
        .with_state(health)
}

/// For people too, who see it on a terminal: names of pushed files are escaped.
async fn ready(State(health): State<Arc<Health>>) -> impl IntoResponse {
    let readiness = health.ready().await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let document = plain_json(&json!(readiness).to_string()).into_owned();
    (status, [(header::CONTENT_TYPE, "application/json")], document)
}

async fn metrics(State(health): State<Arc<Health>>) -> impl IntoResponse {
    health.measure().await;
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], health.app.metrics.render())
}

async fn is_ready(State(health): State<Arc<Health>>) -> impl IntoResponse {
    if health.ready().await.ready { (StatusCode::OK, "yes\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "no\n") }
}

/// All that a load balancer gets on a connection of its own: that the server lives, and whether it is ready.
pub fn health(health: Arc<Health>) -> Router {
    let router = Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(is_ready));
    router.fallback(|| async { StatusCode::FORBIDDEN }).with_state(health)
}
