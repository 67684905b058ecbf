//! `daypass revoke`, `accept`, `confirm`, `accept-clock` and `status`: they use the control socket of the server on this machine.

use super::print;
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_UNAVAILABLE, STATUS_USAGE};
use crate::http::control::SOCKET;
use crate::issuers::http::{control_client, read_body};
use crate::words::names::{CommitId, SourceName};
use crate::words::{IdSuffix, plain};
use clap::Args;
use serde_json::{Value, json};
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
    #[arg(long, default_value = "root")]
    source: String,
}

/// Revokes what can be revoked of a decision, and prints the policy that ends AWS sessions.
pub(super) async fn revoke(arguments: &RevokeArgs, json: bool) -> Result<u8, Failure> {
    let body = json!({ "decision": arguments.decision, "reason": arguments.reason });
    let mut answer = arguments.server.post("revoke", &body).await?;
    let issued = answer["issued"].as_array().cloned().unwrap_or_default();
    let roles = issued.iter().any(|one| one.to_string().contains("arn:"));
    if roles {
        answer["aws_deny_policy"] = aws_deny_policy(answer["decision_id"].as_str().unwrap_or_default());
    }
    let lives_on: Vec<&str> =
        LIVES_ON.iter().filter(|(kind, _)| issued.iter().any(|one| one.get(*kind).is_some())).map(|(_, told)| *told).collect();
    answer["lives_on"] = json!(lives_on);
    if json {
        print::json(&answer);
        return Ok(0);
    }
    anstream::println!("The stored answer is gone: a retry gets nothing. What was issued:");
    issued.iter().for_each(|one| anstream::println!("  {}", what_was_issued(one)));
    anstream::println!();
    lives_on.iter().for_each(|told| anstream::println!("{told}"));
    if roles {
        anstream::println!("\nThis policy on the role (or as an SCP) ends the session at once:\n");
        print::json(&answer["aws_deny_policy"]);
    }
    Ok(0)
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

/// What cannot be revoked from here, by kind, and what to do about it.
const LIVES_ON: [(&str, &str); 5] = [
    ("secret", READ),
    ("secret_at", READ),
    (
        "file_key",
        "The file key opens that form of the file forever: change its values where they are used, then in the repository, and give the file a new data key (`daypass secret rotate`).",
    ),
    ("id_token", "The ID token is valid until its `exp` wherever its audience accepts it: end there what it opened."),
    ("aws", "AWS sessions live on until they expire."),
];
const READ: &str = "Whoever read a value still knows it after the revocation: change it where it is used, and then in the repository (`daypass secret set`). To keep the job from reading the next one, deny it (`daypass deny`) or narrow its policy.";

/// Denies the sessions of this decision: each of their calls carries its id as source identity (`aws:SourceIdentity`).
fn aws_deny_policy(decision: &str) -> Value {
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
    let answer = arguments.server.post("accept", &arguments.body().await?).await?;
    let in_force = answer["sources"][&arguments.source]["revision"] == arguments.commit.as_str();
    let said = if in_force { "in force" } else { "accepted: the server follows it as soon as the repository's ref points to it" };
    Ok(told(json, &answer, said))
}

impl AcceptArgs {
    /// Refuses a name, which may be another commit a moment later, and says which commit it is now.
    async fn body(&self) -> Result<Value, Failure> {
        if CommitId::parse(&self.commit).is_ok() {
            return Ok(json!({ "commit": self.commit, "source": self.source }));
        }
        let name = plain(&self.commit);
        let config = super::serve::load(&self.server.config)?;
        let named = (self.source == SourceName::root().as_str()).then(|| config.root_repository().resolve(&self.commit).ok());
        let told = match named.flatten() {
            Some(commit) => format!("`{name}` is {commit} now: give a whole commit id"),
            None => {
                let status = self.server.get("status").await?;
                let in_force = status["sources"][&self.source]["revision"].as_str().unwrap_or_default();
                format!("`{name}` is not a whole commit id; that of the commit in force is {in_force}")
            }
        };
        Err(Failure::new(STATUS_USAGE, told))
    }
}

/// Lets the held changes go live.
pub(super) async fn confirm(arguments: &AcceptArgs, json: bool) -> Result<u8, Failure> {
    let answer = arguments.server.post("confirm", &arguments.body().await?).await?;
    let source = |file: &str| file.split_once(':').map_or("root", |(source, _)| source).to_owned();
    let files = answer["held"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let waits = files.map(source).any(|source| source == arguments.source);
    let said = if waits {
        "confirmed: it goes live as soon as the repository can be read; `daypass status` says what is wrong with it"
    } else {
        "confirmed: nothing of this commit waits"
    };
    Ok(told(json, &answer, said))
}

/// Accepts the wall clock.
pub(super) async fn accept_clock(server: &Server, json: bool) -> Result<u8, Failure> {
    let answer = server.post("clock/accept", &json!({})).await?;
    Ok(told(json, &answer, "the wall clock is accepted"))
}

/// Prints the server's state.
pub(super) async fn status(server: &Server, json: bool) -> Result<u8, Failure> {
    let status = server.get("status").await?;
    let ends_with = if is_alarming(&status) { STATUS_CONFIGURATION } else { 0 };
    if json {
        print::json(&status);
        return Ok(ends_with);
    }
    for (name, source) in status["sources"].as_object().into_iter().flatten() {
        let text = |key: &str| source[key].as_str().unwrap_or("none").to_owned();
        let stale = if source["stale"] == true { ", too long ago: its policies deny" } else { "" };
        let signer = source["signer"].as_str().map(|signer| format!(", signed by {}", plain(signer))).unwrap_or_default();
        anstream::println!("{name:<11} {}{signer}, read {}{stale}", text("revision"), text("read_at"));
        if let Some(alarm) = source["alarm"].as_str() {
            anstream::println!("ALARM       {}", plain(alarm));
        }
        if let Some(commit) = source["accepted"].as_str() {
            anstream::println!("accepted    {commit}: the server follows it as soon as the ref points to it");
        }
    }
    for alarm in status["alarms"].as_array().into_iter().flatten() {
        anstream::println!("ALARM       {}", plain(alarm.as_str().unwrap_or_default()));
    }
    if status["guardrails_unreadable"] == true {
        anstream::println!(
            "ALARM       the guardrails cannot be read: the last good ones stay in force, and nothing widens until they can be read"
        );
    }
    if let Some(elsewhere) = status["shown_elsewhere"].as_object() {
        let (count, last) = (&elsewhere["count"], &elsewhere["last"]);
        let text = |place: &str| last.pointer(place).and_then(Value::as_str).unwrap_or_default();
        anstream::println!(
            "ALARM       since the start, a second client used a token or session {count} times: the last was {} (decision {}), after {} (decision {})",
            text("/client"),
            text("/decision"),
            text("/first_use/client"),
            text("/first_use/decision"),
        );
    }
    let counted = print::counted_there;
    anstream::println!("in force    {}, {}", counted(&status["policies"], "policy"), counted(&status["guardrails"], "guardrail"));
    if let Some(space) = status["space"].as_str() {
        anstream::println!("DISK        {space}");
    }
    if let Some(clock) = status["clock"].as_str() {
        anstream::println!("CLOCK       {clock}");
    }
    if let Some(waiting @ 1..) = status["keys_waiting_to_be_hosted"].as_u64() {
        anstream::println!(
            "KEYS        {waiting} do not sign until they are hosted: `daypass keys list` says which, `daypass keys publish` writes them"
        );
    }
    for address in status["crowded_addresses"].as_array().into_iter().flatten() {
        let address = address.as_str().unwrap_or_default();
        anstream::println!("CROWDED     {address} speaks for many identities: if it is a load balancer, list it in `proxies`");
    }
    for fault in status["faults"].as_array().into_iter().flatten() {
        anstream::println!(
            "faulty      {}: {}",
            plain(fault["at"].as_str().unwrap_or_default()),
            plain(fault["message"].as_str().unwrap_or_default())
        );
    }
    let waiting = status["waiting"].as_array().map(Vec::as_slice).unwrap_or_default();
    for waits in waiting {
        let text = |key: &str| plain(waits[key].as_str().unwrap_or_default()).into_owned();
        anstream::println!("waits       {} {}", text("file"), text("why"));
    }
    if !waiting.is_empty() {
        anstream::println!("            see `daypass policy diff`, then `daypass confirm` the commit of its source");
    }
    for denial in status["denials"].as_array().into_iter().flatten() {
        anstream::println!(
            "denied      {} until {}: {}",
            denial["id"].as_str().unwrap_or_default(),
            denial["until"].as_str().unwrap_or("lifted"),
            denied(&denial["denies"])
        );
        if let Some(unknown) = denial["unknown"].as_str() {
            anstream::println!("            IT DENIES NOBODY: {}", plain(unknown));
        }
    }
    Ok(ends_with)
}

/// Whether something keeps the server from its work. A single faulty file, or a change that waits for a person, does not.
fn is_alarming(status: &Value) -> bool {
    let sources = status["sources"].as_object();
    let unfollowed = sources.into_iter().flatten().any(|(_, source)| source["alarm"].is_string() || source["stale"] == true);
    let alarms = status["alarms"].as_array().is_some_and(|alarms| !alarms.is_empty());
    let lawless = status["guardrails_unreadable"] == true;
    unfollowed || alarms || lawless || ["shown_elsewhere", "space", "clock"].iter().any(|member| !status[member].is_null())
}

/// An operator's denial in one line, its reason last.
fn denied(stop: &Value) -> String {
    let lines = stop.as_object().into_iter().flatten().filter(|(line, _)| *line != "reason");
    let lines = lines.map(|(line, value)| format!("{line} {}", plain(value.as_str().unwrap_or_default())));
    let reason = plain(stop["reason"].as_str().unwrap_or_default());
    format!("{} ({reason})", lines.collect::<Vec<_>>().join(", "))
}

pub(super) fn told(json: bool, answer: &Value, words: &str) -> u8 {
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

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        ask(self.client()?.post(format!("http://daypass/{path}")).json(body)).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        ask(self.client()?.get(format!("http://daypass/{path}"))).await
    }

    fn client(&self) -> Result<reqwest::Client, Failure> {
        let socket = super::serve::load(&self.config)?.data.join(SOCKET);
        control_client(&socket).map_err(|fault| Failure::new(STATUS_CONFIGURATION, fault))
    }
}

async fn ask(request: reqwest::RequestBuilder) -> Result<Value, Failure> {
    let unavailable = || {
        Failure::new(
            STATUS_UNAVAILABLE,
            "no server answers on this machine for this configuration: run it where `daypass serve` runs, as the same user",
        )
    };
    let progress = Progress::of("asking the server");
    let response = request.send().await.map_err(|_| unavailable())?;
    let (refused, failed) = (!response.status().is_success(), response.status().is_server_error());
    let bytes = read_body(response, ANSWER_BYTES_MAX).await.map_err(|_| unavailable())?;
    drop(progress);
    let answer = serde_json::from_slice(&bytes);
    let answer: Value = answer.unwrap_or_else(|_| json!({ "detail": String::from_utf8_lossy(&bytes) }));
    if refused {
        let status = if failed { STATUS_UNAVAILABLE } else { STATUS_USAGE };
        let unknown = "the server does not know this request: it has another version than this program";
        let said = answer["detail"].as_str().filter(|said| !said.is_empty()).unwrap_or(unknown);
        return Err(Failure::new(status, said));
    }
    Ok(answer)
}
