//! `daypass policy replay`: which past grants a revision would have denied, by a server's answer or from its store.

use super::place::{PolicyTreeArgs, TreeOrigin, TreeSnapshot, further_sources, last_in_force};
use crate::answers::{Findings, Lost};
use crate::app::recorded_policies;
use crate::cli::examples::examples;
use crate::cli::job::ServerArgs;
use crate::cli::progress::Progress;
use crate::cli::reached::Typed;
use crate::cli::{Output, print};
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::exchange::replay_since;
use crate::policy::{Catalogue, Replay, ReplayRequest, Ruleset, Tree};
use crate::store::Reader;
use crate::words::names::SourceName;
use crate::words::{Clock, SystemClock, plain};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The status of `replay --fail-on deny` if something would have been denied.
const STATUS_DENIES: u8 = 2;
/// Without this, nothing denied would look like a harmless change, although no change was tried.
const SAME_FILES: &str = "Both decide by the same files: --repository names the checkout that has the change.\n";

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass policy replay HEAD --since 30d --server https://daypass.acme.com",
    "daypass policy replay HEAD --config daypass.yaml --data /var/lib/daypass --repository . --fail-on deny",
]))]
pub(in crate::cli) struct ReplayArgs {
    #[command(flatten)]
    typed: Typed,
    /// The revision to try, such as HEAD.
    new: String,
    /// How far back, at most 90d.
    #[arg(long, default_value = "30d")]
    since: String,
    /// A checkout or bare repository that has the revision; without this it is this folder, or with --data the configuration's.
    /// It does not change what is in force, which is the configuration's or the server's own.
    #[arg(long)]
    repository: Option<PathBuf>,
    /// End with status 2 if something would have been denied that is granted today.
    #[arg(long)]
    fail_on: Option<FailOn>,
    /// The server's data directory, to read on its own machine; without it the server is asked.
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

/// The answer: what was found, and which commits were compared.
#[derive(Serialize)]
struct ReplayAnswer<'a> {
    #[serde(flatten)]
    found: &'a Findings,
    in_force: &'a TreeOrigin,
    new: &'a TreeOrigin,
    same_files: bool,
    further_sources_not_looked_at: BTreeSet<String>,
    further_sources_as_in_force: BTreeSet<String>,
}

/// Runs the replay, and prints the result.
pub(super) async fn run(arguments: &ReplayArgs, environment: Environment, output: Output) -> Result<u8, Failure> {
    arguments.typed.check()?;
    arguments.typed.check_beside(arguments.data.as_deref())?;
    let progress = Progress::of("replaying decisions");
    let ReplayResult { found, in_force, new, same_files, sources } = match (&arguments.data, &arguments.config) {
        (Some(data), Some(config)) => arguments.by_store(data, config)?,
        _ => arguments.ask_server(environment).await?,
    };
    drop(progress);
    let same = if same_files { SAME_FILES } else { "" };
    let text =
        || format!("In force: {in_force}\n   tried: {new}\n{same}{}{}", render(&found, &arguments.since), sources.render());
    match output {
        Output::Json => {
            let (further_sources_not_looked_at, further_sources_as_in_force) = sources.parts();
            let (found, in_force, new) = (&found, &in_force, &new);
            print::json(&json!(ReplayAnswer {
                found,
                in_force,
                new,
                same_files,
                further_sources_not_looked_at,
                further_sources_as_in_force
            }));
        }
        Output::Markdown => anstream::print!("```\n{}```\n", text()),
        Output::Text => anstream::print!("{}", text()),
    }
    let denies = found.grants.iter().any(|lost| !lost.denied_already);
    Ok(if denies && arguments.fail_on == Some(FailOn::Deny) { STATUS_DENIES } else { 0 })
}

/// The result of a replay, and its revisions.
struct ReplayResult {
    found: Findings,
    in_force: TreeOrigin,
    new: TreeOrigin,
    /// Whether NEW decides by the files that the commit in force has.
    same_files: bool,
    sources: FurtherHandling,
}

/// How a replay treats the further sources that the revisions define.
enum FurtherHandling {
    /// Their policies are not here.
    NotLookedAt(BTreeSet<String>),
    /// The server has them, and decides by them as they are in force.
    AsInForce(BTreeSet<String>),
}

impl FurtherHandling {
    fn of(snapshots: &[&TreeSnapshot]) -> BTreeSet<String> {
        snapshots.iter().flat_map(|snapshot| snapshot.further_sources()).map(ToOwned::to_owned).collect()
    }

    /// The sources that are not looked at, and those that decide as they are in force.
    fn parts(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        match self {
            Self::NotLookedAt(names) => (names.clone(), BTreeSet::new()),
            Self::AsInForce(names) => (BTreeSet::new(), names.clone()),
        }
    }

    fn render(&self) -> String {
        match self {
            Self::NotLookedAt(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                further_sources(
                    &names,
                    "what one of them granted is listed as denied already, and what NEW lets one do is not tried",
                )
            }
            Self::AsInForce(names) if names.is_empty() => String::new(),
            Self::AsInForce(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!(
                    "The further sources {} decide as they are in force: what NEW changes in sources/ is not tried.\n",
                    plain(&names.join(", "))
                )
            }
        }
    }
}

impl ReplayArgs {
    /// Asks a server, as a job: its policies decide whether it may.
    async fn ask_server(&self, environment: Environment) -> Result<ReplayResult, Failure> {
        let path = self.repository.clone().unwrap_or_else(|| PathBuf::from("."));
        let new = super::place::of_checkout(&path, &self.new)?;
        let request = ReplayRequest::of(&new.files, self.since.clone()).map_err(faulty)?;
        let found = self.server.connect(environment)?.replay(&request).await?;
        let in_force = TreeOrigin::of_server(found.revision.clone());
        // The server names its commit alone. Its files are known here if the checkout has that commit.
        let same_files = found.revision.as_ref().is_some_and(|commit| {
            let has_same = |snapshot: TreeSnapshot| self.decides_by(&snapshot.files, &request);
            new.at.is(commit) || super::place::of_checkout(&path, commit.as_str()).is_ok_and(has_same)
        });
        let sources = FurtherHandling::AsInForce(FurtherHandling::of(&[&new]));
        Ok(ReplayResult { found, in_force, new: new.at, same_files, sources })
    }

    /// Reads the store, as an operator: the configuration's ref is in force, wherever the tried revision is from.
    fn by_store(&self, data: &Path, config: &Path) -> Result<ReplayResult, Failure> {
        let at = |repository| PolicyTreeArgs::repository(config.to_owned(), repository);
        at(None).check_names_root()?;
        let (snapshot, catalogue) = at(None).load()?;
        let in_force = recorded(&at(None), &snapshot, data, &catalogue)?;
        let new = at(self.repository.clone()).at(&self.new)?;
        let request = ReplayRequest::of(&new.files, self.since.clone()).map_err(faulty)?;
        let now = SystemClock.now();
        let since = now.minus(request.lookback().map_err(|fault| Failure::new(STATUS_USAGE, fault))?);
        let same_files = self.decides_by(&snapshot.files, &request);
        let candidate = request.candidate(&catalogue, in_force.set(), &SourceName::root(), &[]);
        let reader = Reader::open(data).map_err(faulty)?;
        let mut found = replay_since(&reader, since, Replay::new(&candidate, in_force.set(), now), &catalogue).map_err(faulty)?;
        found.revision = snapshot.at.commit().cloned();
        let sources = FurtherHandling::NotLookedAt(FurtherHandling::of(&[&snapshot, &new]));
        Ok(ReplayResult { found, in_force: snapshot.at, new: new.at, same_files, sources })
    }

    /// Whether these files are the ones by which the request decides.
    fn decides_by(&self, files: &Tree, request: &ReplayRequest) -> bool {
        ReplayRequest::of(files, self.since.clone()).is_ok_and(|same| same == *request)
    }
}

/// The policies that a server has in force at this commit; a faulty or waiting file counts in its older form. If the server did
/// not read the commit yet, the policies as they stand.
fn recorded(at: &PolicyTreeArgs, snapshot: &TreeSnapshot, data: &Path, catalogue: &Catalogue) -> Result<Ruleset, Failure> {
    match last_in_force(data) {
        Ok((commit, forms)) if snapshot.at.is(&commit) => {
            recorded_policies(&at.own_source()?, &commit, &forms, catalogue).map_err(faulty)
        }
        Ok(_) | Err(_) => Ok(Ruleset::load(&snapshot.files, catalogue, None).0),
    }
}

fn faulty(fault: impl std::fmt::Display) -> Failure {
    Failure::new(STATUS_CONFIGURATION, fault)
}

fn render(found: &Findings, since: &str) -> String {
    let mut text = String::new();
    for fault in &found.faults {
        let _ = writeln!(text, "FAULTY   {}:{} {}", plain(&fault.file), fault.line, plain(&fault.message));
    }
    if let Some(left_out) = found.faults_left_out {
        let _ = writeln!(text, "         {left_out}");
    }
    for lost in &found.grants {
        render_grant(&mut text, lost);
    }
    let _ = writeln!(text, "{} decisions of the last {since}: {} would have been denied.", found.decisions, found.denied);
    text + &left_out(found)
}

/// The decisions that were left out, and the uses that are not listed.
pub(super) fn left_out(found: &Findings) -> String {
    let mut text = String::new();
    for (count, phrase) in [
        (found.uses_more, "more uses would have been denied, of grants that are not listed."),
        (found.claims_pruned, "decisions were left out: their claims are pruned, and a line looks at claims."),
        (found.unreadable, "decisions were left out: their records cannot be read."),
    ] {
        if count != 0 {
            let _ = writeln!(text, "{count} {phrase}");
        }
    }
    if let Some(at) = &found.cut_off_at {
        let _ = writeln!(text, "There are more decisions than one replay reads: nothing up to {} was looked at.", plain(at));
    }
    text
}

/// How often it was used, when last, and by whom.
pub(super) fn used(times: u64, last: &Lost) -> String {
    let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
    let by = [("", &last.last_repository), ("run ", &last.last_run)];
    let by: Vec<String> = by.iter().filter_map(|(label, by)| Some(format!("{label}{}", by.as_ref()?))).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
    format!("used {times}, last {}{}", plain(&last.last_at), plain(&by))
}

fn render_grant(text: &mut String, lost: &Lost) {
    let denies = if lost.denied_already { "DENIED ALREADY" } else { "DENIES  " };
    let (credential, policy) = (plain(&lost.credential), &lost.policy);
    let _ = writeln!(text, "{denies} {credential}   {policy}: {}", used(lost.times, lost));
    let _ = writeln!(text, "  {}", plain(&lost.because));
    for line in lost.near_miss.iter().flat_map(|miss| &miss.lines) {
        let saw = plain(line.saw.as_deref().unwrap_or("nothing"));
        let _ = writeln!(text, "  {}   {}   saw {saw}", plain(&line.at), plain(&line.says));
    }
}
