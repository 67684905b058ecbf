//! `daypass audit`: reads the log from the server's own disk. `query` can also read it through the server.

mod export;
mod pages;
mod place;
mod query;
mod source;
mod verify;

use super::print;
use crate::cli::examples::examples;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::kind::Target;
use crate::store::{DRY_RUN, Entry, KeyRecord, ReadError, Reader, RecordBody, RequestRecord, RevisionRecord};
use crate::words::names::PolicyName;
use crate::words::plain;
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// How often `--follow` reads again.
const FOLLOW_PAUSE: Duration = Duration::from_millis(500);

#[derive(Subcommand, Debug)]
pub(super) enum AuditCommand {
    /// Show the newest records.
    Tail(TailArgs),
    /// Find records, or count them by repository, code, policy, issuer or kind.
    Query(Box<query::QueryArgs>),
    /// Write every record as a line of JSON, each at least once, also across restarts.
    Export(export::ExportArgs),
    /// Check that no record is missing, and that the log still matches an export of it.
    Verify(verify::VerifyArgs),
}

/// Where the log is.
#[derive(Args, Debug)]
struct Log {
    /// The server's configuration.
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: PathBuf,
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass audit tail --config daypass.yaml",
    "daypass audit tail --config daypass.yaml --follow --output json",
]))]
pub(super) struct TailArgs {
    #[command(flatten)]
    log: Log,
    /// How many records.
    #[arg(long, short = 'n', default_value_t = 20)]
    lines: usize,
    /// Go on, and print new records as they come.
    #[arg(long, short)]
    follow: bool,
}

/// Runs it.
pub(super) async fn run(command: &AuditCommand, environment: &Environment, json: bool) -> Result<u8, Failure> {
    match command {
        AuditCommand::Tail(arguments) => tail(arguments, json).await,
        AuditCommand::Query(arguments) => query::run(arguments, environment, json).await,
        AuditCommand::Export(arguments) => export::run(arguments).await,
        AuditCommand::Verify(arguments) => verify::run(arguments, json),
    }
}

fn failed(fault: ReadError) -> Failure {
    Failure::new(STATUS_CONFIGURATION, fault)
}

impl Log {
    fn open(&self) -> Result<Reader, Failure> {
        Reader::open(&super::serve::load(&self.config)?.data).map_err(failed)
    }
}

async fn tail(arguments: &TailArgs, json: bool) -> Result<u8, Failure> {
    let reader = arguments.log.open()?;
    let mut entries = reader.newest(arguments.lines).map_err(failed)?;
    // An empty page has no last record: the position stays.
    let mut last = 0;
    loop {
        entries.iter().for_each(|entry| show(entry, json));
        if !arguments.follow {
            return Ok(0);
        }
        last = entries.last().map_or(last, |entry| entry.seq);
        tokio::time::sleep(FOLLOW_PAUSE).await;
        entries = reader.after(last, 1000).map_err(failed)?;
    }
}

fn show(entry: &Entry, json: bool) {
    if json {
        print::line(&json!(entry));
        return;
    }
    let decision = entry.decision.as_deref().unwrap_or("-");
    anstream::println!("{}  {:<10} {:<36} {}", entry.at, plain(&entry.kind), plain(decision), plain(&what(entry)));
}

/// What a record says, in one line; a record of another version, and one of a kind that has no summary, as it is.
pub(super) fn what(entry: &Entry) -> String {
    let summary = match entry.typed() {
        Some(RecordBody::Request(record)) => request(&entry.kind, &record),
        Some(RecordBody::Revision(record)) => Some(revision(&record)),
        Some(RecordBody::Key(record)) => Some(key(&record)),
        Some(RecordBody::Operator(_) | RecordBody::Denial(_) | RecordBody::Other) | None => None,
    };
    summary.unwrap_or_else(|| entry.body.to_string()).trim().to_owned()
}

/// A request in one line, if its record says who asked.
fn request(kind: &str, record: &RequestRecord) -> Option<String> {
    let subject = record.subject.as_deref().unwrap_or_default();
    let requested = listed(record.requested().iter().map(String::as_str));
    let (reason, cause) = (record.reason.as_deref(), record.cause.as_deref().unwrap_or_default());
    match kind {
        "refused" | "failed" => Some(format!("{subject} {requested} {}: {cause}", reason.unwrap_or_default())),
        DRY_RUN if reason.is_some() => {
            Some(format!("{subject} {requested} would be refused: {}: {cause}", reason.unwrap_or_default()))
        }
        "intended" | "released" | "repeated" | DRY_RUN => {
            let policies = listed(record.granting().iter().map(PolicyName::as_str));
            Some(format!("{subject} {} by {policies}", credentials(record)))
        }
        _ => None,
    }
}

/// The entries, each once where it is repeated.
fn listed<'a>(entries: impl Iterator<Item = &'a str>) -> String {
    let mut entries: Vec<&str> = entries.collect();
    entries.dedup();
    entries.join(", ")
}

fn revision(record: &RevisionRecord) -> String {
    let commit: String = record.revision.as_str().chars().take(12).collect();
    let (policies, faulty) = (print::counted(record.policies, "policy"), print::counted(record.faulty_files(), "faulty file"));
    format!("{commit} with {policies}, {faulty}")
}

fn key(record: &KeyRecord) -> String {
    let (algorithm, kid) = (record.algorithm.as_deref().unwrap_or_default(), record.kid.as_deref().unwrap_or_default());
    format!("{algorithm} {kid} {}", record.state)
}

/// The credentials as requested. What the policies chose is known after it was issued.
fn credentials(record: &RequestRecord) -> String {
    let requested = record.requested().iter().enumerate();
    let names = requested.map(|(number, requested)| {
        let chosen = Target::parse(requested).ok().and_then(|target| target.chosen(record.issued(number)?));
        chosen.map_or_else(|| requested.clone(), |chosen| chosen.to_string())
    });
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::UnixTime;
    use serde_json::Value;

    fn what_of(kind: &str, body: Value) -> String {
        what(&Entry { seq: 1, at: UnixTime::from_seconds(0), kind: kind.to_owned(), decision: None, body })
    }

    #[test]
    fn a_record_that_cannot_be_read_is_shown_as_it_is() {
        let body = json!({ "v": 1, "subject": "s", "credentials": ["a", "a", "b"], "reason": "denied", "cause": "c" });
        assert_eq!(what_of("refused", body.clone()), "s a, b denied: c");
        assert_eq!(what_of("dry_run", body.clone()), "s a, b would be refused: denied: c");
        assert_eq!(
            what_of("released", json!({ "v": 1, "subject": "s", "credentials": ["aws"], "policies": ["p", "p"] })),
            "s aws by p"
        );
        assert_eq!(what_of("key", json!({ "v": 1, "session_key": "k", "state": "sealing" })), "sealing");
        assert_eq!(what_of("a kind of later", body.clone()), body.to_string());
        for (member, value) in [("v", json!(2)), ("subject", json!(["s"]))] {
            let mut of_later = body.clone();
            of_later[member] = value;
            assert_eq!(what_of("refused", of_later.clone()), of_later.to_string());
        }
    }
}
