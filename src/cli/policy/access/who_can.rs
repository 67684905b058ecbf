//! `daypass policy who-can`: everybody who can reach a credential, each with an example.

use crate::cli::examples::examples;
use crate::cli::policy::of_source::{OfSource, Read};
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_DENIED, STATUS_USAGE};
use crate::kind::{InTree, Target};
use crate::policy::{Reach, Tree, missing};
use crate::secrets::{Seen as Look, look};
use crate::words::yaml::{Severity, one_line};
use crate::words::{Clock, SystemClock, plain};
use anstyle::{Reset, Style};
use clap::Args;
use serde_json::json;

#[derive(Args, Debug)]
#[command(after_help = help())]
pub(in crate::cli) struct WhoCanArgs {
    /// A role's ARN, a secret such as shop/db.yaml#/password, the audience of a token (https://…), or a kind's word and what is asked for of it: see the examples.
    grant: String,
    #[command(flatten)]
    of: OfSource,
}

/// Examples, and each kind by its word.
fn help() -> String {
    let examples = examples(&[
        "daypass policy who-can \"shop/production/db.yaml#/password\" --config daypass.yaml",
        "daypass policy who-can arn:aws:iam::123456789012:role/shop-deploy --config daypass.yaml",
        "daypass policy who-can \"github acme/shop contents=write\" --config daypass.yaml",
    ]);
    let kinds = Target::examples().map(|(word, example)| format!("  {word} {example}\n")).collect::<String>();
    let service = "  token_exchange SERVICE?NAME=VALUE&NAME=VALUE   (all fields that policies set)";
    format!("{examples}\n\nWhat can be asked for; the first word can be left out where no other kind is meant:\n{kinds}{service}")
}

/// Who can reach it today. An answer about what is not there would only seem to be one.
pub(in crate::cli) fn who_can(arguments: &WhoCanArgs, json: bool) -> Result<u8, Failure> {
    let wanted = Target::guess(&arguments.grant).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    if let Some(lacks) = wanted.left_open() {
        return Err(Failure::new(STATUS_USAGE, lacks));
    }
    let progress = Progress::of("looking through the policies");
    let read = arguments.of.load()?;
    if let Some(why) = not_there(&read, &wanted) {
        return Err(Failure::new(STATUS_USAGE, why));
    }
    let seen = &read.seen;
    let (ruleset, mut faults) = read.in_force();
    faults.extend(seen.left_out());
    faults.retain(|fault| fault.severity == Severity::Error);
    let reached = crate::policy::who_can(&ruleset, &read.catalogue, &wanted, SystemClock.now());
    let held = arguments.of.at.held_back(seen);
    drop(progress);
    if json {
        print::json(&json!({
            "grant": wanted.to_string(), "reached_by": reached, "looked_at": seen.at, "faults": faults,
            "further_sources_not_looked_at": seen.further_sources(), "root_guardrails_looked_at": read.definition.is_none(),
            "guardrails_unreadable": ruleset.has_faulty_guardrails(), "held_back": held,
        }));
    } else {
        if reached.is_empty() {
            anstream::println!("Nobody can reach {wanted} by what is looked at.");
        } else {
            anstream::println!("{wanted} can be reached by");
            reached.iter().for_each(print_reach);
        }
        let unknown = seen.not_looked_at(&ruleset, &faults) + &read.root_not_looked_at();
        let held = held.map(|held| format!("{held}\n")).unwrap_or_default();
        anstream::print!("{unknown}{held}Looked at: {}\n", seen.at);
    }
    Ok(if reached.is_empty() { STATUS_DENIED } else { 0 })
}

/// Why nobody could have it, whatever policies say: there is no such file, or no such value in it.
fn not_there(read: &Read, wanted: &Target) -> Option<String> {
    let (seen, files) = (&read.seen, read.files_as_named());
    let kind = if matches!(wanted.in_tree(), Some(InTree::TransitKey(_))) { "transit key" } else { "secret" };
    let Some(file) = missing(&files, wanted) else { return no_value(read, &files, wanted) };
    let below = |source: &&str| file.split('/').nth(1) == Some(*source);
    let elsewhere = seen.further_sources().into_iter().find(below).map(|source| {
        format!(". What is below {source}/ is in the repository of the source {source}: ask there by the same name: --repository of that one, and --source sources/{source}.yaml of this one")
    });
    let left_out =
        seen.left_out().find(|fault| *fault.file == *file).map(|fault| format!(", for it was left out: {}", fault.message));
    let more = left_out.or(elsewhere).unwrap_or_default();
    Some(format!("there is no such {kind}: {} has no {file}{}", seen.at, plain(&more)))
}

fn no_value(read: &Read, files: &Tree, wanted: &Target) -> Option<String> {
    let (Some(InTree::Document(path)), Some(pointer)) = (wanted.in_tree(), wanted.pointer()) else { return None };
    let file = format!("secrets/{path}");
    let has = match look(path, files.get(&file)?) {
        Ok(Look::Sops(sops)) => sops.has(pointer),
        Ok(Look::Age(_)) => false,
        // Whether it will have it once it is encrypted, nobody can tell.
        Ok(Look::Plain) | Err(_) => return None,
    };
    (!has).then(|| format!("there is no such secret: in {} {file} has no value at {}", read.seen.at, plain(pointer)))
}

fn print_reach(reach: &Reach) {
    let dimmed = Style::new().dimmed();
    let part = reach.part.as_deref().map(|part| format!("   {} alone", plain(part))).unwrap_or_default();
    let by = reach.by.as_deref().map(|by| format!("   by {}", plain(by))).unwrap_or_default();
    anstream::println!("  {} {}   {}{part}{by}", reach.issuer, plain(&reach.who), plain(&reach.at));
    anstream::println!("    {dimmed}for example {}{Reset}", plain(&one_line(&reach.example)));
}
