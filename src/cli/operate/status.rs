//! `daypass status`: the server's state, as a text and as JSON.

use super::Server;
use crate::answers::{ActiveDenial, SourceStatus, Status};
use crate::cli::print::{self, counted};
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::words::names::{CommitId, SourceName};
use crate::words::plain;
use serde_json::json;

/// Prints the server's state.
pub(in crate::cli) async fn status(server: &Server, json: bool) -> Result<u8, Failure> {
    let status: Status = server.get("status").await?;
    if json {
        print::json(&json!(status));
    } else {
        print_status(&status);
    }
    Ok(if status.is_alarming() { STATUS_CONFIGURATION } else { 0 })
}

fn print_status(status: &Status) {
    status.sources.iter().for_each(|(name, source)| print_source(name, source));
    print_alarms(status);
    anstream::println!("in force    {}, {}", counted(status.policies, "policy"), counted(status.guardrails, "guardrail"));
    if let Some(space) = &status.space {
        anstream::println!("DISK        {space}");
    }
    if let Some(clock) = &status.clock {
        anstream::println!("CLOCK       {clock}");
    }
    if let waiting @ 1.. = status.keys_waiting_to_be_hosted {
        anstream::println!(
            "KEYS        {waiting} do not sign until they are hosted: `daypass keys list` says which, `daypass keys publish` writes them"
        );
    }
    for address in &status.crowded_addresses {
        anstream::println!("CROWDED     {address} speaks for many identities: if it is a load balancer, list it in `proxies`");
    }
    for fault in &status.faults {
        anstream::println!("faulty      {}: {}", plain(&fault.at), plain(&fault.message));
    }
    if let Some(left_out) = status.faults_left_out {
        anstream::println!("            {left_out}");
    }
    print_waiting(status);
    status.denials.iter().for_each(print_denial);
}

fn print_source(name: &SourceName, source: &SourceStatus) {
    let (revision, read_at) = (source.revision.as_ref().map_or("none", CommitId::as_str), source.read_at);
    let read_at = read_at.map_or_else(|| "none".to_owned(), |at| at.to_string());
    let stale = if source.stale { ", too long ago: its policies deny" } else { "" };
    let signer = source.signer.as_deref().map(|signer| format!(", signed by {}", plain(signer))).unwrap_or_default();
    anstream::println!("{:<11} {revision}{signer}, read {read_at}{stale}", name.as_str());
    if let Some(alarm) = &source.alarm {
        anstream::println!("ALARM       {}", plain(alarm));
    }
    if let Some(commit) = &source.accepted {
        anstream::println!("accepted    {commit}: the server follows it as soon as the ref points to it");
    }
}

fn print_alarms(status: &Status) {
    status.alarms.iter().for_each(|alarm| anstream::println!("ALARM       {}", plain(alarm)));
    if status.guardrails_unreadable {
        anstream::println!(
            "ALARM       the guardrails cannot be read: the last good ones stay in force, and nothing widens until they can be read"
        );
    }
    if let Some(elsewhere) = &status.shown_elsewhere {
        let (count, last, first) = (elsewhere.count, &elsewhere.last, &elsewhere.last.first_use);
        anstream::println!(
            "ALARM       since the start, a second client used a token or session {count} times: the last was {} (decision {}), after {} (decision {})",
            last.client,
            last.decision,
            plain(&first.client),
            plain(&first.decision),
        );
    }
}

fn print_waiting(status: &Status) {
    for waits in &status.waiting {
        anstream::println!("waits       {} {}", plain(&waits.file), plain(&waits.why));
    }
    if let Some(more) = status.waiting_left_out {
        anstream::println!("            and {more} more");
    }
    if !status.waiting.is_empty() {
        anstream::println!("            see `daypass policy diff`, then `daypass confirm` the commit of its source");
    }
}

fn print_denial(denial: &ActiveDenial) {
    let until = denial.until.map_or_else(|| "lifted".to_owned(), |until| until.to_string());
    anstream::println!("denied      {} until {until}: {}", plain(&denial.id), plain(&denial.denies.to_string()));
    if let Some(unknown) = &denial.unknown {
        anstream::println!("            IT DENIES NOBODY: {}", plain(unknown));
    }
}
