//! A token endpoint on loopback (RFC 8693): Google's libraries send the token of their file, and get the access token, which is
//! renewed before it expires.

use crate::client::local_server::{Answers, LocalServer, REQUEST_MAX, random_token, response};
use crate::client::renewal::{Expiring, Renewing};
use crate::client::{Failure, STATUS_DENIED};
use crate::words::{Clock, Secret, SystemClock};
use axum::body::Body;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use serde_json::json;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// RFC 8693, section 3.
pub(super) const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const PATH: &str = "/token";
/// Seven short parameters, and as many scopes as a program likes.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// A server that ends when it is dropped.
pub(super) struct Endpoint {
    server: LocalServer,
    subject: Arc<Secret>,
}

impl Endpoint {
    /// Starts on a free port of 127.0.0.1. Only programs that can read the file of the subject token get an answer.
    pub(super) async fn start(token: Arc<Renewing<Secret>>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let subject = Arc::new(random_token()?);
        let server = LocalServer::serve(listener, TokenEndpointState { subject: subject.clone(), token })?;
        Ok(Self { server, subject })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}{PATH}", self.server.address())
    }

    /// The subject token that a client has to send.
    pub(super) fn subject(&self) -> Secret {
        self.subject.duplicate()
    }
}

struct TokenEndpointState {
    subject: Arc<Secret>,
    token: Arc<Renewing<Secret>>,
}

impl Answers for TokenEndpointState {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if request.uri().path() != PATH || request.method() != Method::POST {
            return refusal(404, "invalid_request", &format!("Only POST {PATH} is answered here."));
        }
        let body = tokio::time::timeout(REQUEST_MAX, Limited::new(request.into_body(), BODY_BYTES_MAX).collect()).await;
        let Ok(Ok(body)) = body else { return refusal(400, "invalid_request", "The form did not come whole.") };
        let body = Secret::new(body.to_bytes().to_vec());
        if subject_token(&body).as_ref() != Some(&*self.subject) {
            return refusal(400, "invalid_grant", "The `subject_token` is not the one of the file that `daypass exec` wrote.");
        }
        match self.token.current().await {
            Ok(dated) => granted(&dated),
            Err(failure) => refused(&failure),
        }
    }
}

/// The `subject_token` of a form.
fn subject_token(body: &Secret) -> Option<Secret> {
    let form = reqwest::Url::parse(&format!("http://localhost/?{}", body.expose_text()?)).ok()?;
    form.query_pairs().find(|(name, _)| name == "subject_token").map(|(_, value)| value.into_owned().into())
}

fn granted(dated: &Expiring<Secret>) -> Response<Body> {
    let lasts = dated.expires_at.since(SystemClock.now()).as_secs();
    let token = dated.value.expose_text();
    let document =
        json!({ "access_token": token, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": lasts });
    response(200, &document)
}

fn refused(failure: &Failure) -> Response<Body> {
    let (status, code) = if failure.status == STATUS_DENIED { (400, "invalid_target") } else { (503, "temporarily_unavailable") };
    refusal(status, code, &failure.one_line())
}

fn refusal(status: u16, code: &str, message: &str) -> Response<Body> {
    response(status, &json!({ "error": code, "error_description": message }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::time::Duration;

    async fn start(lasting: Duration) -> Endpoint {
        let first = Expiring { value: "hunter2".to_owned().into(), expires_at: SystemClock.now().plus(lasting) };
        let denied = || Failure { decision: Some("d".into()), ..Failure::new(STATUS_DENIED, "No.").with_hint("h") };
        let renewed = Renewing::new(Some(first), None, Arc::new(SystemClock), move || Box::pin(async move { Err(denied()) }));
        Endpoint::start(renewed).await.unwrap()
    }

    async fn ask(endpoint: &Endpoint, method: Method, path: &str, body: String) -> (u16, Value) {
        crate::telemetry::install_crypto();
        let http = crate::issuers::http::command_client(None).unwrap();
        let response =
            http.request(method, format!("http://{}{path}", endpoint.server.address())).body(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    fn form(endpoint: &Endpoint) -> String {
        format!("grant_type=x&subject_token={}", endpoint.subject.expose_text().unwrap())
    }

    #[tokio::test]
    async fn only_a_program_that_read_the_file_gets_the_token() {
        let endpoint = start(Duration::from_secs(100)).await;
        assert!(endpoint.server.address().ip().is_loopback());
        let (status, answer) = ask(&endpoint, Method::POST, PATH, form(&endpoint)).await;
        assert_eq!((status, answer["access_token"].as_str()), (200, Some("hunter2")));
        assert!(answer["expires_in"].as_u64().unwrap() <= 100);
        for wrong in ["", "subject_token=", "subject_token=x", &"a".repeat(BODY_BYTES_MAX + 1)] {
            assert_eq!(ask(&endpoint, Method::POST, PATH, wrong.to_owned()).await.0, 400);
        }
        assert_eq!(ask(&endpoint, Method::GET, PATH, form(&endpoint)).await.0, 404);
        assert_eq!(ask(&endpoint, Method::POST, "/", form(&endpoint)).await.0, 404);
    }

    #[tokio::test]
    async fn a_denial_comes_with_its_hint_and_decision_when_the_token_has_ended() {
        let endpoint = start(Duration::ZERO).await;
        let (status, answer) = ask(&endpoint, Method::POST, PATH, form(&endpoint)).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_target")));
        assert_eq!(answer["error_description"], "No.; hint: h; decision: d");
    }
}
