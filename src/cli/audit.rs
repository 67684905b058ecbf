//! `daypass audit`: the log as it stands on the server's own disk.

use super::print;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::store::{Entry, Reader};
use crate::words::plain;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// How often `--follow` looks.
const FOLLOW_PAUSE: Duration = Duration::from_millis(500);

#[derive(Subcommand, Debug)]
pub(super) enum AuditCommand {
    /// Show the newest records.
    Tail(TailArgs),
}

#[derive(Args, Debug)]
pub(super) struct TailArgs {
    /// The server's configuration.
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: PathBuf,
    /// How many records.
    #[arg(long, short = 'n', default_value_t = 20)]
    lines: usize,
    /// Go on as records come.
    #[arg(long, short)]
    follow: bool,
}

/// Runs it.
pub(super) async fn run(command: &AuditCommand, json: bool) -> Result<u8, Failure> {
    let AuditCommand::Tail(arguments) = command;
    let failed = |fault: String| Failure::new(STATUS_CONFIGURATION, fault);
    let reader = Reader::open(&super::serve::load(&arguments.config)?.data).map_err(failed)?;
    let mut entries = reader.newest(arguments.lines).map_err(failed)?;
    loop {
        entries.iter().for_each(|entry| show(entry, json));
        if !arguments.follow {
            return Ok(0);
        }
        let last = entries.last().map(|entry| entry.seq);
        tokio::time::sleep(FOLLOW_PAUSE).await;
        entries = reader.after(last.unwrap_or(0), 1000).map_err(failed)?;
    }
}

fn show(entry: &Entry, json: bool) {
    if json {
        print::line(&entry.to_json());
        return;
    }
    let text = |member: &str| entry.body[member].as_str().unwrap_or_default().to_owned();
    let list = |member: &str| {
        let items = entry.body[member].as_array().into_iter().flatten();
        items.filter_map(|item| item.as_str()).collect::<Vec<_>>().join(", ")
    };
    let what = match entry.kind.as_str() {
        "revision" => format!(
            "{} with {} policies, {} faulty files",
            text("revision").chars().take(12).collect::<String>(),
            entry.body["policies"],
            entry.body["faults"].as_array().map_or(0, Vec::len)
        ),
        "refused" | "failed" => format!("{} {} {}: {}", text("subject"), list("credentials"), text("reason"), text("cause")),
        "intended" | "released" | "repeated" => format!("{} {} by {}", text("subject"), list("credentials"), list("policies")),
        "key" => format!("{} {} {}", text("algorithm"), text("kid"), text("state")),
        _ => entry.body.to_string(),
    };
    let decision = entry.decision.as_deref().unwrap_or("-");
    anstream::println!(
        "{}  {:<10} {:<8} {}",
        entry.at,
        entry.kind,
        decision.rsplit('-').next().unwrap_or_default(),
        plain(what.trim())
    );
}
