//! `daypass policy diff` and `who-can`: what policies permit, before a merge and today.

use super::place::Where;
use crate::cli::{Output, print};
use crate::client::{Failure, STATUS_DENIED, STATUS_USAGE};
use crate::policy::{Change, Direction, Part, PastSecret, Permission, Reach, Ruleset, TransitUse, Wanted, changes};
use crate::words::names::{Audience, RoleArn, SecretName};
use crate::words::yaml::one_line;
use crate::words::{Clock, SystemClock};
use anstyle::{AnsiColor, Reset, Style};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The status of `diff --fail-on widen` when access widens.
const STATUS_WIDENS: u8 = 2;
/// More credentials than this are counted, not listed.
const CREDENTIALS_SHOWN_MAX: usize = 3;

#[derive(Args, Debug)]
pub(in crate::cli) struct DiffArgs {
    /// OLD...NEW: what NEW changes since it left OLD; OLD..NEW: the two themselves.
    range: String,
    #[command(flatten)]
    at: Where,
    /// End with status 2 when somebody gains access.
    #[arg(long)]
    fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum FailOn {
    Widen,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct WhoCanArgs {
    /// A role's ARN, a secret such as shop/db.yaml#/password, the audience of a token (https://…), or policy.replay.
    grant: String,
    #[command(flatten)]
    at: Where,
}

/// Who gains, who loses.
pub(super) fn diff(arguments: &DiffArgs, output: Output) -> Result<u8, Failure> {
    let catalogue = arguments.at.catalogue()?;
    let (old_tree, new_tree) = arguments.at.range(&arguments.range)?;
    let (old, _) = Ruleset::load(&old_tree, &catalogue, None);
    // As the server would take it: a faulty file keeps the form that it had.
    let (new, faults) = Ruleset::load(&new_tree, &catalogue, Some(&old));
    let found = changes((&old, &old_tree), (&new, &new_tree), &catalogue, SystemClock.now());
    let widens = found.iter().any(|change| change.direction == Direction::Widens);
    match output {
        Output::Json => print::json(&json!({ "widens": widens, "changes": found, "faults": faults })),
        Output::Markdown => anstream::print!("```\n{}```\n{}", listing(&found, false), owners(&found)),
        Output::Text => {
            faults.iter().for_each(|fault| anstream::println!("{fault}\n"));
            anstream::print!("{}{}", listing(&found, true), owners(&found));
        }
    }
    Ok(if widens && arguments.fail_on == Some(FailOn::Widen) { STATUS_WIDENS } else { 0 })
}

fn listing(found: &[Change], coloured: bool) -> String {
    if found.is_empty() {
        return "Nobody gains access, nobody loses it.\n".to_owned();
    }
    let mut text = String::new();
    for change in found {
        let (word, sign, colour) = match change.direction {
            Direction::Widens => ("WIDENS ", '+', AnsiColor::Red),
            Direction::Narrows => ("NARROWS", '-', AnsiColor::Green),
        };
        let style = if coloured { Style::new().bold().fg_color(Some(colour.into())) } else { Style::new() };
        let because = change.because.as_deref().map(|because| format!("   {because}")).unwrap_or_default();
        let _ = writeln!(text, "{style}{word}{style:#} {}   {}{because}", credentials(&change.credentials), change.at);
        for part in &change.parts {
            let _ = writeln!(text, "  {sign} {}", told(part));
        }
    }
    text
}

fn credentials(names: &[String]) -> String {
    if names.len() <= CREDENTIALS_SHOWN_MAX {
        return names.join(", ");
    }
    format!("{} and {} more", names[..CREDENTIALS_SHOWN_MAX].join(", "), names.len() - CREDENTIALS_SHOWN_MAX)
}

fn told(part: &Part) -> String {
    format!("{}   for example {}", part.who, one_line(&part.example))
}

fn owners(found: &[Change]) -> String {
    let owners: BTreeSet<&str> = found.iter().flat_map(|change| change.owners.iter().map(String::as_str)).collect();
    if owners.is_empty() {
        String::new()
    } else {
        format!("Owners to approve: {}\n", owners.into_iter().collect::<Vec<_>>().join(", "))
    }
}

/// Who can reach it today.
pub(super) fn who_can(arguments: &WhoCanArgs, json: bool) -> Result<u8, Failure> {
    let wanted = wanted(&arguments.grant).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    let (tree, catalogue) = arguments.at.load()?;
    let (ruleset, _) = Ruleset::load(&tree, &catalogue, None);
    let reached = crate::policy::who_can(&ruleset, &catalogue, &wanted, SystemClock.now());
    if json {
        print::json(&json!({ "grant": wanted.to_string(), "reached_by": reached }));
    } else if reached.is_empty() {
        anstream::println!("Nobody can reach {wanted}.");
    } else {
        anstream::println!("{wanted} can be reached by");
        reached.iter().for_each(print_reach);
    }
    Ok(if reached.is_empty() { STATUS_DENIED } else { 0 })
}

fn print_reach(reach: &Reach) {
    let dimmed = Style::new().dimmed();
    anstream::println!("  {} {}   {}", reach.issuer, reach.who, reach.at);
    anstream::println!("    {dimmed}for example {}{Reset}", one_line(&reach.example));
}

fn wanted(grant: &str) -> Result<Wanted, String> {
    if grant.starts_with("arn:") {
        return Ok(Wanted::Aws { role: Some(RoleArn::parse(grant)?) });
    }
    if grant.contains("://") {
        return Ok(Wanted::IdToken { audience: Audience::parse(grant)? });
    }
    if let Some(name) = grant.strip_prefix("secret_at ") {
        return PastSecret::of_any_commit(name).map(Wanted::SecretAt);
    }
    if grant.contains(' ') {
        return TransitUse::parse(grant).map(Wanted::Transit);
    }
    if let Ok(permission) = Permission::parse(grant) {
        return Ok(Wanted::Daypass(permission));
    }
    SecretName::parse(grant).map(Wanted::Secret)
}
