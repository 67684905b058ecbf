//! `POST /admission/inject`: the webhook by which a Kubernetes API server has the sidecar put into pods that ask for it.
//!
//! It reads a pod and answers a patch. It holds no secret, opens none, and asks nobody: what a pod gets is decided when its
//! sidecar shows the pod's own token.

mod annotations;
mod conflict;
mod error;
mod inject;
mod patch;
mod pod;
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

/// The API server takes no request above 3 MiB, and a review holds one object of such.
const REVIEW_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bodies that are held at a time: 256 MiB at the most. More wait, as long as the API server does.
const REVIEWS_MAX: usize = 64;
/// Faults that are told at once.
const FAULTS_MAX: usize = 8;

/// Why a pod is not let in.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    /// 400: what the pod asks for is wrong. 403: it stands against what the pod is.
    code: u16,
    faults: Vec<String>,
}

impl Refusal {
    fn bad(fault: impl Into<String>) -> Self {
        Self::all_bad(vec![fault.into()])
    }

    const fn all_bad(faults: Vec<String>) -> Self {
        Self { code: 400, faults }
    }

    const fn all_forbidden(faults: Vec<String>) -> Self {
        Self { code: 403, faults }
    }

    fn message(&self) -> String {
        let mut message = format!("daypass: {}", self.faults.iter().take(FAULTS_MAX).cloned().collect::<Vec<_>>().join("; "));
        if self.faults.len() > FAULTS_MAX {
            message.push_str(&format!("; and {} more", self.faults.len() - FAULTS_MAX));
        }
        message
    }
}

/// What the webhook needs.
struct Webhook {
    sidecar: SidecarSettings,
    turns: tokio::sync::Semaphore,
}

/// The one address of the webhook's own listener.
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
    let done = request.pod().and_then(|pod| inject::inject(pod, settings));
    let (namespace, uid) = (annotations::shown(&request.namespace), &request.uid);
    match done {
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

/// What is no review gets no review back; the API server shows the status and the text.
fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({ "error": text.trim_end() }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests;
