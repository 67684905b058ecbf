//! `daypass policy`: works on a repository or a folder. Only `replay` and `diff --usage` may ask a server.

mod access;
mod check;
mod explain;
mod import;
mod lock;
mod of_source;
mod operators;
mod place;
mod providers;
mod range;
mod replay;
mod sarif;
mod schema;

use super::{Output, print};
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::policy::Outcome;
use crate::words::plain;
use crate::words::yaml::{Fault, Severity};
use clap::Subcommand;
pub(super) use place::PolicyTreeArgs;
use serde_json::json;

#[derive(Subcommand, Debug)]
pub(super) enum PolicyCommand {
    /// Find every fault of every policy, and lines that load but are risky.
    Check(check::CheckArgs),
    /// Run the policies' own tests and those below tests/.
    #[command(after_help = examples(&[
        "daypass policy test --config daypass.yaml --folder .",
        "daypass policy test --config daypass.yaml --folder . --source ../access/sources/team-a.yaml",
    ]))]
    Test(of_source::SourceArgs),
    /// Say which policy allows, or which line did not match and what it saw.
    Explain(explain::ExplainArgs),
    /// Say who gains and who loses access from one revision to another.
    Diff(access::DiffArgs),
    /// List who can reach a role, a secret or an audience, with an example of each.
    WhoCan(access::WhoCanArgs),
    /// List everything that one identity can reach, with the policy that grants it.
    WhatCan(access::WhatCanArgs),
    /// Say which past grants a revision would have denied.
    Replay(replay::ReplayArgs),
    /// Propose ids for names, from the tokens that were seen, as a patch for `git apply`.
    Lock(lock::LockArgs),
    /// Print the JSON Schema of a file, for editors.
    Schema(schema::SchemaArgs),
    /// Turn trust policies of octo-sts and of IAM roles, and exports of Vault, Google Cloud and Azure, into ours, never wider, with notes on what is narrower.
    Import(import::ImportArgs),
}

impl PolicyCommand {
    /// Whether the command has a Markdown form, for a comment on a pull request.
    pub(super) const fn has_markdown(&self) -> bool {
        matches!(self, Self::Diff(_) | Self::Replay(_))
    }
}

/// Runs one of them.
pub(super) async fn run(command: &PolicyCommand, environment: Environment, output: Output) -> Result<u8, Failure> {
    let json = output == Output::Json;
    match command {
        PolicyCommand::Diff(arguments) => access::diff(arguments, environment, output).await,
        PolicyCommand::WhoCan(arguments) => access::who_can(arguments, json),
        PolicyCommand::WhatCan(arguments) => access::what_can(arguments, json),
        PolicyCommand::Replay(arguments) => replay::run(arguments, environment, output).await,
        PolicyCommand::Lock(arguments) => lock::run(arguments, output),
        PolicyCommand::Schema(arguments) => Ok(schema::run(arguments)),
        PolicyCommand::Import(arguments) => import::run(arguments, output),
        PolicyCommand::Check(arguments) => check::run(arguments, output),
        PolicyCommand::Test(of) => test(of, json),
        PolicyCommand::Explain(arguments) => explain::run(arguments, json).await,
    }
}

fn test(of: &of_source::SourceArgs, json: bool) -> Result<u8, Failure> {
    let progress = Progress::of("running the policies' tests");
    let read = of.load()?;
    let (files, at) = (&read.snapshot.files, &read.snapshot.at);
    let (ruleset, faults) = read.tested();
    let (outcomes, more) = ruleset.test(files, &read.catalogue);
    drop(progress);
    let failed = outcomes.iter().filter(|outcome| !outcome.holds).count();
    let faults = faults.iter().chain(&more);
    let errors: Vec<&Fault> = faults.filter(|fault| fault.severity == Severity::Error).collect();
    if json {
        print::json(&json!({ "outcomes": outcomes, "failed": failed, "findings": errors, "looked_at": at }));
    } else {
        // A test that fails has a line of its own below.
        let others = errors.iter().filter(|fault| fault.code != "test_failed");
        others.for_each(|fault| anstream::println!("{}\n", fault.coloured()));
        outcomes.iter().for_each(print_outcome);
        anstream::println!("{} passed, {failed} failed", outcomes.len() - failed);
        anstream::println!("Looked at: {at}");
    }
    Ok(if failed == 0 && errors.is_empty() { 0 } else { STATUS_CONFIGURATION })
}

fn print_outcome(outcome: &Outcome) {
    let (word, why) = if outcome.holds {
        ("ok", String::new())
    } else {
        ("FAILED", format!(": {}", plain(outcome.why.as_deref().unwrap_or_default())))
    };
    let word = print::verdict(&format!("{word:<7}"), outcome.holds);
    anstream::println!("{word} {:<36} {}{why}", plain(&outcome.at), plain(&outcome.expected));
}
