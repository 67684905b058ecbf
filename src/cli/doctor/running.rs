//! Asks the running server for what only it can report: its alarms, its sources, what waits and what is denied.

use super::finding::{Finding, Level};
use crate::answers::{ActiveDenial, Alarm, CertificateFault, ListenerName, SourceStatus, Status};
use crate::cli::operate;
use crate::words::counted;
use crate::words::names::{CommitId, SourceName};
use std::path::Path;
use std::time::Duration;

/// A server answers its operators within milliseconds.
const ANSWER_MAX: Duration = Duration::from_secs(4);

/// What only the running server itself can report. Faults of the public certificate that its files show too are reported already.
pub(super) async fn running(file: &Path, reported: &[CertificateFault]) -> Vec<Finding> {
    let server = operate::Server::of(file.to_owned());
    let status: Status = match tokio::time::timeout(ANSWER_MAX, server.get("status")).await {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => return vec![Finding::skipped("server", failure.one_line())],
        Err(_) => {
            let told = format!("it runs, but does not answer within {} s", ANSWER_MAX.as_secs());
            return vec![Finding::error("server", told, "look at its log and at the load of this machine, and restart it")];
        }
    };
    let mut findings = alarms(&status, reported);
    for waits in &status.waiting {
        let advice = "look at `daypass policy diff`, then `daypass confirm` its commit";
        findings.push(Finding::warning("server", waits, advice));
    }
    findings.extend(status.denials.iter().filter_map(of_denial));
    findings.extend(status.sources.iter().map(|(name, source)| of_source(name, source)));
    if findings.iter().all(|finding| finding.level == Level::Ok) {
        let commit = status.revision.as_ref().map_or("no commit", CommitId::as_str);
        findings
            .push(Finding::ok("server", format!("it runs, with {} of {commit} in force", counted(status.policies, "policy"))));
    }
    findings
}

fn alarms(status: &Status, reported: &[CertificateFault]) -> Vec<Finding> {
    let is_reported = |alarm: &Alarm| match alarm {
        Alarm::Certificate { listener: ListenerName::Public, fault, .. } => reported.contains(fault),
        _ => false,
    };
    let advice = "repair it, or ask whoever maintains it";
    let alarms = status.alarm_details.iter().filter(|alarm| !is_reported(alarm));
    let alarms = alarms.map(|alarm| Finding::error("server", alarm, advice));
    // A server of an earlier version, which runs until its restart, sends no details.
    let texts = if status.alarm_details.is_empty() { &status.alarms[..] } else { &[] };
    let alarms = alarms.chain(texts.iter().map(|text| Finding::error("server", text, advice)));
    let space = status.space.iter().map(|space| Finding::error("disk", space, "make room on the store's disk"));
    let clock = "correct the clock, or accept it: `daypass accept-clock`";
    let clock = status.clock.iter().map(|fault| Finding::error("clock", fault, clock));
    alarms.chain(space).chain(clock).collect()
}

fn of_denial(denial: &ActiveDenial) -> Option<Finding> {
    let told = format!("the denial {} denies nobody: {}", denial.id, denial.unknown.as_ref()?);
    Some(Finding::warning("server", told, "`daypass deny --lift` it, and deny what was meant"))
}

/// A source as the server follows it. Only the server has the clones and the keys of further sources.
fn of_source(name: &SourceName, source: &SourceStatus) -> Finding {
    let check = format!("source {name}");
    match (&source.alarm, &source.revision) {
        (Some(alarm), None) => Finding::error(check, alarm, "nothing of it is active until it can be followed"),
        (Some(alarm), Some(_)) => {
            Finding::error(check, alarm, "its last good commit stays active until it can be followed again")
        }
        (None, _) if source.stale => {
            Finding::error(check, "its last read is older than `max_stale`", "its policies grant nothing until it is read")
        }
        (None, Some(commit)) => Finding::ok(check, format!("it is followed, at {commit}")),
        (None, None) => {
            Finding::error(check, "nothing of it is active", "look at its definition in sources/, and at its repository")
        }
    }
}
