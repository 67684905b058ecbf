//! AWS container credentials on loopback (AWS SDKs and Tools reference guide, "Container credential provider"): AWS's SDKs ask
//! here as often as they like, and get the session, which is renewed before it expires.

use crate::client::local_server::{Answers, LocalServer, random_token, response};
use crate::client::renewal::Renewing;
use crate::client::{Failure, STATUS_DENIED};
use crate::kind::{AwsKeys, ContainerCredentials};
use crate::words::Secret;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::{Method, Request, Response};
use serde_json::json;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The only path; everything else is 404.
pub(in crate::client) const PATH: &str = "/aws/container";

/// A server that ends when it is dropped.
pub(in crate::client) struct Loopback {
    server: LocalServer,
    token: Arc<Secret>,
}

impl Loopback {
    /// Starts on a free port of 127.0.0.1, with a token of its own.
    pub(in crate::client) async fn start(credential: Arc<Renewing<AwsKeys>>) -> std::io::Result<Self> {
        Self::serve(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?, random_token()?, credential)
    }

    /// Serves on a listener that the caller has bound, for clients that send `token` as `Authorization`. A listener that other
    /// machines can reach is refused.
    pub(in crate::client) fn serve(
        listener: TcpListener,
        token: Secret,
        credential: Arc<Renewing<AwsKeys>>,
    ) -> std::io::Result<Self> {
        let token = Arc::new(token);
        let server = LocalServer::serve(listener, CredentialsEndpoint { token: token.clone(), credential })?;
        Ok(Self { server, token })
    }

    /// The variables by which AWS's SDKs find it.
    pub(in crate::client) fn variables(&self) -> [(&'static str, Secret); 2] {
        [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{}{PATH}", self.server.address()).into()),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", self.token.duplicate()),
        ]
    }
}

/// The state for answering a request.
struct CredentialsEndpoint {
    token: Arc<Secret>,
    credential: Arc<Renewing<AwsKeys>>,
}

impl Answers for CredentialsEndpoint {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if request.uri().path() != PATH || request.method() != Method::GET {
            return refusal(404, "NotFound", &format!("Only GET {PATH} is answered here."));
        }
        let token = request.headers().get(AUTHORIZATION).map(|value| Secret::new(value.as_bytes().to_vec()));
        if token.as_ref() != Some(&*self.token) {
            return refusal(
                401,
                "Unauthorized",
                "Authorization is not AWS_CONTAINER_AUTHORIZATION_TOKEN as `daypass exec` set it.",
            );
        }
        match self.credential.current().await {
            Ok(dated) => response(200, &ContainerCredentials::from(&dated.value)),
            Err(failure) => refused(&failure),
        }
    }
}

/// The status tells these clients whether to try again.
fn refused(failure: &Failure) -> Response<Body> {
    let status = if failure.status == STATUS_DENIED { 403 } else { 503 };
    refusal(status, failure.code.as_deref().unwrap_or("Unavailable"), &failure.one_line())
}

/// The documented members, and the same with capitals, which the JavaScript SDK reads.
fn refusal(status: u16, code: &str, message: &str) -> Response<Body> {
    response(status, &json!({ "code": code, "message": message, "Code": code, "Message": message }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::renewal::Expiring;
    use crate::words::{Clock, SystemClock, UnixTime};
    use serde_json::Value;
    use std::time::Duration;

    fn credential(lasting: Duration) -> Expiring<AwsKeys> {
        let expires_at = SystemClock.now().plus(lasting);
        let value = crate::answers::tests::keys(expires_at);
        Expiring { value, expires_at }
    }

    fn denied() -> Failure {
        Failure {
            code: Some("no_matching_policy".into()),
            decision: Some("d".into()),
            ..Failure::new(STATUS_DENIED, "No.").with_hint("h")
        }
    }

    async fn start(lasting: Duration) -> Loopback {
        let renewed = Renewing::new(Some(credential(lasting)), None, Arc::new(SystemClock), || Box::pin(async { Err(denied()) }));
        Loopback::start(renewed).await.unwrap()
    }

    async fn ask(loopback: &Loopback, method: Method, path: &str, token: Option<&str>) -> (u16, Value) {
        crate::telemetry::install_crypto();
        let http = crate::issuers::http::command_client(None).unwrap();
        let mut request = http.request(method, format!("http://{}{path}", loopback.server.address()));
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    #[tokio::test]
    async fn only_a_client_with_the_token_gets_the_session() {
        let loopback = start(Duration::from_secs(100)).await;
        let token = loopback.token.expose_text().unwrap().to_owned();
        assert_eq!((token.len(), loopback.server.address().ip().is_loopback()), (43, true));
        let (status, answer) = ask(&loopback, Method::GET, PATH, Some(&token)).await;
        assert_eq!(
            (status, &answer["AccessKeyId"], &answer["Token"], &answer["AccountId"]),
            (200, &json!("ASIA1"), &json!("hunter2"), &json!("123456789012"))
        );
        assert!(answer["Expiration"].as_str().and_then(UnixTime::from_rfc3339).is_some());
        for wrong in [None, Some(""), Some("x"), Some(&token[1..])] {
            assert_eq!(ask(&loopback, Method::GET, PATH, wrong).await.0, 401, "{wrong:?}");
        }
        assert_eq!(ask(&loopback, Method::POST, PATH, Some(&token)).await.0, 404);
        assert_eq!(ask(&loopback, Method::GET, "/", Some(&token)).await.0, 404);
    }

    #[tokio::test]
    async fn a_denial_comes_with_its_hint_and_decision_when_the_session_has_ended() {
        let loopback = start(Duration::ZERO).await;
        let (status, answer) = ask(&loopback, Method::GET, PATH, loopback.token.expose_text()).await;
        assert_eq!((status, &answer["code"]), (403, &json!("no_matching_policy")));
        assert_eq!(answer["message"], "No. (no_matching_policy); hint: h; decision: d");
    }

    #[tokio::test]
    async fn an_address_that_others_reach_is_refused() {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let renewed = Renewing::new(None, None, Arc::new(SystemClock), || Box::pin(async { Err(denied()) }));
        assert!(Loopback::serve(listener, "t".to_owned().into(), renewed).is_err());
    }
}
