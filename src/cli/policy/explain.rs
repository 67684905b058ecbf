//! `daypass policy explain`: why somebody is allowed or denied, in the order in which the server decides.

mod asked;
mod decision;
mod token;

use super::access::not_there;
use super::of_source::{OfSource, Read};
use super::operators::denials as operators_denials;
use super::place::{At, NOBODY_CAN_TELL, Seen};
use crate::cli::examples::examples;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_DENIED, STATUS_USAGE};
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::{Explanation, Ruleset, explain};
use crate::words::yaml::{Fault, Severity};
use crate::words::{Clock, Denial, IdSuffix, SystemClock, plain};
use asked::AskedArgs;
use clap::Args;
use serde::Serialize;
use serde_json::json;
pub(super) use token::{TokenArgs, Told};

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass policy explain --decision 4f2a9c1d --config daypass.yaml",
    "daypass policy explain --claims shop-push.json --aws --config daypass.yaml",
    "daypass policy explain --claims me.json --secret \"shop/db.yaml#/password\" --config daypass.yaml",
]))]
pub(in crate::cli) struct ExplainArgs {
    #[command(flatten)]
    of: OfSource,
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
    let token = Told::read(&arguments.token, &arguments.of)?;
    let wanted = arguments.asked.target().map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    token.undocumented().for_each(|note| anstream::eprintln!("{note}"));
    match token.facts() {
        Ok(facts) => Ok(tell(arguments, &read, &token, (&facts, &wanted), json)),
        Err(denial) => Ok(tell_refused(&read.seen, &denial, &wanted, json)),
    }
}

/// An explanation, and what was looked at for it.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    explanation: &'a Explanation,
    looked_at: &'a At,
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
fn tell_refused(seen: &Seen, denial: &Denial, wanted: &Target, json: bool) -> u8 {
    let (code, cause) = (denial.reason.code(), plain(&denial.cause));
    if json {
        print::json(&json!({
            "wanted": wanted.to_string(), "allowed_by": null, "denied_because": denial.cause,
            "token_refused": { "code": code, "cause": denial.cause }, "looked_at": seen.at,
        }));
    } else {
        anstream::println!(
            "REFUSED  {wanted}: the server refuses the token with `{code}` before it looks at any policy: {cause}\n\nLooked at: {}",
            seen.at
        );
    }
    STATUS_DENIED
}

fn tell(arguments: &ExplainArgs, read: &Read, token: &Told, (facts, wanted): (&Facts, &Target), json: bool) -> u8 {
    let (seen, at, now) = (&read.seen, &arguments.of.at, SystemClock.now());
    let (ruleset, mut faults) = read.in_force();
    faults.retain(|fault| fault.severity == Severity::Error);
    let explanation = explain(ruleset.set(), facts, wanted, now);
    let (explanation, unknown) = match operators_denials(at, now) {
        Ok(denials) => (explanation.under(&denials, facts, now), None),
        Err(why) => (explanation, Some(why.to_string())),
    };
    let held = at.held_back(seen);
    let of_root = read.definition.is_none();
    if json {
        print::json(&json!(Explained {
            explanation: &explanation,
            looked_at: &seen.at,
            operators_denials_unknown: unknown.as_deref(),
            faults: &faults,
            further_sources_not_looked_at: seen.further_sources(),
            max_stale_looked_at: false,
            held_back: held.as_deref(),
            root_guardrails_looked_at: of_root,
            guardrails_unreadable: ruleset.has_faulty_guardrails(),
            token_refused: (),
            claims_not_documented: &token.not_documented,
            not_there: not_there(read, wanted),
        }));
    } else {
        let absent = not_there(read, wanted).map(|why| format!("It could not be given anyway: {why}\n")).unwrap_or_default();
        let held = held.map(|held| format!("{held}\n")).unwrap_or_default();
        anstream::print!("{}{absent}{held}", told(&explanation, read, (&ruleset, &faults), unknown.as_deref()));
    }
    match explanation.allowed_by.is_some() {
        _ if ruleset.has_faulty_guardrails() => STATUS_CONFIGURATION,
        true => 0,
        false => STATUS_DENIED,
    }
}

fn told(explanation: &Explanation, read: &Read, (ruleset, faults): (&Ruleset, &[Fault]), unknown: Option<&str>) -> String {
    let text = explanation.to_string();
    let (verdict, rest) = text.split_at(text.find(' ').unwrap_or_default());
    let (seen, mut told) = (&read.seen, format!("{}{rest}\n", print::verdict(verdict, explanation.allowed_by.is_some())));
    if ruleset.has_faulty_guardrails() {
        told = format!("{NOBODY_CAN_TELL}\n");
    }
    if let Some(why) = unknown {
        told.push_str(&format!("Operators' denials are not looked at, and may deny it all the same: {}\n", plain(why)));
    }
    told.push_str(&seen.not_looked_at(ruleset, faults));
    told.push_str(&read.root_not_looked_at());
    if explanation.allowed_by.is_some() {
        told.push_str(
            "The server grants it only if its last read of the repository is within `max_stale`, which is not looked at here: \
             see `daypass status`.\n",
        );
    }
    format!("{told}Looked at: {}\n", seen.at)
}
