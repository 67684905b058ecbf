//! `daypass policy what-can`: everything that one identity can reach.

use crate::cli::examples::examples;
use crate::cli::policy::explain::{DescribedToken, TokenArgs};
use crate::cli::policy::of_source::SourceArgs;
use crate::cli::policy::operators;
use crate::cli::policy::place::NOBODY_CAN_TELL;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_DENIED, note};
use crate::policy::what_can as holdings;
use crate::words::yaml::Severity;
use crate::words::{Clock, SystemClock, plain};
use clap::Args;
use serde_json::json;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass policy what-can --claims shop-push.json --config daypass.yaml",
    "daypass policy what-can --issuer github --claim repository=acme/shop --claim repository_id=456789 --claim ref=refs/heads/main --claim event_name=push --config daypass.yaml",
]))]
pub(in crate::cli) struct WhatCanArgs {
    #[command(flatten)]
    of: SourceArgs,
    #[command(flatten)]
    token: TokenArgs,
}

/// Ends with 77 if that is nothing.
pub(in crate::cli) fn what_can(arguments: &WhatCanArgs, json: bool) -> Result<u8, Failure> {
    let progress = Progress::of("reading the policies");
    let read = arguments.of.load()?;
    drop(progress);
    let token = DescribedToken::read(&arguments.token, &arguments.of)?;
    token.undocumented().for_each(note);
    let refused = |denial: crate::words::Denial| {
        let (code, cause) = (denial.reason.code(), plain(&denial.cause).into_owned());
        Failure::new(STATUS_DENIED, format!("the server refuses the token with `{code}` before it looks at any policy: {cause}"))
    };
    let facts = token.facts().map_err(refused)?;
    let progress = Progress::of("looking through the policies");
    let (snapshot, (ruleset, mut faults)) = (&read.snapshot, read.in_force());
    faults.retain(|fault| fault.severity == Severity::Error);
    let holdings = holdings(&ruleset, &read.files_as_named(), &facts, SystemClock.now());
    let back = arguments.of.at.pending_note(snapshot);
    let operators = operators::summary(&arguments.of.at, SystemClock.now());
    drop(progress);
    if json {
        print::json(&json!({
            "holds": holdings, "looked_at": snapshot.at, "faults": faults, "further_sources_not_looked_at": snapshot.further_sources(),
            "root_guardrails_looked_at": read.definition.is_none(), "guardrails_unreadable": ruleset.has_faulty_guardrails(),
            "held_back": back, "claims_not_documented": token.not_documented, "operators_denials": operators.denials,
        }));
    } else {
        match holdings.is_empty() {
            _ if ruleset.has_faulty_guardrails() => anstream::println!("{NOBODY_CAN_TELL}"),
            true => anstream::println!("It can reach nothing by what is looked at. A missing claim matches no line."),
            false => {}
        }
        holdings.iter().for_each(|one| anstream::println!("{:<60} by {}", plain(&one.credential), one.policy));
        let unknown = snapshot.not_looked_at(&ruleset, &faults) + &read.root_not_looked_at();
        let back = back.map(|back| format!("{back}\n")).unwrap_or_default();
        anstream::print!("{unknown}{}{back}Looked at: {}\n", operators.text, snapshot.at);
    }
    Ok(match holdings.is_empty() {
        _ if ruleset.has_faulty_guardrails() => STATUS_CONFIGURATION,
        true => STATUS_DENIED,
        false => 0,
    })
}
