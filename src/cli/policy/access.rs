//! `daypass policy diff` and, below, `who-can`: what policies permit, before a merge and today.

mod denials;
mod files;
mod listing;
mod usage;
mod what_can;
mod who_can;

pub(in crate::cli) use what_can::{WhatCanArgs, what_can};
pub(in crate::cli) use who_can::{WhoCanArgs, who_can};

use super::place::{Where, further_sources};
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::cli::{Output, print};
use crate::client::Failure;
use crate::client::environment::Environment;
use crate::policy::{Catalogue, Change, Direction, Loaded, Ruleset, Tree, Widening, changes};
use crate::secrets::reader_changes;
use crate::words::yaml::{Fault, Severity};
use crate::words::{Clock, Gain, SystemClock, Widened, plain};
use clap::{Args, ValueEnum};
use denials::Denials;
use listing::{listing, owners};
use serde_json::json;
use std::collections::BTreeSet;
use usage::UsageArgs;

/// The status of `diff --fail-on widen` when access widens.
const STATUS_WIDENS: u8 = 2;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass policy diff origin/main...HEAD --config daypass.yaml --repository .",
    "daypass policy diff origin/main...HEAD --config daypass.yaml --repository . --fail-on widen",
    "daypass policy diff v1..v2 --config daypass.yaml --output markdown",
]))]
pub(in crate::cli) struct DiffArgs {
    /// OLD...NEW: what NEW changes since it left OLD; OLD..NEW: the two themselves.
    range: String,
    #[command(flatten)]
    at: Where,
    /// End with status 2 when somebody gains access.
    #[arg(long)]
    fail_on: Option<FailOn>,
    #[command(flatten)]
    usage: UsageArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum FailOn {
    Widen,
}

/// Who gains, who loses.
pub(super) async fn diff(arguments: &DiffArgs, environment: Environment, output: Output) -> Result<u8, Failure> {
    arguments.at.refuse_folder()?;
    let progress = Progress::of("comparing the policies");
    let catalogue = arguments.at.catalogue()?;
    let (old_seen, new_seen) = arguments.at.range(&arguments.range)?;
    let (old_tree, new_tree) = (&old_seen.files, &new_seen.files);
    let (old, _) = Ruleset::load(old_tree, &catalogue, None);
    // As the server would take it: a faulty file keeps the form that it had.
    let Loaded { ruleset: new, mut faults, held } = Ruleset::load_with(new_tree, &catalogue, Some(&old), Widening::GoesLive, &[]);
    faults.extend(new_seen.left_out());
    let found = changes((&old, old_tree), (&new, new_tree), &catalogue, SystemClock.now());
    let readers = reader_changes(old_tree, new_tree);
    let mut files = files::widened(&arguments.at, &old_seen, &new_seen)?;
    // The server holds it until the guardrails can be read. The commit that mends them does not change this file, so no later diff
    // would tell it.
    let waits = |file: &String| Widened::new(file, Gain::Policy, "may widen as soon as the guardrails can be read");
    files.extend(held.iter().map(waits));
    files.extend(unloaded(&faults, old_tree, new_tree));
    let denials = Denials::between(&old, &new);
    let waits_alone = waiting(&old, new_tree, &catalogue, &found);
    let usage = arguments.usage.look(&arguments.at, (&old, &old_seen), &new_seen, environment).await?;
    let (usage, used) = (usage.as_ref(), usage.as_ref().map(|usage| usage.told(&found)).unwrap_or_default());
    drop(progress);
    let widens = found.iter().any(|change| change.direction == Direction::Widens)
        || readers.iter().any(|change| change.gains)
        || !files.is_empty();
    let compared = format!("Compared: {}\n    with: {}", old_seen.at, new_seen.at);
    let further: BTreeSet<&str> = old_seen.further_sources().into_iter().chain(new_seen.further_sources()).collect();
    let further: Vec<&str> = further.into_iter().collect();
    let unknown = further_sources(&further, "of theirs nothing is compared, and what they grant may still stand or be new");
    match output {
        Output::Json => {
            let mut told = json!({
                "old": old_seen.at, "new": new_seen.at,
                "widens": widens, "changes": found, "recipients": readers, "files": files, "faults": faults, "guardrails": denials,
                "further_sources_not_looked_at": further, "waits_where_held": waits_alone,
            });
            if let Some((changes, whole)) = usage.map(|usage| usage.json(&found)) {
                (told["changes"], told["usage"]) = (changes.into(), whole);
            }
            print::json(&told);
        }
        Output::Markdown => {
            anstream::print!(
                "```\n{compared}\n{}{used}{}{}{}{unknown}```\n",
                listing(&found, &readers, &files, usage, false),
                denials.listing(),
                told_of_waiting(&waits_alone),
                owners(&found)
            );
        }
        Output::Text => {
            faults.iter().for_each(|fault| anstream::println!("{}\n", fault.coloured()));
            let waits = denials.listing() + &told_of_waiting(&waits_alone);
            let listed = listing(&found, &readers, &files, usage, true);
            anstream::print!("{compared}\n{listed}{used}{waits}{}{unknown}", owners(&found));
        }
    }
    Ok(if widens && arguments.fail_on == Some(FailOn::Widen) { STATUS_WIDENS } else { 0 })
}

/// Policies that wait where widening is held, although nobody gains by the two commits: under another name a policy is another one, and
/// until somebody confirms it nobody has what it grants.
fn waiting(old: &Ruleset, new: &Tree, catalogue: &Catalogue, found: &[Change]) -> Vec<String> {
    let Loaded { held, .. } = Ruleset::load_with(new, catalogue, Some(old), Widening::Waits, &[]);
    let is_told = |file: &String| found.iter().any(|change| change.at.starts_with(&format!("{file}:")));
    held.into_iter().filter(|file| file.starts_with("policies/") && !is_told(file)).collect()
}

fn told_of_waiting(files: &[String]) -> String {
    let one = |file: &String| {
        format!(
            "{}: where `rollout` holds what widens, this waits, and nobody has by it what it grants before `daypass confirm`.\n",
            plain(file)
        )
    };
    files.iter().map(one).collect()
}

/// Changed policies that do not load by this configuration: by the server's they may, and then nobody was told.
fn unloaded(faults: &[Fault], old: &Tree, new: &Tree) -> BTreeSet<Widened> {
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).map(|fault| &*fault.file);
    let changed = errors.filter(|file| file.starts_with("policies/") && old.get(*file) != new.get(*file));
    changed.map(|file| Widened::new(file, Gain::Policy, "does not load here, so nobody can tell whether it widens")).collect()
}
