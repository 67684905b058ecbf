//! `daypass audit query`: the records that somebody asks for, or how many there are by one of their members.

use super::{Log, show};
use crate::cli::examples::examples;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_USAGE};
use crate::store::{DRY_RUN, Entry};
use crate::words::{Clock, IdSuffix, SystemClock, plain};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

/// A week of a team's records; more are counted, or written by `export`.
const LISTED: usize = 100;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass audit query --config daypass.yaml --decision 4f2a9c1d",
    "daypass audit query --config daypass.yaml --since 24h --count-by code",
    "daypass audit query --config daypass.yaml --repository acme/shop --kind refused",
    "daypass audit query --config daypass.yaml --dry",
]))]
pub(in crate::cli) struct QueryArgs {
    #[command(flatten)]
    log: Log,
    /// Of this decision: its id, or the end of it.
    #[arg(long, value_name = "ID", value_parser = IdSuffix::parse)]
    decision: Option<IdSuffix>,
    /// Of this kind, such as refused, released, dry_run or aggregated.
    #[arg(long)]
    kind: Option<String>,
    /// Refused or failed with this code, such as no_matching_policy.
    #[arg(long)]
    code: Option<String>,
    /// By this policy, or for it.
    #[arg(long)]
    policy: Option<String>,
    /// Of jobs of this repository: a name, or name@id.
    #[arg(long)]
    repository: Option<String>,
    /// Of tokens of this issuer.
    #[arg(long)]
    issuer: Option<String>,
    /// Only what was tried by `exec --dry-run`: alone, would-be denials by repository.
    #[arg(long, conflicts_with = "kind")]
    dry: bool,
    /// Of the last so long, such as 24h or 30d.
    #[arg(long, value_name = "DURATION", value_parser = crate::words::parse_duration)]
    since: Option<Duration>,
    /// At most so many, the newest ones.
    #[arg(long, short = 'n', default_value_t = LISTED)]
    lines: usize,
    /// How many there are of each, instead of the records.
    #[arg(long, value_enum, value_name = "MEMBER")]
    count_by: Option<Counted>,
}

/// By what records are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Counted {
    /// The repository, or who it was where there is none.
    Repository,
    /// The code of a refusal.
    Code,
    /// The policy that granted, or was named.
    Policy,
    /// The issuer of the token.
    Issuer,
    /// The kind of the record.
    Kind,
}

/// Prints the records, oldest first, or the counts, most first.
pub(super) fn run(arguments: &QueryArgs, json: bool) -> Result<u8, Failure> {
    let reader = arguments.log.open()?;
    let since = arguments.since.map(|since| SystemClock.now().minus(since));
    let count_by = arguments.count_by.or((arguments.dry && arguments.code.is_none()).then_some(Counted::Repository));
    let progress = Progress::of("reading the log");
    let (mut listed, mut counts) = (Vec::new(), BTreeMap::new());
    let looked = reader.since(since, |entry| {
        if !arguments.takes(&entry) {
            return ControlFlow::Continue(());
        }
        match count_by {
            Some(by) => *counts.entry(by.of(&entry)).or_insert(0u64) += 1,
            None => listed.push(entry),
        }
        if listed.len() < arguments.lines { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    looked.map_err(super::failed)?;
    drop(progress);
    if listed.is_empty() && counts.is_empty() {
        arguments.check_kind(&reader.kinds().map_err(super::failed)?)?;
    }
    match count_by {
        Some(_) => tell_counts(counts, json),
        None => listed.iter().rev().for_each(|entry| show(entry, json)),
    }
    Ok(0)
}

fn tell_counts(counts: BTreeMap<String, u64>, json: bool) {
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if json {
        let told = counts.iter().map(|(name, count)| json!({ "name": name, "count": count }));
        return print::json(&Value::from_iter(told));
    }
    counts.iter().for_each(|(name, count)| anstream::println!("{count:>8}  {}", plain(name)));
}

impl QueryArgs {
    fn takes(&self, entry: &Entry) -> bool {
        let body = &entry.body;
        let is = |wanted: &Option<String>, member: &str| wanted.as_deref().is_none_or(|wanted| body[member] == wanted);
        let kind = if self.dry { Some(DRY_RUN) } else { self.kind.as_deref() };
        let would_be_denied = !self.dry || self.count_by.is_some() || self.code.is_some() || body["reason"].is_string();
        kind.is_none_or(|kind| entry.kind == kind)
            && would_be_denied
            && is(&self.code, "reason")
            && is(&self.issuer, "issuer")
            && self.policy.as_deref().is_none_or(|policy| names_policy(body, policy))
            && self.repository.as_deref().is_none_or(|wanted| is_of_repository(body, wanted))
            && self.decision.as_ref().is_none_or(|id| entry.decision.as_deref().is_some_and(|decision| id.ends(decision)))
    }

    /// A misspelt kind would look like a quiet night.
    fn check_kind(&self, known: &[String]) -> Result<(), Failure> {
        match &self.kind {
            Some(kind) if !known.contains(kind) => {
                let told = format!("no record is of the kind `{}`; the log has {}", plain(kind), known.join(", "));
                Err(Failure::new(STATUS_USAGE, told))
            }
            _ => Ok(()),
        }
    }
}

fn names_policy(body: &Value, policy: &str) -> bool {
    let granting = body["policies"].as_array().into_iter().flatten();
    granting.chain([&body["policy"]]).any(|named| named == policy)
}

/// The id decides where one is written.
fn is_of_repository(body: &Value, wanted: &str) -> bool {
    let Some(repository) = body["attributes"]["repository"].as_str() else { return false };
    match (wanted.split_once('@'), repository.split_once('@')) {
        (Some((_, wanted)), Some((_, id))) => wanted == id,
        (None, Some((name, _))) => wanted == name,
        (_, None) => wanted == repository,
    }
}

impl Counted {
    fn of(self, entry: &Entry) -> String {
        let body = &entry.body;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let found = match self {
            Self::Repository => text(&body["attributes"]["repository"]).or_else(|| text(&body["subject"])),
            Self::Code => text(&body["reason"]),
            Self::Policy => text(&body["policies"][0]).or_else(|| text(&body["policy"])),
            Self::Issuer => text(&body["issuer"]),
            Self::Kind => Some(entry.kind.clone()),
        };
        found.unwrap_or_else(|| "-".to_owned())
    }
}
