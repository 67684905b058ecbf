//! Answers in Vault's form: a secret around `data` or `auth`, errors as a list of texts.

use crate::app::App;
use crate::exchange::RecordedRefusal;
use crate::http::problem::{add_retry_after, sentence};
use crate::http::reply;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode};
use hyper::ext::ReasonPhrase;
use serde::Serialize;
use serde_json::{Value, json};

/// Tells a client of inline authentication that its login failed, and not the request itself.
const INLINE_FAILED: &str = "x-vault-inline-auth-failed";
/// The longest reason phrase. The status line passes every proxy on the way, and each takes at least 4 KiB of headers.
const PHRASE_BYTES_MAX: usize = 512;
/// The part of it for the decision's id and the dots in place of the omitted text.
const DECISION_BYTES_MAX: usize = 64;
/// Clients read three numbers, and some derive Vault's features from them.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+daypass");

/// The members that every answer has.
#[derive(Serialize)]
pub(super) struct Answer<D> {
    request_id: String,
    lease_id: String,
    renewable: bool,
    lease_duration: u64,
    data: D,
    auth: Value,
    wrap_info: (),
    warnings: (),
}

impl<D: Serialize> Answer<D> {
    /// An answer of this decision, without a lease and a login.
    pub(super) fn new(decision: impl Into<String>, data: D) -> Self {
        let (request_id, auth) = (decision.into(), Value::Null);
        Self { request_id, lease_id: String::new(), renewable: false, lease_duration: 0, data, auth, wrap_info: (), warnings: () }
    }

    /// Adds a lease below `path`, of this duration, which cannot be renewed. Terraform keeps no state of an answer whose lease
    /// has no name.
    pub(super) fn leased(self, path: &str, seconds: u64) -> Self {
        let lease_id = format!("{path}/{}", self.request_id);
        Self { lease_id, lease_duration: seconds, ..self }
    }

    /// Adds a login.
    pub(super) fn logged_in(self, auth: Value) -> Self {
        Self { auth, ..self }
    }

    /// The answer, which no cache may keep.
    pub(super) fn into_response(self) -> Response<Body> {
        reply::json_answer(&self)
    }
}

/// An answer without a lease and a login.
pub(super) fn data(decision: impl Into<String>, data: impl Serialize) -> Response<Body> {
    Answer::new(decision, data).into_response()
}

/// A refusal. Vault has no 401: it answers 403 to a token that it does not accept, and its clients log in again on 403.
pub(super) fn refused(refused: &RecordedRefusal) -> Response<Body> {
    let sentence = sentence(refused);
    let body = json!({ "errors": [sentence] });
    let mut response = reply::secret_answer(Body::from(body.to_string()), "application/json");
    let status = refused.denial().reason.status();
    let mapped = if status == 401 { 403 } else { status };
    *response.status_mut() = StatusCode::from_u16(mapped).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status == 401 {
        response.headers_mut().insert(INLINE_FAILED, HeaderValue::from_static("true"));
    }
    add_retry_after(&mut response);
    if let Ok(phrase) = ReasonPhrase::try_from(phrase(&sentence).into_bytes()) {
        response.extensions_mut().insert(phrase);
    }
    response
}

/// The sentence as HTTP/1.1's reason phrase, which vault-action prints where it prints no body. It is printable ASCII, so that
/// every client reads it alike (RFC 9112, section 4). A long one loses its middle, because its end names the decision.
fn phrase(sentence: &str) -> String {
    let printable: String = sentence.replace('…', "...").chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect();
    if printable.len() <= PHRASE_BYTES_MAX {
        return printable;
    }
    let decision =
        printable.rfind(" (decision ").and_then(|at| printable.get(at..)).filter(|end| end.len() + 3 <= DECISION_BYTES_MAX);
    let decision = decision.unwrap_or_default();
    let words = printable.get(..PHRASE_BYTES_MAX - DECISION_BYTES_MAX).unwrap_or_default();
    format!("{words}...{decision}")
}

/// `sys/health`: sealed while no revision is in force, because nothing can be read then.
pub(super) fn health(app: &App) -> Response<Body> {
    let sealed = app.in_force().is_err();
    let body = json!({
        "initialized": true, "sealed": sealed, "standby": false, "performance_standby": false, "version": VERSION,
        "server_time_utc": app.now().seconds(), "cluster_name": "daypass",
    });
    let mut response = reply::secret_answer(Body::from(body.to_string()), "application/json");
    if sealed {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

/// `sys/seal-status`.
pub(super) fn seal_status(app: &App) -> Response<Body> {
    let body = json!({
        "type": "age", "initialized": true, "sealed": app.in_force().is_err(), "t": 1, "n": 1, "progress": 0, "nonce": "",
        "version": VERSION, "migration": false, "recovery_seal": false, "storage_type": "git", "cluster_name": "daypass",
    });
    reply::secret_answer(Body::from(body.to_string()), "application/json")
}

/// `sys/leader`: every server is its own leader.
pub(super) fn leader() -> Response<Body> {
    let body = json!({
        "ha_enabled": false, "is_self": true, "leader_address": "", "leader_cluster_address": "", "performance_standby": false,
    });
    reply::secret_answer(Body::from(body.to_string()), "application/json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Reason;

    #[test]
    fn a_client_that_asks_too_often_is_told_to_back_off() {
        for (reason, waits) in [(Reason::RateLimited, true), (Reason::Overloaded, true), (Reason::NoMatchingPolicy, false)] {
            let response = refused(&RecordedRefusal::unrecorded(reason.with_cause("x")));
            assert_eq!(response.status().as_u16(), reason.status());
            assert_eq!(response.headers().contains_key(axum::http::header::RETRY_AFTER), waits, "{}", reason.code());
        }
    }

    #[test]
    fn a_reason_phrase_is_short_printable_and_names_the_decision() {
        assert_eq!(phrase("denied: No. (decision 01a2)"), "denied: No. (decision 01a2)");
        assert_eq!(phrase("a\r\nSet-Cookie: x\0\u{85}é\t… (decision 01a2)"), "a??Set-Cookie: x????... (decision 01a2)");
        for long in [
            format!("{} (decision 01a2)", "é".repeat(4000)),
            "(decision ".repeat(1000),
            " (decision ".to_owned() + &"x".repeat(9000),
        ] {
            let phrase = phrase(&long);
            assert!(ReasonPhrase::try_from(phrase.clone().into_bytes()).is_ok() && phrase.is_ascii());
            assert!(phrase.len() <= PHRASE_BYTES_MAX, "{}", phrase.len());
        }
        assert!(phrase(&format!("{} (decision 01a2)", "x".repeat(4000))).ends_with("x... (decision 01a2)"));
    }
}
