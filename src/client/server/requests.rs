//! For the sidecar, which asks again and again: distinguishes a denial from an outage, and listens for the server's events.

use super::{ExchangeBody, Server, document, problem, refusal, unreachable_server};
use crate::answers::{Document, Problem};
use crate::client::event_stream::EventStream;
use crate::client::job_token::TokenSource;
use crate::client::{Failure, STATUS_UNAVAILABLE};
use crate::words::{Digest, NAMED_FILE_MAX, Secret, read_named};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The server ends a stream after five minutes, or a little later.
const STREAM_MAX: Duration = Duration::from_secs(600);
/// The server sends something every 15 seconds. After three times that it counts as gone.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// How often the token's file is read: an old token must not be used for more than a minute.
const TOKEN_LOOK: Duration = Duration::from_secs(10);
/// The time for one request. The sidecar asks again soon anyway, and on a network that drops packets waiting does not help.
const ASK_MAX: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// The server's own denial: 403 with a code and a decision.
    Denied(Failure),
    /// Anything else: no server, a token that is not accepted now, a fault, or a proxy that answers instead of the server.
    Unavailable(Failure),
}

impl NoAnswer {
    /// What happened.
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Denied(failure) | Self::Unavailable(failure) => failure,
        }
    }
}

impl Server {
    /// `POST /v1/exchange`, once.
    pub async fn ask(&self, credentials: &[Value], policy: Option<&str>) -> Result<Document, NoAnswer> {
        let body = ExchangeBody { credentials, dry_run: false, policy };
        let build = |token: &str| Ok(self.http.post(self.url("v1/exchange")?).bearer_auth(token).json(&body).timeout(ASK_MAX));
        let response = self.request_once(&build).await.map_err(NoAnswer::Unavailable)?;
        read(self, response).await
    }

    /// The HTTP client, which also serves for addresses within a pod.
    pub fn http(&self) -> reqwest::Client {
        self.http.clone()
    }

    /// Waits until the token's file has another token than at the time of this call, or none. A token in a variable never changes.
    pub fn another_token(&self) -> impl Future<Output = ()> + use<> {
        let file = match &self.source {
            TokenSource::File(path) => Some(path.clone()),
            TokenSource::Variable(_) | TokenSource::Endpoint(_) | TokenSource::Program(_) => None,
        };
        let before = file.as_deref().map(digest);
        async move {
            let Some(file) = file else { return std::future::pending().await };
            while before == Some(digest(&file)) {
                tokio::time::sleep(TOKEN_LOOK).await;
            }
        }
    }

    /// `GET /v1/events`, from the last event on.
    pub async fn events(&self, last: Option<&str>) -> Result<Events, NoAnswer> {
        let build = |token: &str| {
            let request = self.http.get(self.url("v1/events")?).bearer_auth(token).timeout(STREAM_MAX);
            Ok(match last {
                Some(last) => request.header("last-event-id", last),
                None => request,
            })
        };
        let response = self.request_once(&build).await.map_err(NoAnswer::Unavailable)?;
        if response.status() == reqwest::StatusCode::OK {
            return Ok(Events { response, stream: EventStream::default(), base: self.base.clone() });
        }
        match read(self, response).await {
            Err(unanswered) => Err(unanswered),
            Ok(_) => Err(NoAnswer::Unavailable(Failure::new(STATUS_UNAVAILABLE, "the server answers no stream of events"))),
        }
    }
}

/// A digest to recognize a token by, without keeping the token.
fn digest(token: &Path) -> Option<Digest> {
    read_named(token, NAMED_FILE_MAX).ok().map(Secret::new).map(|token| Digest::plain(token.expose()))
}

async fn read(server: &Server, response: reqwest::Response) -> Result<Document, NoAnswer> {
    let status = response.status();
    let body = server.answer(response).await.map_err(NoAnswer::Unavailable)?;
    if status.is_success() {
        return document(body).map_err(NoAnswer::Unavailable);
    }
    Err(classify(status.as_u16(), &problem(&body)))
}

/// A proxy may answer 403 too: only a problem document with a code and a decision is the server's own denial.
fn classify(status: u16, problem: &Problem) -> NoAnswer {
    let failure = refusal(status, problem);
    match status {
        403 if problem.code.is_some() && problem.decision_id.is_some() => NoAnswer::Denied(failure),
        _ => NoAnswer::Unavailable(failure),
    }
}

/// An open stream of events.
pub struct Events {
    response: reqwest::Response,
    stream: EventStream,
    base: reqwest::Url,
}

impl Events {
    /// Waits for the next event and returns its id; `None` when the server ends the stream.
    pub async fn next(&mut self) -> Result<Option<String>, Failure> {
        let failure = |fault: &dyn std::fmt::Display| Failure::new(STATUS_UNAVAILABLE, fault);
        loop {
            if let Some(id) = self.stream.next_event() {
                return Ok(Some(id));
            }
            let received = tokio::time::timeout(SILENCE_MAX, self.response.chunk()).await;
            let received = received.map_err(|_| failure(&format!("the daypass server at {} is silent", self.base)))?;
            match received.map_err(|fault| unreachable_server(&self.base, &fault))? {
                Some(bytes) => self.stream.push(&bytes).map_err(|fault| failure(&fault))?,
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ANSWER_BYTES_MAX, Address};
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn an_answer_without_an_end_does_not_fill_the_memory() {
        let address = Address { server: "https://127.0.0.1:1", audience: None, ca: None, token_file: None, wait: Duration::ZERO };
        let server = Server::new(&address, [("DAYPASS_TOKEN", "t")].into()).unwrap();
        let endless = vec![b'1'; ANSWER_BYTES_MAX + 1];
        let failure = read(&server, axum::http::Response::new(endless).into()).await.unwrap_err().into_failure();
        assert!(failure.message.contains("answers with more than"), "{failure}");
    }

    #[test]
    fn only_the_servers_own_403_is_a_denial() {
        let denied = json!({ "code": "denied", "decision_id": "0198", "detail": "No." });
        assert!(matches!(classify(403, &problem(&denied)), NoAnswer::Denied(_)));
        for (status, body) in [
            (403, json!({ "error": "blocked by the proxy" })),
            (403, json!("no")),
            (401, denied.clone()),
            (404, denied.clone()),
            (429, denied.clone()),
            (502, denied.clone()),
            (503, denied),
        ] {
            assert!(matches!(classify(status, &problem(&body)), NoAnswer::Unavailable(_)), "{status} {body}");
        }
    }
}
