//! `POST /admission/inject`: the webhook through which a Kubernetes API server injects the sidecar into pods that ask for it.
//!
//! It reads a pod and answers with a patch. It holds no secret, opens none, and makes no decision: policies decide when the
//! sidecar sends the pod's own token.

mod annotations;
mod conflict;
mod error;
mod inject;
mod names;
mod patch;
mod pod;
mod refusal;
mod review;
mod sidecar;

use super::reply;
use crate::config::SidecarSettings;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::post;
use axum::{Json, Router};
use review::{Request, Review};
use serde_json::{Value, json};
use std::sync::Arc;

/// The API server takes no request above 3 MiB, and a review holds the object of one.
const REVIEW_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bodies that are in memory at a time: 256 MiB at the most. Further requests wait, as long as the API server does.
const REVIEWS_MAX: usize = 64;
/// What the webhook needs.
struct Webhook {
    sidecar: SidecarSettings,
    turns: tokio::sync::Semaphore,
}

/// The one route of the webhook's own listener.
pub fn router(sidecar: SidecarSettings) -> Router {
    let webhook = Webhook { sidecar, turns: tokio::sync::Semaphore::new(REVIEWS_MAX) };
    Router::new().route("/admission/inject", post(review)).with_state(Arc::new(webhook))
}

async fn review(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Body) -> Result<Json<Value>, Response<Body>> {
    if !is_json(&headers) {
        return Err(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "an AdmissionReview comes as application/json\n"));
    }
    let _turn = webhook.turns.acquire().await;
    let body = reply::body(body, REVIEW_BYTES_MAX).await.map_err(|denial| {
        let status = StatusCode::from_u16(denial.reason.status()).unwrap_or(StatusCode::BAD_REQUEST);
        plain(status, denial.detail.as_deref().unwrap_or(denial.reason.title()))
    })?;
    let request = Review::read(&body).map_err(|fault| plain(StatusCode::BAD_REQUEST, &fault.to_string()))?;
    Ok(Json(answer(request, &webhook.sidecar)))
}

fn answer(mut request: Request, settings: &SidecarSettings) -> Value {
    let injected = request.pod().and_then(|pod| inject::inject(pod, settings));
    let (namespace, uid) = (names::excerpt(&request.namespace), &request.uid);
    match injected {
        Ok(injected) => {
            let operations = injected.patch.operations();
            if !operations.is_empty() {
                tracing::info!(namespace, "the sidecar is injected");
            }
            review::allowed(uid, operations, &injected.warnings)
        }
        Err(refusal) => {
            tracing::info!(namespace, cause = refusal.message(), "a pod is refused");
            review::refused(uid, &refusal)
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// The answer to a body that is no review. The API server shows the status and the text.
fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({ "error": text.trim_end() }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;
