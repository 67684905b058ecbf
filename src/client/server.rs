//! The daypass server for its clients: its requests, and every refusal as a message.

mod audience;
mod audit;
mod file_key;
mod look;
mod operate;
mod requests;
mod rewrite;

pub use requests::{Events, NoAnswer};

use super::environment::Environment;
use super::error::ProofError;
use super::job_token::{self, TokenSource};
use super::mask::Masks;
use super::request::{Request, missing};
use super::{Failure, Report, STATUS_CONFIGURATION, STATUS_DENIED, STATUS_UNAVAILABLE};
use crate::answers::{Document, Findings, Outcome, Problem, Used, Whoami};
use crate::issuers::http::{BodyError, Trust, certificate_fault, read_body};
use crate::policy::ReplayRequest;
use crate::token::{ProofKey, ProvedRequest};
use crate::words::names::DecisionId;
use crate::words::{Clock, NAMED_FILE_MAX, PlainPath, Secret, SystemClock, plain, read_named, root_cause, without_secrets};
use audience::ServerAudience;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The pause of `--wait` between two tries: long enough not to burden a server that is starting.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// A server, and this job's token for it.
pub struct Server {
    base: reqwest::Url,
    /// Whether a CA file replaces the system's certificates.
    has_ca: bool,
    http: reqwest::Client,
    audience: ServerAudience,
    source: TokenSource,
    environment: Environment,
    /// The key that the token is bound to, if the CI lets the job choose its audience: without the key the token is useless.
    key: Option<ProofKey>,
    masks: Masks,
    report: Option<Arc<Report>>,
    wait: Duration,
}

/// The body of `POST /v1/exchange`.
#[derive(Serialize)]
struct ExchangeBody<'a> {
    credentials: &'a [Value],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
}

/// How a job names its server, by flags or their variables.
pub struct Address<'a> {
    /// `--server` or `DAYPASS_SERVER`.
    pub server: &'a str,
    /// `--audience` or `DAYPASS_AUDIENCE`; the server's address if absent. The variable counts only for the server that
    /// `DAYPASS_SERVER` names.
    pub audience: Option<&'a str>,
    /// A CA certificate file, PEM; the system's certificates if absent.
    pub ca: Option<&'a std::path::Path>,
    /// `--token-file` or `DAYPASS_TOKEN_FILE`.
    pub token_file: Option<&'a std::path::Path>,
    /// How long to try again while the server cannot be reached.
    pub wait: Duration,
}

/// The largest answer. A request may ask for 256 documents of 1 MiB, but real ones stay far below that.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

impl Server {
    /// Checks the address and finds the job's token; nothing is sent yet.
    pub fn new(address: &Address<'_>, environment: Environment) -> Result<Self, Failure> {
        // Not quoted: a key may have been put there by mistake.
        let base = reqwest::Url::parse(address.server).map_err(|fault| {
            let failure = Failure::new(STATUS_CONFIGURATION, format!("the server's address is no URL: {fault}"));
            failure.with_hint("write it like `https://daypass.acme.example`")
        })?;
        if !base.username().is_empty() || base.password().is_some() {
            let message = "the server's address holds a user or a password, which would be printed: daypass takes neither";
            return Err(Failure::new(STATUS_CONFIGURATION, message));
        }
        if base.scheme() != "https" {
            return Err(Failure::new(
                STATUS_CONFIGURATION,
                "the server's address must be https: a token is never sent in the clear",
            ));
        }
        let in_ca = |fault: &dyn std::fmt::Display| match address.ca {
            Some(path) => Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", path.plain())),
            None => Failure::new(STATUS_CONFIGURATION, fault),
        };
        let ca = address.ca.map(|path| read_named(path, NAMED_FILE_MAX)).transpose().map_err(|fault| in_ca(&fault))?;
        let http = crate::issuers::http::forgetful_client(ca.as_deref()).map_err(|fault| in_ca(&fault))?;
        let source = job_token::find(&environment, address.token_file, std::path::Path::new(job_token::PROJECTED_TOKEN))?;
        let audience = ServerAudience::new(&base, address.server, address.audience, &environment);
        let masks = Masks::of(&environment);
        let failure = |fault: crate::token::ProvingError| Failure::new(STATUS_CONFIGURATION, fault);
        let key = if source.takes_audience() { Some(ProofKey::generate().map_err(failure)?) } else { None };
        Ok(Self { base, has_ca: ca.is_some(), http, audience, source, environment, key, masks, report: None, wait: address.wait })
    }

    /// The same without masks, for a tool that reads this program's standard error as its answer.
    #[must_use]
    pub fn without_masks(self) -> Self {
        Self { masks: Masks::default(), ..self }
    }

    /// The same, with a report of everything that is granted.
    #[must_use]
    pub fn reporting(self, report: Option<Arc<Report>>) -> Self {
        Self { report, ..self }
    }

    /// `POST /v1/exchange`: all credentials in one request, hidden in the job's log before they are returned.
    pub async fn exchange(&self, credentials: &[Value], policy: Option<&str>) -> Result<Document, Failure> {
        let body = ExchangeBody { credentials, dry_run: false, policy };
        let answer = self.send(|token| Ok(self.http.post(self.url("v1/exchange")?).bearer_auth(token).json(&body))).await?;
        let answer = document(answer)?;
        if let Some(report) = &self.report {
            report.granted(&answer);
        }
        self.masks.hide(&answer).await?;
        Ok(answer)
    }

    /// The same as a dry run: what would be released. Nothing is released.
    pub async fn dry_run(&self, credentials: &[Value], policy: Option<&str>) -> Result<Used, Failure> {
        let body = ExchangeBody { credentials, dry_run: true, policy };
        let answer = self.send(|token| Ok(self.http.post(self.url("v1/exchange")?).bearer_auth(token).json(&body))).await?;
        serde_json::from_value(answer).map_err(|_| missing())
    }

    /// An exchange for one credential.
    pub async fn fetch<R: Request>(&self, request: &R, policy: Option<&str>) -> Result<R::Answer, Failure> {
        request.take(&mut self.exchange(&[request.body()], policy).await?)
    }

    /// `GET /v1/whoami`: the attributes that the server sees in this job's token.
    pub async fn whoami(&self) -> Result<Whoami, Failure> {
        let answer = self.send(|token| Ok(self.http.get(self.url("v1/whoami")?).bearer_auth(token))).await?;
        serde_json::from_value(answer).map_err(|_| missing())
    }

    /// `POST /v1/policy/replay`: the past grants that a candidate revision would have denied.
    pub async fn replay(&self, request: &ReplayRequest) -> Result<Findings, Failure> {
        let replay = |token: &str| Ok(self.http.post(self.url("v1/policy/replay")?).bearer_auth(token).json(request));
        let Outcome::Replay(findings) = outcome(self.send(replay).await.map_err(Failure::of_a_command_line)?)? else {
            return Err(missing());
        };
        Ok(findings)
    }

    fn url(&self, path: &str) -> Result<reqwest::Url, Failure> {
        self.base.join(path).map_err(|fault| Failure::new(STATUS_CONFIGURATION, fault.to_string()))
    }

    async fn send(&self, build: impl Fn(&str) -> Result<reqwest::RequestBuilder, Failure>) -> Result<Value, Failure> {
        let started = Instant::now();
        loop {
            let failure = match self.try_once(&build).await {
                Err(failure) if failure.status == STATUS_UNAVAILABLE => failure,
                result => return result,
            };
            if started.elapsed() >= self.wait {
                return Err(failure);
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    /// The proof of possession of the token's key (RFC 9449), for this request only.
    fn prove(&self, request: &reqwest::Request, token: &Secret) -> Result<Option<reqwest::header::HeaderValue>, ProofError> {
        let Some(key) = &self.key else { return Ok(None) };
        let mut url = request.url().clone();
        url.set_query(None);
        url.set_fragment(None);
        let body = request.body().map_or(Some(&[][..]), reqwest::Body::as_bytes).ok_or(ProofError::NoBody)?;
        let query = request.url().query().unwrap_or_default();
        let (now, id) = (SystemClock.now(), DecisionId::new());
        let request = ProvedRequest { method: request.method().as_str(), url: url.as_str(), query, body };
        let proof = key.prove(request, token.expose(), now, id.as_str())?;
        proof.parse().map(Some).map_err(|_| ProofError::NoHeader)
    }

    async fn try_once(&self, build: &impl Fn(&str) -> Result<reqwest::RequestBuilder, Failure>) -> Result<Value, Failure> {
        let response = self.request_once(build).await?;
        let status = response.status();
        let body = self.answer(response).await?;
        if status.is_success() { Ok(body) } else { Err(refusal(status.as_u16(), &problem(&body))) }
    }

    /// One try, with a token of its own: if the CI issues a token per request, a second try uses a second token.
    async fn request_once(
        &self,
        build: &impl Fn(&str) -> Result<reqwest::RequestBuilder, Failure>,
    ) -> Result<reqwest::Response, Failure> {
        let named = self.audience.as_str();
        let audience = self.key.as_ref().map_or_else(|| named.to_owned(), |key| key.bind(named));
        let token: Secret = job_token::fetch(&self.source, &self.environment, &audience, &self.http).await?;
        self.audience.check(&token)?;
        let failed = |fault: &dyn std::fmt::Display| Failure::new(STATUS_CONFIGURATION, fault);
        let mut request = build(token.expose_text().unwrap_or_default())?.build().map_err(|fault| failed(&fault))?;
        if let Some(proof) = self.prove(&request, &token).map_err(|fault| failed(&fault))? {
            request.headers_mut().insert("dpop", proof);
        }
        self.http.execute(request).await.map_err(|fault| self.unanswered(&fault))
    }
}

impl Server {
    /// Reads the whole answer: JSON of bounded size.
    async fn answer(&self, response: reqwest::Response) -> Result<Value, Failure> {
        let bytes = read_body(response, ANSWER_BYTES_MAX).await.map_err(|fault| match fault {
            BodyError::Broken(fault) => self.unanswered(&fault),
            BodyError::TooLarge(limit) => {
                let message =
                    format!("the server at {} answers with more than {limit} bytes, which no daypass server does", self.base);
                Failure::new(STATUS_UNAVAILABLE, message)
            }
        })?;
        let none = |fault| format!("the daypass server at {} is not there: another program answers: {fault}", self.base);
        serde_json::from_slice(&bytes).map_err(|fault| Failure::new(STATUS_UNAVAILABLE, none(fault)))
    }

    /// Why there was no answer. For a certificate that is not trusted, another try does not help.
    fn unanswered(&self, fault: &reqwest::Error) -> Failure {
        let trust = Trust { is_named: self.has_ca, named_by: "--ca (DAYPASS_CA)", keeper: "the operator" };
        if let Some(cause) = certificate_fault(fault, trust) {
            let message = format!("the certificate of the daypass server at {} is not trusted: {}", self.base, cause.message);
            return Failure { hint: cause.hint, ..Failure::new(STATUS_CONFIGURATION, message) };
        }
        unreachable_server(&self.base, fault)
    }
}

fn unreachable_server(base: &reqwest::Url, fault: &reqwest::Error) -> Failure {
    Failure::new(STATUS_UNAVAILABLE, format!("the daypass server at {base} is not there: {}", root_cause(fault)))
}

/// Turns a problem document (RFC 9457) into a failure. None of its text begins a line, or is a command to the runner that reads the log.
fn refusal(status: u16, problem: &Problem) -> Failure {
    let text = |member: &Option<String>| member.as_deref().map(|text| plain(&without_secrets(text)).into_owned());
    let exit_status = if matches!(status, 500..=599 | 429) { STATUS_UNAVAILABLE } else { STATUS_DENIED };
    Failure {
        code: text(&problem.code),
        hint: text(&problem.hint),
        decision: text(&problem.decision_id),
        ..Failure::new(exit_status, text(&problem.detail).unwrap_or_else(|| format!("the server answered {status}")))
    }
}

/// The problem document of a refusal; an empty one if another program than the server refuses.
fn problem(body: &Value) -> Problem {
    Problem::deserialize(body).unwrap_or_default()
}

/// Reads an answer with credentials. One that cannot be read is from another version of the server, or from a proxy.
fn document(answer: Value) -> Result<Document, Failure> {
    serde_json::from_value(answer).map_err(|_| missing())
}

/// Reads the outcome of a use of the server.
fn outcome(answer: Value) -> Result<Outcome, Failure> {
    serde_json::from_value(answer).map(|used: Used| used.outcome).map_err(|_| missing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_shows_code_hint_and_decision() {
        let problem = serde_json::json!({"detail": "No trust policy grants this.", "code": "no_matching_policy", "hint": "Ask.", "decision_id": "0198"});
        let problem = super::problem(&problem);
        let failure = refusal(403, &problem);
        assert_eq!(failure.status, STATUS_DENIED);
        assert_eq!(failure.code.as_deref(), Some("no_matching_policy"));
        assert!(failure.one_line().ends_with("(no_matching_policy); hint: Ask.; decision: 0198"), "{}", failure.one_line());
        assert_eq!(failure.to_string(), "No trust policy grants this. (no_matching_policy)\nhint: Ask.\ndecision: 0198");
        assert_eq!(refusal(503, &problem).status, STATUS_UNAVAILABLE);
    }

    #[test]
    fn a_servers_text_controls_neither_terminal_nor_runner() {
        let told = "No.\n::stop-commands::x\u{1b}[2K ##[set-output name=a]b";
        let problem = serde_json::json!({ "detail": told, "code": "a\nb", "hint": "::add-path::/tmp", "decision_id": "1\r2" });
        let message = refusal(403, &super::problem(&problem)).to_string();
        assert_eq!(message.lines().count(), 3, "{message}");
        assert!(message.lines().all(|line| !line.starts_with("::")) && !message.contains("##["), "{message}");
        assert!(!message.contains(['\r', '\u{1b}']), "{message}");
    }

    #[test]
    fn a_token_is_never_sent_in_the_clear() {
        let address = Address { server: "http://127.0.0.1:1", audience: None, ca: None, token_file: None, wait: Duration::ZERO };
        assert!(Server::new(&address, [("DAYPASS_TOKEN", "t")].into()).is_err_and(|failure| failure.message.contains("https")));
    }
}
