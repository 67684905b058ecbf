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
use crate::store::{DRY_RUN, Entry, ReadError, Reader, RequestRecord, RevisionRecord};
use crate::words::plain;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};
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

/// What a record says, in one line.
pub(super) fn what(entry: &Entry) -> String {
    let text = |member: &str| entry.body[member].as_str().unwrap_or_default().to_owned();
    let list = |member: &str| {
        let items = entry.body[member].as_array().into_iter().flatten();
        let mut items: Vec<&str> = items.filter_map(|item| item.as_str()).collect();
        items.dedup();
        items.join(", ")
    };
    let summary = match entry.kind.as_str() {
        "revision" => revision(&entry.body),
        "refused" | "failed" => format!("{} {} {}: {}", text("subject"), list("credentials"), text("reason"), text("cause")),
        DRY_RUN if entry.request().reason().is_some() => {
            format!("{} {} would be refused: {}: {}", text("subject"), list("credentials"), text("reason"), text("cause"))
        }
        "intended" | "released" | "repeated" | DRY_RUN => {
            format!("{} {} by {}", text("subject"), credentials(entry.request()), list("policies"))
        }
        "key" => format!("{} {} {}", text("algorithm"), text("kid"), text("state")),
        _ => entry.body.to_string(),
    };
    summary.trim().to_owned()
}

/// A revision in one line; one that another version wrote as it is.
fn revision(body: &Value) -> String {
    let Ok(record) = RevisionRecord::deserialize(body) else { return body.to_string() };
    let commit: String = record.revision.as_str().chars().take(12).collect();
    let (policies, faulty) = (print::counted(record.policies, "policy"), print::counted(record.faults.len(), "faulty file"));
    format!("{commit} with {policies}, {faulty}")
}

/// The credentials as requested. What the policies chose is known after it was issued.
fn credentials(record: RequestRecord<'_>) -> String {
    let requested = record.credentials().unwrap_or_default().into_iter().enumerate();
    let names = requested.map(|(number, requested)| {
        let chosen = Target::parse(requested).ok().and_then(|target| target.chosen(record.issued(number)?));
        chosen.map_or_else(|| requested.to_owned(), |chosen| chosen.to_string())
    });
    names.collect::<Vec<_>>().join(", ")
}
