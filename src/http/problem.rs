//! Refusals as problem documents (RFC 9457).

use super::reply::JSON;
use crate::answers::Problem;
use crate::exchange::RecordedRefusal;
use crate::words::Reason;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::json;

/// The text of other APIs' errors: the code, what happened, what to do next, and the decision's id.
pub(super) fn sentence(refused: &RecordedRefusal) -> String {
    let denial = refused.denial();
    let reason = denial.reason;
    format!("{}: {} {} (decision {})", reason.code(), denial.public_detail(), refused.hint(), refused.decision())
}

/// Seconds after which a refused request may be worth another try.
pub(super) const RETRY_AFTER_SECONDS: u16 = 5;

/// Whether a refusal with this status is only for now: too many requests (RFC 6585, section 4), or an outage (RFC 9110, section 15.6.4).
pub(super) const fn is_for_now(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// Tells the client when another try is worth it, if the refusal is only for now. All APIs do: without the header a client that is
/// refused for asking too often asks again at once.
pub(super) fn add_retry_after(response: &mut Response<Body>) {
    if is_for_now(response.status().as_u16()) {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
    }
}

impl IntoResponse for RecordedRefusal {
    fn into_response(self) -> Response<Body> {
        let denial = self.denial();
        let reason = denial.reason;
        let problem = Problem {
            kind: Some(format!("https://daypass.dev/problems/{}", reason.code())),
            title: Some(reason.title().to_owned()),
            status: Some(reason.status()),
            code: Some(reason.code().to_owned()),
            decision_id: Some(self.decision().to_string()),
            detail: Some(denial.public_detail().to_owned()),
            hint: Some(self.hint().to_string()),
            provider: denial.provider.map(str::to_owned),
        };
        let mut response = Response::new(Body::from(json!(problem).to_string()));
        *response.status_mut() = StatusCode::from_u16(reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if reason.status() == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if reason == Reason::MediaTypeRefused {
            headers.insert(header::ACCEPT, HeaderValue::from_static(JSON));
        }
        add_retry_after(&mut response);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn document(denial: crate::words::Denial) -> serde_json::Value {
        let response = RecordedRefusal::unrecorded(denial).into_response();
        serde_json::from_slice(&axum::body::to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn only_a_providers_refusal_names_a_provider() {
        let body = document(Reason::ProviderDenied.with_cause("github: the operator's").by("github")).await;
        assert_eq!(
            (&body["code"], &body["provider"], &body["status"]),
            (&json!("provider_denied"), &json!("github"), &json!(502))
        );
        assert!(!body.to_string().contains("the operator's"));
        let body = document(Reason::AwsDenied.with_cause("x")).await;
        assert!(body.get("provider").is_none(), "{body}");
    }
}
