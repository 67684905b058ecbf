//! `daypass policy explain`: why somebody is allowed or denied, in the order in which the server decides.

mod asked;
mod decision;
mod token;

use super::access::not_there;
use super::of_source::{ReadSource, SourceArgs};
use super::operators::denials as operators_denials;
use super::place::{NOBODY_CAN_TELL, TreeOrigin, TreeSnapshot};
use crate::cli::examples::examples;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_DENIED, STATUS_USAGE, note};
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::{Explanation, Ruleset, explain};
use crate::words::yaml::{Fault, Severity};
use crate::words::{Clock, Denial, IdSuffix, SystemClock, plain};
use asked::AskedArgs;
use clap::Args;
use serde::Serialize;
use serde_json::json;
pub(super) use token::{DescribedToken, TokenArgs};

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass policy explain --decision 4f2a9c1d --config daypass.yaml",
    "daypass policy explain --claims shop-push.json --aws --config daypass.yaml",
    "daypass policy explain --claims me.json --secret \"shop/db.yaml#/password\" --config daypass.yaml",
]))]
pub(in crate::cli) struct ExplainArgs {
    #[command(flatten)]
    of: SourceArgs,
    /// A decision of the server on this machine, by its id or the end of it: shows its records, what speaks against it, and the
    /// lines that did not match.
    #[arg(long, value_name = "ID", value_parser = IdSuffix::parse, conflicts_with_all = ["source", "repository", "folder", "issuer", "claims", "claim", "asked"])]
    decision: Option<IdSuffix>,
    #[command(flatten)]
    token: TokenArgs,
    #[command(flatten)]
    asked: AskedArgs,
}

/// Ends with 77 if it is denied.
pub(super) async fn run(arguments: &ExplainArgs, json: bool) -> Result<u8, Failure> {
    if let Some(decision) = &arguments.decision {
        return decision::run(arguments.of.at.config_file(), decision, json).await;
    }
    let progress = Progress::of("reading the policies");
    let read = arguments.of.load()?;
    drop(progress);
    let token = DescribedToken::read(&arguments.token, &arguments.of)?;
    let target = arguments.asked.target().map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    token.undocumented().for_each(note);
    match token.facts() {
        Ok(facts) => Ok(print(arguments, &read, &token, (&facts, &target), json)),
        Err(denial) => Ok(print_refused(&read.snapshot, &denial, &target, json)),
    }
}

/// An explanation, and what was looked at for it.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    explanation: &'a Explanation,
    looked_at: &'a TreeOrigin,
    operators_denials_unknown: Option<&'a str>,
    faults: &'a [Fault],
    further_sources_not_looked_at: Vec<&'a str>,
    max_stale_looked_at: bool,
    held_back: Option<&'a str>,
    root_guardrails_looked_at: bool,
    guardrails_unreadable: bool,
    /// Always null here: a refused token has another answer.
    token_refused: (),
    claims_not_documented: &'a [String],
    not_there: Option<String>,
}

/// A token that the server refuses, whatever its policies say.
fn print_refused(snapshot: &TreeSnapshot, denial: &Denial, target: &Target, json: bool) -> u8 {
    let (code, cause) = (denial.reason.code(), plain(&denial.cause));
    if json {
        print::json(&json!({
            "wanted": target.to_string(), "allowed_by": null, "denied_because": denial.cause,
            "token_refused": { "code": code, "cause": denial.cause }, "looked_at": snapshot.at,
        }));
    } else {
        anstream::println!(
            "REFUSED  {}: the server refuses the token with `{code}` before it looks at any policy: {cause}\n\nLooked at: {}",
            plain(&target.to_string()),
            snapshot.at
        );
    }
    STATUS_DENIED
}

fn print(
    arguments: &ExplainArgs,
    read: &ReadSource,
    token: &DescribedToken,
    (facts, target): (&Facts, &Target),
    json: bool,
) -> u8 {
    let (snapshot, at, now) = (&read.snapshot, &arguments.of.at, SystemClock.now());
    let (ruleset, mut faults) = read.in_force();
    faults.retain(|fault| fault.severity == Severity::Error);
    let explanation = explain(ruleset.set(), facts, target, now);
    let (explanation, unknown) = match operators_denials(at, now) {
        Ok(denials) => (explanation.under(&denials, facts, now), None),
        Err(why) => (explanation, Some(why.to_string())),
    };
    let pending = at.pending_note(snapshot);
    let of_root = read.definition.is_none();
    if json {
        print::json(&json!(Explained {
            explanation: &explanation,
            looked_at: &snapshot.at,
            operators_denials_unknown: unknown.as_deref(),
            faults: &faults,
            further_sources_not_looked_at: snapshot.further_sources(),
            max_stale_looked_at: false,
            held_back: pending.as_deref(),
            root_guardrails_looked_at: of_root,
            guardrails_unreadable: ruleset.has_faulty_guardrails(),
            token_refused: (),
            claims_not_documented: &token.not_documented,
            not_there: not_there(read, target),
        }));
    } else {
        let absent = not_there(read, target).map(|why| format!("It could not be given anyway: {why}\n")).unwrap_or_default();
        let pending = pending.map(|note| format!("{note}\n")).unwrap_or_default();
        anstream::print!("{}{absent}{pending}", render(&explanation, read, (&ruleset, &faults), unknown.as_deref()));
    }
    match explanation.allowed_by.is_some() {
        _ if ruleset.has_faulty_guardrails() => STATUS_CONFIGURATION,
        true => 0,
        false => STATUS_DENIED,
    }
}

fn render(
    explanation: &Explanation,
    read: &ReadSource,
    (ruleset, faults): (&Ruleset, &[Fault]),
    unknown: Option<&str>,
) -> String {
    let text = explanation.to_string();
    let (verdict, rest) = text.split_at(text.find(' ').unwrap_or_default());
    let (snapshot, mut output) =
        (&read.snapshot, format!("{}{rest}\n", print::verdict(verdict, explanation.allowed_by.is_some())));
    if ruleset.has_faulty_guardrails() {
        output = format!("{NOBODY_CAN_TELL}\n");
    }
    if let Some(why) = unknown {
        output.push_str(&format!("Operators' denials are not looked at, and may deny it all the same: {}\n", plain(why)));
    }
    output.push_str(&snapshot.not_looked_at(ruleset, faults));
    output.push_str(&read.root_not_looked_at());
    if explanation.allowed_by.is_some() {
        output.push_str(
            "The server grants it only if its last read of the repository is within `max_stale`, which is not looked at here: \
             see `daypass status`.\n",
        );
    }
    format!("{output}Looked at: {}\n", snapshot.at)
}
