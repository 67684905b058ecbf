//! `daypass revoke`, `accept`, `confirm`, `accept-clock` and `status`: they use the control socket of the server on this machine.

mod status;

pub(super) use status::status;

use super::print;
use crate::answers::{ClockAccepted, EndedToken, OperatorRefusal, Revoked, Status};
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_UNAVAILABLE, STATUS_USAGE};
use crate::http::control::SOCKET;
use crate::issuers::http::{control_client, read_body};
use crate::kind::Credential;
use crate::words::names::{CommitId, DecisionId, SourceName};
use crate::words::{IdSuffix, plain};
use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The largest answer: the status of many sources and policies stays far below that.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Args, Debug)]
pub(super) struct Server {
    /// The server's configuration, which says where its data is.
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: PathBuf,
}

#[derive(Args, Debug)]
#[command(after_help = examples(&["daypass revoke 4f2a9c1d --reason INC-42 --config daypass.yaml"]))]
pub(super) struct RevokeArgs {
    #[command(flatten)]
    server: Server,
    /// The decision's id, from the audit log or the job's answer. Its end is enough if no other id ends like that.
    #[arg(value_parser = IdSuffix::parse)]
    decision: IdSuffix,
    /// Why, for the audit log.
    #[arg(long)]
    reason: String,
}

#[derive(Args, Debug)]
pub(super) struct AcceptArgs {
    #[command(flatten)]
    server: Server,
    /// The whole commit id.
    commit: String,
    /// The commit's source.
    #[arg(long, default_value = "root", value_parser = SourceName::parse)]
    source: SourceName,
}

/// Revokes what can be revoked of a decision, and prints the policy that ends AWS sessions.
pub(super) async fn revoke(arguments: &RevokeArgs, json: bool) -> Result<u8, Failure> {
    let body = json!({ "decision": arguments.decision, "reason": arguments.reason });
    let revoked: Revoked = arguments.server.post("revoke", &body).await?;
    let issued = revoked.issued.as_deref().unwrap_or_default();
    let aws_deny_policy = issued.iter().any(|one| one.get("aws").is_some()).then(|| aws_deny_policy(&revoked.decision_id));
    let lives_on = lives_on(&revoked);
    let status = if revoked.ended.iter().any(|token| token.cause.is_some()) { STATUS_UNAVAILABLE } else { 0 };
    if json {
        print::json(&json!(RevokedAndLeft { revoked: &revoked, aws_deny_policy, lives_on }));
        return Ok(status);
    }
    anstream::println!("The stored answer is gone: a retry gets nothing. What was issued:");
    issued.iter().for_each(|one| anstream::println!("  {}", what_was_issued(one)));
    revoked.ended.iter().for_each(|token| anstream::println!("{}", plain(&what_became_of(token))));
    anstream::println!();
    lives_on.iter().for_each(|text| anstream::println!("{text}"));
    if let Some(policy) = aws_deny_policy {
        anstream::println!("\nThis policy on the role (or as an SCP) ends the session at once:\n");
        print::json(&policy);
    }
    Ok(status)
}

/// What became of a token of which the server had a copy.
fn what_became_of(EndedToken { provider, cause }: &EndedToken) -> String {
    match cause {
        None => format!("{provider} has ended the token."),
        Some(cause) => format!("{provider} has NOT ended the token: {cause}. Run this command again."),
    }
}

/// What cannot be revoked from here, each once. Tokens that have ended do not live on.
fn lives_on(revoked: &Revoked) -> Vec<&'static str> {
    let ended = |kind: &str| revoked.ended.iter().filter(|token| token.cause.is_none() && token.provider == kind).count();
    let mut left = Vec::new();
    let kinds = revoked.issued.iter().flatten().filter_map(Value::as_object).flat_map(|one| one.keys());
    let mut issued: BTreeMap<&str, usize> = BTreeMap::new();
    kinds.for_each(|kind| *issued.entry(kind).or_default() += 1);
    for (kind, count) in issued {
        left.extend(Credential::lives_on(kind).filter(|text| count > ended(kind) && !left.contains(text)));
    }
    left
}

/// What was revoked, and what cannot be revoked from here.
#[derive(Serialize)]
struct RevokedAndLeft<'a> {
    #[serde(flatten)]
    revoked: &'a Revoked,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws_deny_policy: Option<Value>,
    lives_on: Vec<&'static str>,
}

/// A credential of a record in one line: its kind, then each member that is not null.
fn what_was_issued(one: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let kinds = one.as_object().into_iter().flatten().map(|(kind, about)| match about.as_object() {
        Some(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let members: Vec<String> = members.map(|(name, value)| format!("{name} {}", text(value))).collect();
            format!("{kind}  {}", members.join(", "))
        }
        None => format!("{kind}  {}", text(about)),
    });
    plain(&kinds.collect::<Vec<_>>().join("; ")).into_owned()
}

/// Denies the sessions of this decision: each of their calls carries its id as source identity (`aws:SourceIdentity`).
fn aws_deny_policy(decision: &DecisionId) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "DaypassRevoked", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": { "StringEquals": { "aws:SourceIdentity": decision } },
        }],
    })
}

/// Accepts a commit on an operator's decision.
pub(super) async fn accept(arguments: &AcceptArgs, json: bool) -> Result<u8, Failure> {
    let status: Status = arguments.server.post("accept", &arguments.body().await?).await?;
    let in_force = in_force(&status, &arguments.source).is_some_and(|commit| commit.as_str() == arguments.commit);
    let said = if in_force { "in force" } else { "accepted: the server follows it as soon as the repository's ref points to it" };
    Ok(print_answer(json, &json!(status), said))
}

/// The commit in force of the source of this name.
fn in_force<'a>(status: &'a Status, source: &SourceName) -> Option<&'a CommitId> {
    status.source(source)?.revision.as_ref()
}

impl AcceptArgs {
    /// Refuses a name, which may be another commit a moment later, and says which commit it is now.
    async fn body(&self) -> Result<Value, Failure> {
        if CommitId::parse(&self.commit).is_ok() {
            return Ok(json!({ "commit": self.commit, "source": self.source }));
        }
        let name = plain(&self.commit);
        let config = super::serve::load(&self.server.config)?;
        let named = self.source.is_root().then(|| config.root_repository().resolve(&self.commit).ok());
        let message = match named.flatten() {
            Some(commit) => format!("`{name}` is {commit} now: give a whole commit id"),
            None => {
                let status: Status = self.server.get("status").await?;
                let in_force = in_force(&status, &self.source).map_or("", CommitId::as_str);
                format!("`{name}` is not a whole commit id; that of the commit in force is {in_force}")
            }
        };
        Err(Failure::new(STATUS_USAGE, message))
    }
}

/// Lets the held changes go live.
pub(super) async fn confirm(arguments: &AcceptArgs, json: bool) -> Result<u8, Failure> {
    let status: Status = arguments.server.post("confirm", &arguments.body().await?).await?;
    Ok(print_answer(json, &json!(status), "confirmed: nothing of this commit waits"))
}

/// Accepts the wall clock.
pub(super) async fn accept_clock(server: &Server, json: bool) -> Result<u8, Failure> {
    let accepted: ClockAccepted = server.post("clock/accept", &json!({})).await?;
    Ok(print_answer(json, &json!(accepted), "the wall clock is accepted"))
}

pub(super) fn print_answer(json: bool, answer: &Value, words: &str) -> u8 {
    if json {
        print::json(answer);
    } else {
        anstream::println!("{words}");
    }
    0
}

impl Server {
    /// The server of this configuration.
    pub(super) const fn of(config: PathBuf) -> Self {
        Self { config }
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        ask(self.client()?.post(format!("http://daypass/{path}")).json(body)).await
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        ask(self.client()?.get(format!("http://daypass/{path}"))).await
    }

    fn client(&self) -> Result<reqwest::Client, Failure> {
        let socket = super::serve::load(&self.config)?.data.join(SOCKET);
        control_client(&socket).map_err(|fault| Failure::new(STATUS_CONFIGURATION, fault))
    }
}

async fn ask<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Failure> {
    let unavailable = || {
        Failure::new(
            STATUS_UNAVAILABLE,
            "no server answers on this machine for this configuration: run it where `daypass serve` runs, as the same user",
        )
    };
    let progress = Progress::of("asking the server");
    let response = request.send().await.map_err(|_| unavailable())?;
    let status = response.status();
    let bytes = read_body(response, ANSWER_BYTES_MAX).await.map_err(|_| unavailable())?;
    drop(progress);
    if !status.is_success() {
        let ends_with = if status.is_server_error() { STATUS_UNAVAILABLE } else { STATUS_USAGE };
        return Err(Failure::new(ends_with, refusal(&bytes)));
    }
    let other = |fault| Failure::new(STATUS_UNAVAILABLE, format!("the server has another version than this command: {fault}"));
    serde_json::from_slice(&bytes).map_err(other)
}

/// Why the server refuses, in its words. A request that it cannot read is refused in plain text, before any of its own code runs.
fn refusal(bytes: &[u8]) -> String {
    let detail = match serde_json::from_slice::<OperatorRefusal>(bytes) {
        Ok(refusal) => refusal.detail,
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    };
    let unknown = "the server does not know this request: it has another version than this program";
    if detail.is_empty() { unknown.to_owned() } else { detail }
}
