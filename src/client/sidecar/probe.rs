//! `/healthz` and `/readyz` for the kubelet: the sidecar runs, and every file is there.

use crate::client::{Failure, STATUS_UNAVAILABLE};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;

/// Whether every file is there.
#[derive(Clone, Default)]
pub(super) struct Status(Arc<AtomicBool>);

impl Status {
    pub(super) fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }

    fn answer(&self) -> (StatusCode, &'static str) {
        if self.0.load(Ordering::Relaxed) {
            (StatusCode::OK, "ready\n")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}

/// Binds the address.
pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|fault| Failure::new(STATUS_UNAVAILABLE, format!("{address}: {fault}")))
}

/// Answers the kubelet, and tells nothing else, because anybody who reaches the pod may ask.
pub(super) async fn serve(listener: TcpListener, status: Status) {
    let ready = get(move || std::future::ready(status.answer()));
    let router = Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", ready);
    if let Err(fault) = axum::serve(listener, router).await {
        tracing::error!(%fault, "the probes' address is lost");
    }
}
