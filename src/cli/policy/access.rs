//! `daypass policy diff` and, in modules, `who-can` and `what-can`: what policies permit, before a merge and today.

mod denials;
mod files;
mod listing;
mod revisions;
mod there;
mod usage;
mod what_can;
mod who_can;

pub(super) use there::not_there;
pub(in crate::cli) use what_can::{WhatCanArgs, what_can};
pub(in crate::cli) use who_can::{WhoCanArgs, who_can};

use super::of_source::SourceArgs;
use super::place::{PolicyTreeArgs, TreeOrigin, TreeSnapshot, further_sources};
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::cli::{Output, print};
use crate::client::Failure;
use crate::client::environment::Environment;
use crate::policy::{
    Catalogue, Change, Direction, GUARDRAILS_FILE, Loaded, Ruleset, Tree, Widening, changes, is_policy, rows_file,
};
use crate::secrets::{ReaderChange, reader_changes};
use crate::words::yaml::{Fault, Node, Severity};
use crate::words::{Clock, Gain, SystemClock, WidenedFile, plain};
use clap::{Args, ValueEnum};
use denials::Denials;
use listing::{listing, owners};
use revisions::Revisions;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use usage::{UsageArgs, UsageReport, UsedChange};

/// The status of `diff --fail-on widen` when access widens.
const STATUS_WIDENS: u8 = 2;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass policy diff origin/main...HEAD --config daypass.yaml --repository .",
    "daypass policy diff origin/main...HEAD --config daypass.yaml --repository . --fail-on widen",
    "daypass policy diff v1..v2 --config daypass.yaml --output markdown",
]))]
pub(in crate::cli) struct DiffArgs {
    /// OLD...NEW compares OLD with the result of merging NEW into it; OLD..NEW compares the two themselves.
    range: String,
    #[command(flatten)]
    of: SourceArgs,
    /// End with status 2 if somebody gains access.
    #[arg(long)]
    fail_on: Option<FailOn>,
    #[command(flatten)]
    usage: UsageArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum FailOn {
    Widen,
}

/// The comparison for machines.
#[derive(Serialize)]
struct DiffReport<'a> {
    old: &'a TreeOrigin,
    new: &'a TreeOrigin,
    widens: bool,
    changes: Changes<'a>,
    recipients: &'a [ReaderChange],
    files: &'a [WidenedFile],
    faults: &'a [Fault],
    guardrails: &'a Denials,
    further_sources_not_looked_at: &'a [&'a str],
    waits_where_held: &'a [String],
    /// With --usage.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageReport<'a>>,
}

/// The changes, and how often each was used if somebody asked for that.
#[derive(Serialize)]
#[serde(untagged)]
enum Changes<'a> {
    Alone(&'a [Change]),
    Used(Vec<UsedChange<'a>>),
}

/// Prints who gains and who loses access.
pub(super) async fn diff(arguments: &DiffArgs, environment: Environment, output: Output) -> Result<u8, Failure> {
    let at = &arguments.of.at;
    at.refuse_folder()?;
    let progress = Progress::of("comparing the policies");
    let catalogue = at.catalogue()?;
    let compared = Revisions::read(&arguments.of, &arguments.range, &catalogue)?;
    let Revisions { old, new, faults, .. } = &compared;
    let (old_tree, new_tree, now) = (&old.snapshot.files, &new.snapshot.files, SystemClock.now());
    let found = changes(old.side(), new.side(), &catalogue, now);
    let readers = reader_changes(old_tree, new_tree);
    let denials = Denials::between(old.side().0, new.side().0);
    let files = widened(at, &compared, &denials, &catalogue)?;
    let waits_alone = waiting(&compared, &catalogue, &found);
    let usage = arguments.usage.find(at, (&old.own, &old.snapshot), &new.snapshot, environment).await?;
    let (usage, used) = (usage.as_ref(), usage.as_ref().map(|usage| usage.render(&found)).unwrap_or_default());
    drop(progress);
    let widens = found.iter().any(|change| change.direction == Direction::Widens)
        || readers.iter().any(|change| change.gains)
        || !files.is_empty();
    let comparison = comparison(&old.snapshot, &new.snapshot);
    let further = compared.further_sources();
    let unknown = further_sources(&further, "their policies are not compared, and what they grant may be unchanged or new");
    match output {
        Output::Json => {
            let changes = match usage {
                Some(usage) => Changes::Used(usage.of_changes(&found)),
                None => Changes::Alone(&found),
            };
            print::json(&json!(DiffReport {
                old: &old.snapshot.at,
                new: &new.snapshot.at,
                widens,
                changes,
                recipients: &readers,
                files: &files,
                faults,
                guardrails: &denials,
                further_sources_not_looked_at: &further,
                waits_where_held: &waits_alone,
                usage: usage.map(|usage| usage.whole(&found)),
            }));
        }
        Output::Markdown => {
            anstream::print!(
                "```\n{comparison}\n{}{used}{}{}{}{unknown}```\n",
                listing(&found, &readers, &files, usage, false),
                denials.listing(),
                render_waiting(&waits_alone),
                owners(&found)
            );
        }
        Output::Text => {
            faults.iter().for_each(|fault| anstream::println!("{}\n", fault.coloured()));
            let waits = denials.listing() + &render_waiting(&waits_alone);
            let listed = listing(&found, &readers, &files, usage, true);
            anstream::print!("{comparison}\n{listed}{used}{waits}{}{unknown}", owners(&found));
        }
    }
    Ok(if widens && arguments.fail_on == Some(FailOn::Widen) { STATUS_WIDENS } else { 0 })
}

/// Policies that wait if widening is held, although nobody gains between the two commits: a renamed policy counts as a new one,
/// and until somebody confirms it nobody has what it grants.
fn waiting(compared: &Revisions, catalogue: &Catalogue, found: &[Change]) -> Vec<String> {
    let Revisions { old, new, bounds, .. } = compared;
    let Loaded { pending, .. } = Ruleset::load_with(&new.snapshot.files, catalogue, Some(&old.own), Widening::Waits, bounds);
    let is_listed = |file: &String| found.iter().any(|change| change.at.starts_with(&format!("{file}:")));
    pending.into_iter().filter(|file| file.starts_with("policies/") && !is_listed(file)).collect()
}

/// The files by which somebody gains access, or may gain it, although no change of the compared policies shows it.
fn widened(
    at: &PolicyTreeArgs,
    compared: &Revisions,
    denials: &Denials,
    catalogue: &Catalogue,
) -> Result<Vec<WidenedFile>, Failure> {
    let Revisions { old, new, faults, pending, .. } = compared;
    let (old_tree, new_tree) = (&old.snapshot.files, &new.snapshot.files);
    let mut found = files::widened(at, &old.snapshot, &new.snapshot, new.own.opens_past())?;
    found.extend(files::sources(old_tree, new_tree, at.server_files().as_ref(), catalogue));
    found.extend(files::values(old_tree, new_tree, &new.own, SystemClock.now()));
    if compared.has_unloaded_policies() {
        found.extend(files::with_unloaded(old_tree, new_tree));
    }
    found.extend(files::unmerged(&compared.changed_by_both));
    // The server holds the file until the guardrails can be read. The commit that repairs them does not change this file, so no
    // later diff would report it.
    let waits = |file: &String| WidenedFile::new(file, Gain::Policy, "may widen as soon as the guardrails can be read");
    found.extend(pending.iter().map(waits));
    found.extend(unloaded(faults, old_tree, new_tree));
    if let Some(why) = compared.unseen_gainers().filter(|_| denials.are_fewer()) {
        found.push(WidenedFile::new(
            GUARDRAILS_FILE,
            Gain::Guardrail,
            format!("denies less, and nobody can tell here who gains: {why}"),
        ));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Names the two revisions, and says if they have the same files: that would otherwise look like a change by which nobody gains.
fn comparison(old: &TreeSnapshot, new: &TreeSnapshot) -> String {
    let same = if old.files == new.files {
        "\nBoth have the same files: --repository names the checkout that has the change."
    } else {
        ""
    };
    format!("Compared: {}\n    with: {}{same}", old.at, new.at)
}

fn render_waiting(files: &[String]) -> String {
    let one = |file: &String| {
        format!("{}: if `rollout` holds what widens, this waits, and it grants nothing before `daypass confirm`.\n", plain(file))
    };
    files.iter().map(one).collect()
}

/// Changed policies, or policies with changed rows, that do not load with this configuration: with the server's they may load,
/// and nobody would be told. If a policy is no YAML, any file may be its rows.
fn unloaded(faults: &[Fault], old: &Tree, new: &Tree) -> BTreeSet<WidenedFile> {
    let changed = |file: &str| old.get(file) != new.get(file);
    let rows_changed = |file: &str| match new.get(file).map(|bytes| Node::parse(file, bytes)) {
        Some(Ok(policy)) => rows_file(&policy).is_some_and(|rows| changed(&rows)),
        _ => old != new,
    };
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).map(|fault| fault.file.exact());
    let policies = errors.filter(|file| is_policy(file) && (changed(file) || rows_changed(file)));
    policies
        .map(|file| WidenedFile::new(file, Gain::Policy, "does not load here, so nobody can tell whether it widens"))
        .collect()
}
