//! `daypass policy replay`: what a revision would have denied of what was granted, asked of a server or read beside its store.

use super::place::{At, Seen, Where, further_sources};
use crate::cli::job::ServerArgs;
use crate::cli::{Output, print};
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::exchange::replay_since;
use crate::policy::{Replay, ReplayRequest, Ruleset};
use crate::store::Reader;
use crate::words::names::SourceName;
use crate::words::{Clock, SystemClock, plain};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The status of `replay --fail-on deny` when something would have been denied.
const STATUS_DENIES: u8 = 2;

#[derive(Args, Debug)]
pub(in crate::cli) struct ReplayArgs {
    /// The revision that is tried, such as HEAD.
    new: String,
    /// How far back, at most 90d.
    #[arg(long, default_value = "30d")]
    since: String,
    /// A checkout or bare repository that has the revision: this folder, or with --data the configuration's. What is in force is
    /// the configuration's own, or the server's, whatever is named here.
    #[arg(long)]
    repository: Option<PathBuf>,
    /// End with status 2 when something would have been denied that is granted today.
    #[arg(long)]
    fail_on: Option<FailOn>,
    /// The server's data directory, read on its own machine; without it a server is asked.
    #[arg(long, requires = "config")]
    data: Option<PathBuf>,
    /// The server's configuration, with --data.
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum FailOn {
    Deny,
}

/// Asks, and tells.
pub(super) async fn run(arguments: &ReplayArgs, environment: Environment, output: Output) -> Result<u8, Failure> {
    let Asked { mut found, in_force, new, sources } = match (&arguments.data, &arguments.config) {
        (Some(data), Some(config)) => arguments.beside(data, config)?,
        _ => arguments.ask(environment).await?,
    };
    (found["in_force"], found["new"]) = (json!(in_force), json!(new));
    (found["further_sources_not_looked_at"], found["further_sources_as_in_force"]) = sources.to_json();
    let text = || format!("In force: {in_force}\n   tried: {new}\n{}{}", told(&found, &arguments.since), sources.told());
    match output {
        Output::Json => print::json(&found),
        Output::Markdown => anstream::print!("```\n{}```\n", text()),
        Output::Text => anstream::print!("{}", text()),
    }
    let denies = list(&found["grants"]).any(|lost| lost["denied_already"] == false);
    Ok(if denies && arguments.fail_on == Some(FailOn::Deny) { STATUS_DENIES } else { 0 })
}

/// What came of a replay, and of which revisions.
struct Asked {
    found: Value,
    in_force: At,
    new: At,
    sources: Further,
}

/// What a replay knows of the further sources that the revisions name.
enum Further {
    /// Their policies are not here.
    NotLookedAt(BTreeSet<String>),
    /// The server has them, and decides by them as they are in force.
    AsInForce(BTreeSet<String>),
}

impl Further {
    fn of(seen: &[&Seen]) -> BTreeSet<String> {
        seen.iter().flat_map(|seen| seen.further_sources()).map(ToOwned::to_owned).collect()
    }

    fn to_json(&self) -> (Value, Value) {
        match self {
            Self::NotLookedAt(names) => (json!(names), json!([])),
            Self::AsInForce(names) => (json!([]), json!(names)),
        }
    }

    fn told(&self) -> String {
        match self {
            Self::NotLookedAt(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                further_sources(&names, "what one granted is told as denied already, and what NEW lets one do is not tried")
            }
            Self::AsInForce(names) if names.is_empty() => String::new(),
            Self::AsInForce(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!(
                    "The further sources {} decide as they are in force: what NEW changes in sources/ is not tried.\n",
                    names.join(", ")
                )
            }
        }
    }
}

impl ReplayArgs {
    /// As a job: the server decides whether it may ask.
    async fn ask(&self, environment: Environment) -> Result<Asked, Failure> {
        let path = self.repository.clone().unwrap_or_else(|| PathBuf::from("."));
        let new = super::place::of_checkout(&path, &self.new)?;
        let request = ReplayRequest::of(&new.files, self.since.clone()).map_err(faulty)?;
        let mut answer = self.server.connect(environment)?.replay(&request).await?;
        let in_force = At::of_server(&answer);
        let sources = Further::AsInForce(Further::of(&[&new]));
        Ok(Asked { found: answer["replay"].take(), in_force, new: new.at, sources })
    }

    /// As an operator: what is in force is the configuration's ref, wherever the revision is from that is tried.
    fn beside(&self, data: &Path, config: &Path) -> Result<Asked, Failure> {
        let at = |repository| Where::repository(config.to_owned(), repository);
        let (seen, catalogue) = at(None).load()?;
        let (in_force, _) = Ruleset::load(&seen.files, &catalogue, None);
        let new = at(self.repository.clone()).at(&self.new)?;
        let request = ReplayRequest::of(&new.files, self.since.clone()).map_err(faulty)?;
        let now = SystemClock.now();
        let since = now.minus(request.lookback().map_err(|fault| Failure::new(STATUS_USAGE, fault))?);
        let candidate = request.candidate(&catalogue, in_force.set(), &SourceName::root(), &[]);
        let reader = Reader::open(data).map_err(faulty)?;
        let found = replay_since(&reader, since, Replay::new(&candidate, in_force.set(), now), &catalogue).map_err(faulty)?;
        let found = serde_json::to_value(&found).map_err(|fault| faulty(fault.to_string()))?;
        let sources = Further::NotLookedAt(Further::of(&[&seen, &new]));
        Ok(Asked { found, in_force: seen.at, new: new.at, sources })
    }
}

fn faulty(fault: impl std::fmt::Display) -> Failure {
    Failure::new(STATUS_CONFIGURATION, fault)
}

fn told(found: &Value, since: &str) -> String {
    let mut text = String::new();
    for fault in list(&found["faults"]) {
        let _ = writeln!(text, "FAULTY   {}:{} {}", word(&fault["file"]), fault["line"], word(&fault["message"]));
    }
    for lost in list(&found["grants"]) {
        told_of_grant(&mut text, lost);
    }
    let _ = writeln!(text, "{} decisions of the last {since}: {} would have been denied.", found["decisions"], found["denied"]);
    for (member, said) in [
        ("uses_more", "uses more would have been denied, of grants that are not listed."),
        ("claims_pruned", "decisions were left out: their claims are pruned, and a line looks at claims."),
        ("unreadable", "decisions were left out: their records cannot be read."),
    ] {
        if found[member] != 0 {
            let _ = writeln!(text, "{} {said}", found[member]);
        }
    }
    if let Some(at) = found["cut_off_at"].as_str() {
        let _ = writeln!(text, "There are more than one replay takes: nothing up to {at} was looked at.");
    }
    text
}

fn told_of_grant(text: &mut String, lost: &Value) {
    let denies = if lost["denied_already"] == true { "DENIED ALREADY" } else { "DENIES  " };
    let times = if lost["times"] == 1 { "once".to_owned() } else { format!("{} times", lost["times"]) };
    let by = [("", "last_repository"), ("run ", "last_run")];
    let by: Vec<String> = by.iter().filter_map(|(label, member)| Some(format!("{label}{}", lost[member].as_str()?))).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
    let (credential, policy) = (word(&lost["credential"]), word(&lost["policy"]));
    let _ = writeln!(text, "{denies} {credential}   {policy}: used {times}, last {}{}", word(&lost["last_at"]), plain(&by));
    let _ = writeln!(text, "  {}", word(&lost["because"]));
    for line in list(&lost["near_miss"]["lines"]) {
        let saw = plain(line["saw"].as_str().unwrap_or("nothing"));
        let _ = writeln!(text, "  {}   {}   saw {saw}", word(&line["at"]), word(&line["says"]));
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Its text, as a part of a line of ours.
fn word(value: &Value) -> Cow<'_, str> {
    plain(value.as_str().unwrap_or_default())
}
