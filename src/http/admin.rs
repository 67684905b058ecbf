//! The admin listener: health, readiness and metrics, in the clear, on an address that only operators reach.

use crate::app::{App, told};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;

/// Its addresses.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(app)
}

/// Ready: a revision is in force and the store can be written. Faulty files are told, and do not make it unready.
async fn ready(State(app): State<Arc<App>>) -> impl IntoResponse {
    let live = app.live.load_full();
    let revision = live.revision().map(ToString::to_string);
    let store = app.store.is_writable().await;
    let fresh = app.in_force().is_ok();
    let ready = revision.is_ok() && store && fresh;
    let body = json!({
        "ready": ready, "revision": revision.as_ref().ok(), "faults": told(live.faults()), "held": live.held(), "alarm": live.alarm(), "sources": app.sources_told(&live),
        "checks": { "revision": revision.map_or_else(|denial| denial.cause, |_| "in force".to_owned()), "store": if store { "writable" } else { "cannot be written" }, "repository": if fresh { "read" } else { "not read for longer than max_stale" }, "space": app.store.space().1.unwrap_or_else(|| "enough".to_owned()), "clock": app.store.clock_fault().unwrap_or_else(|| "agrees with the time since boot".to_owned()) },
    });
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}

async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let live = app.live.load_full();
    app.metrics.sources(live.sources().map(|(name, source)| (name, source.state())));
    app.metrics.space(app.store.space().0);
    app.metrics.clock(app.store.clock_steps());
    app.metrics.keys_waiting(app.own_issuers.waiting_to_be_hosted());
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], app.metrics.render())
}
