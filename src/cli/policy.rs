//! `daypass policy`: over a repository or a folder, without a server but for `replay`.

mod access;
mod check;
mod import;
mod lock;
mod place;
mod replay;
mod sarif;
mod schema;

use super::{Output, print};
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_DENIED, STATUS_USAGE};
use crate::identity::Facts;
use crate::policy::{Catalogue, Outcome, PastSecret, Permission, Ruleset, TransitUse, Wanted, explain};
use crate::token::{Claims, parse_json};
use crate::words::names::{Audience, IssuerName, RoleArn, SecretName};
use crate::words::yaml::{Fault, Severity};
use crate::words::{Clock, SystemClock};
use clap::{Args, Subcommand};
pub(super) use place::Where;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

#[derive(Subcommand, Debug)]
pub(super) enum PolicyCommand {
    /// Find every fault of every policy, and what loads and still harms somebody one day.
    Check(check::CheckArgs),
    /// Run the policies' own tests and those below tests/.
    Test(Where),
    /// Say which policy allows, or which line did not hold and what it saw.
    Explain(ExplainArgs),
    /// Say who gains and who loses access between two revisions.
    Diff(access::DiffArgs),
    /// List who can reach a role, a secret or an audience, with an example of each.
    WhoCan(access::WhoCanArgs),
    /// Say what a revision would have denied of what was granted before.
    Replay(replay::ReplayArgs),
    /// Propose ids for names, from the tokens that were seen, as a patch for `git apply`.
    Lock(lock::LockArgs),
    /// Print the JSON Schema of a file, for editors.
    Schema(schema::SchemaArgs),
    /// Turn trust policies of octo-sts and of IAM roles into ours, never wider, with notes on what is narrower.
    Import(import::ImportArgs),
}

#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    at: Where,
    /// The issuer's name in the configuration; a saved `whoami` names its own.
    #[arg(long)]
    issuer: Option<String>,
    /// A file with claims, or with the output of `daypass whoami --output json`.
    #[arg(long)]
    claims: Option<PathBuf>,
    /// NAME=VALUE: a claim, over those of the file.
    #[arg(long = "claim")]
    claim: Vec<String>,
    /// The role that is asked for; without a value, any.
    #[arg(long, num_args = 0..=1, value_name = "ROLE")]
    aws: Option<Option<String>>,
    /// The secret that is asked for.
    #[arg(long)]
    secret: Option<String>,
    /// The secret that is asked for as an older commit had it.
    #[arg(long)]
    secret_at: Option<String>,
    /// The audience of the token that is asked for.
    #[arg(long)]
    id_token: Option<String>,
    /// The use of a transit key that is asked for, such as "decrypt flux".
    #[arg(long)]
    transit: Option<String>,
    /// The use of daypass itself that is asked for, such as policy.replay.
    #[arg(long)]
    daypass: Option<String>,
}

/// Runs one of them.
pub(super) async fn run(command: &PolicyCommand, environment: Environment, output: Output) -> Result<u8, Failure> {
    let json = output == Output::Json;
    match command {
        PolicyCommand::Diff(arguments) => access::diff(arguments, output),
        PolicyCommand::WhoCan(arguments) => access::who_can(arguments, json),
        PolicyCommand::Replay(arguments) => replay::run(arguments, environment, output).await,
        PolicyCommand::Lock(arguments) => lock::run(arguments, output),
        PolicyCommand::Schema(arguments) => Ok(schema::run(arguments)),
        PolicyCommand::Import(arguments) => import::run(arguments, output),
        PolicyCommand::Check(arguments) => check::run(arguments, output),
        PolicyCommand::Test(at) => test(at, json),
        PolicyCommand::Explain(arguments) => explain_one(arguments, json),
    }
}

fn test(at: &Where, json: bool) -> Result<u8, Failure> {
    let (tree, catalogue) = at.load()?;
    let (ruleset, faults) = Ruleset::load(&tree, &catalogue, None);
    let (outcomes, more) = ruleset.test(&tree, &catalogue);
    let failed = outcomes.iter().filter(|outcome| !outcome.holds).count();
    let errors: Vec<&Fault> = faults.iter().chain(&more).filter(|fault| fault.severity == Severity::Error).collect();
    if json {
        print::json(&json!({ "outcomes": outcomes, "failed": failed, "findings": errors }));
    } else {
        errors.iter().for_each(|fault| anstream::println!("{fault}\n"));
        outcomes.iter().for_each(print_outcome);
        anstream::println!("{} passed, {failed} failed", outcomes.len() - failed);
    }
    Ok(if failed == 0 && errors.is_empty() { 0 } else { STATUS_CONFIGURATION })
}

fn print_outcome(outcome: &Outcome) {
    let (word, why) = if outcome.holds {
        ("ok", String::new())
    } else {
        ("FAILED", format!(": {}", outcome.why.as_deref().unwrap_or_default()))
    };
    anstream::println!("{word:<7} {:<36} {}{why}", outcome.at, outcome.expected);
}

fn explain_one(arguments: &ExplainArgs, json: bool) -> Result<u8, Failure> {
    let (tree, catalogue) = arguments.at.load()?;
    let (ruleset, _) = Ruleset::load(&tree, &catalogue, None);
    let usage = |fault: String| Failure::new(STATUS_USAGE, fault);
    let facts = facts(arguments, &catalogue).map_err(usage)?;
    let wanted = wanted_of(arguments).map_err(usage)?;
    let explanation = explain(ruleset.set(), &facts, &wanted, SystemClock.now());
    if json {
        print::json(&serde_json::to_value(&explanation).unwrap_or_default());
    } else {
        anstream::print!("{explanation}");
    }
    Ok(if explanation.allowed_by.is_some() { 0 } else { STATUS_DENIED })
}

fn wanted_of(arguments: &ExplainArgs) -> Result<Wanted, String> {
    let role = |role: &Option<String>| Ok(Wanted::Aws { role: role.as_deref().map(RoleArn::parse).transpose()? });
    let asked: Vec<Result<Wanted, String>> = [
        arguments.aws.as_ref().map(role),
        arguments.secret.as_deref().map(|name| SecretName::parse(name).map(Wanted::Secret)),
        arguments.secret_at.as_deref().map(|name| PastSecret::of_any_commit(name).map(Wanted::SecretAt)),
        arguments.id_token.as_deref().map(|audience| Ok(Wanted::IdToken { audience: Audience::parse(audience)? })),
        arguments.transit.as_deref().map(|wanted| TransitUse::parse(wanted).map(Wanted::Transit)),
        arguments.daypass.as_deref().map(|permission| Permission::parse(permission).map(Wanted::Daypass)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let [only] = <[_; 1]>::try_from(asked)
        .map_err(|_| "ask for exactly one of --aws, --secret, --secret-at, --id-token, --transit and --daypass")?;
    only
}

fn facts(arguments: &ExplainArgs, catalogue: &Catalogue) -> Result<Facts, String> {
    let document = match &arguments.claims {
        Some(path) => parse_json(&std::fs::read(path).map_err(|fault| format!("{}: {fault}", path.display()))?)?,
        None => Value::Object(Map::new()),
    };
    let saved = document.get("issuer").and_then(Value::as_str).filter(|_| document.get("claims").is_some());
    let issuer = IssuerName::parse(arguments.issuer.as_deref().or(saved).ok_or("name the --issuer")?)?;
    let mut claims = document.get("claims").unwrap_or(&document).as_object().ok_or("the claims are no object")?.clone();
    for claim in &arguments.claim {
        let (name, value) = claim.split_once('=').ok_or("expected --claim NAME=VALUE")?;
        claims.insert(name.to_owned(), value.into());
    }
    let entry = catalogue.issuer(&issuer).ok_or_else(|| format!("no issuer `{issuer}` is configured"))?;
    entry.mapping.facts(&issuer, Claims::from(claims)).map_err(|denial| denial.cause)
}
