//! `daypass audit query`: finds records, or counts them by one of their members.

use super::show;
use super::source::Source;
use crate::cli::examples::examples;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::cli::reached::ReachArgs;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_USAGE, note};
use crate::exchange::RECORDS_MAX;
use crate::store::{DRY_RUN, Entry, RECORD_KINDS, RecordBody, RecordFilter};
use crate::words::names::{IssuerName, PolicyName};
use crate::words::{IdSuffix, Reason, plain};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A week of a team's records. For more, there are counts and `export`.
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
    reach: ReachArgs,
    /// Records of this decision: its id, or the end of it.
    #[arg(long, value_name = "ID", value_parser = IdSuffix::parse)]
    decision: Option<IdSuffix>,
    /// Records of this kind, such as refused, released, dry_run or aggregated.
    #[arg(long)]
    kind: Option<String>,
    /// Refusals and failures with this code, such as no_matching_policy.
    #[arg(long)]
    code: Option<String>,
    /// Records of grants by this policy, or of requests that name it.
    #[arg(long, value_parser = PolicyName::parse)]
    policy: Option<PolicyName>,
    /// Records of jobs of this repository: a name, or name@id.
    #[arg(long)]
    repository: Option<String>,
    /// Records of tokens of this issuer.
    #[arg(long, value_parser = IssuerName::parse)]
    issuer: Option<IssuerName>,
    /// Only dry runs (`exec --dry-run`). Without --code and --count-by: the would-be denials, counted by repository.
    #[arg(long, conflicts_with = "kind")]
    dry: bool,
    /// Not older than this, such as 24h or 30d.
    #[arg(long, value_name = "DURATION", value_parser = crate::words::parse_duration)]
    since: Option<Duration>,
    /// At most this many, the newest ones.
    #[arg(long, short = 'n', default_value_t = LISTED)]
    lines: usize,
    /// Count the records by this member, instead of printing them.
    #[arg(long, value_enum, value_name = "MEMBER")]
    count_by: Option<Counted>,
}

/// The member by which records are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Counted {
    /// The repository, or the subject where there is none.
    Repository,
    /// The code of a refusal.
    Code,
    /// The policy that granted, or that was named.
    Policy,
    /// The issuer of the token.
    Issuer,
    /// The kind of the record.
    Kind,
}

/// Prints the records, oldest first, or the counts, most first.
pub(super) async fn run(arguments: &QueryArgs, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let mut source = Source::open(&arguments.reach, environment)?;
    arguments.check(&source)?;
    let count_by = arguments.count_by.or((arguments.dry && arguments.code.is_none()).then_some(Counted::Repository));
    let progress = Progress::of("reading the log");
    let (filter, mut listed, mut counts, mut before) = (arguments.filter(), Vec::new(), BTreeMap::new(), None);
    let mut cut_off = None;
    loop {
        let limit = if count_by.is_some() { RECORDS_MAX } else { arguments.lines.min(RECORDS_MAX) };
        let page = match (source.page(&filter, arguments.since, before, limit).await, before) {
            (Ok(page), _) => page,
            // A server may take each token once. What it answered by then is shown. Counts of a part would look like those of all.
            (Err(failure), Some(before)) if count_by.is_none() && !listed.is_empty() => {
                cut_off = Some(older_missing(failure, before));
                break;
            }
            (Err(failure), _) => return Err(failure),
        };
        for entry in page.records.into_iter().filter(|entry| arguments.takes(entry)) {
            match count_by {
                Some(by) => *counts.entry(by.of(&entry)).or_insert(0u64) += 1,
                None => listed.push(entry),
            }
        }
        before = page.next;
        if before.is_none() || (count_by.is_none() && listed.len() >= arguments.lines) {
            break;
        }
    }
    drop(progress);
    listed.truncate(arguments.lines);
    if listed.is_empty() && counts.is_empty() {
        // Standard output is for programs, and stays empty.
        note("no record matches");
    }
    match count_by {
        Some(_) => print_counts(counts, json),
        None => listed.iter().rev().for_each(|entry| show(entry, json)),
    }
    cut_off.map_or(Ok(0), Err)
}

/// Why the records that are shown are not all that were asked for.
fn older_missing(failure: Failure, before: i64) -> Failure {
    let missing = format!("these are the newest records: those before record {before} were not read");
    let hint = failure.hint.as_ref().map_or_else(|| missing.clone(), |hint| format!("{missing}; {hint}"));
    failure.with_hint(hint)
}

fn print_counts(counts: BTreeMap<String, u64>, json: bool) {
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if json {
        let items = counts.iter().map(|(name, count)| json!({ "name": name, "count": count }));
        return print::json(&Value::from_iter(items));
    }
    counts.iter().for_each(|(name, count)| anstream::println!("{count:>8}  {}", plain(name)));
}

impl QueryArgs {
    fn filter(&self) -> RecordFilter {
        RecordFilter {
            decision: self.decision.clone(),
            kind: if self.dry { Some(DRY_RUN.to_owned()) } else { self.kind.clone() },
            code: self.code.clone(),
            policy: self.policy.as_ref().map(ToString::to_string),
            repository: self.repository.clone(),
            issuer: self.issuer.as_ref().map(ToString::to_string),
        }
    }

    /// Without --code and --count-by, `--dry` shows only what would be denied.
    fn takes(&self, entry: &Entry) -> bool {
        !self.dry || self.count_by.is_some() || self.code.is_some() || is_refused(entry)
    }

    /// Refuses unknown values: a misspelled one would find nothing, which looks like a quiet night.
    fn check(&self, source: &Source) -> Result<(), Failure> {
        let unknown =
            |what: String, known: Vec<&str>| Err(Failure::new(STATUS_USAGE, format!("{what}; there are {}", known.join(", "))));
        let codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        match (&self.kind, &self.code) {
            (Some(kind), _) if !RECORD_KINDS.contains(&kind.as_str()) => {
                return unknown(format!("no record is of the kind `{}`", plain(kind)), RECORD_KINDS.to_vec());
            }
            (_, Some(code)) if !codes.contains(&code.as_str()) => {
                return unknown(format!("nothing is refused with the code `{}`", plain(code)), codes);
            }
            _ => {}
        }
        match (&self.issuer, source) {
            (Some(issuer), Source::Store(_, known)) if !known.contains(issuer) => {
                let known = known.iter().map(IssuerName::as_str).collect();
                unknown(format!("no issuer `{issuer}` is configured"), known)
            }
            _ => Ok(()),
        }
    }
}

fn is_refused(entry: &Entry) -> bool {
    entry.request().is_some_and(|request| request.reason.is_some())
}

impl Counted {
    fn of(self, entry: &Entry) -> String {
        let body = entry.typed();
        let request = body.as_ref().and_then(RecordBody::request);
        let found = match self {
            Self::Repository => request.and_then(|request| request.repository().or(request.subject.as_deref())),
            Self::Code => request.and_then(|request| entry.code_of(request)),
            Self::Policy => {
                request.and_then(|request| request.granting().first().or(request.policy.as_ref())).map(PolicyName::as_str)
            }
            Self::Issuer => body.as_ref().and_then(RecordBody::issuer),
            Self::Kind => Some(entry.kind.as_str()),
        };
        found.unwrap_or("-").to_owned()
    }
}
