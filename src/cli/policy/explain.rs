//! `daypass policy explain`: why somebody is allowed or denied, in the order in which the server decides.

mod decision;
mod token;

use super::of_source::{OfSource, Read};
use super::place::{Seen, Where};
use crate::cli::examples::examples;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_DENIED, STATUS_USAGE};
use crate::identity::Facts;
use crate::kind::{Target, TargetError};
use crate::policy::{Explanation, Ruleset, StopUntil, explain};
use crate::store::{ReadError, Reader};
use crate::words::yaml::{Fault, Severity};
use crate::words::{Clock, Denial, IdSuffix, SystemClock, UnixTime, plain};
use clap::Args;
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
    /// A decision of the server that runs on this machine, by its id or the end of it: its records, what stands against it, and the lines that did not hold.
    #[arg(long, value_name = "ID", value_parser = IdSuffix::parse, conflicts_with_all = ["source", "repository", "folder", "issuer", "claims", "claim", "aws", "secret", "secret_at", "id_token", "github", "gcp", "azure", "token_exchange", "transit", "daypass"])]
    decision: Option<IdSuffix>,
    #[command(flatten)]
    token: TokenArgs,
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
    /// The token of a GitHub App that is asked for, such as "acme/shop contents=read"; without a value, the one that is granted.
    #[arg(long, num_args = 0..=1, value_name = "WHAT")]
    github: Option<Option<String>>,
    /// The token of Google Cloud's that is asked for, such as an account's address or `direct`; without a value, the one that is granted.
    #[arg(long, num_args = 0..=1, value_name = "WHAT")]
    gcp: Option<Option<String>>,
    /// The token of Entra that is asked for, as CLIENT_ID/SCOPE or CLIENT_ID/federated-token; without a value, the one that is granted.
    #[arg(long, num_args = 0..=1, value_name = "WHAT")]
    azure: Option<Option<String>>,
    /// The service whose token is asked for, such as "partner?role=deploy"; without a value, the one that is granted.
    #[arg(long, num_args = 0..=1, value_name = "SERVICE")]
    token_exchange: Option<Option<String>>,
    /// The use of a transit key that is asked for, such as "decrypt flux".
    #[arg(long)]
    transit: Option<String>,
    /// The use of daypass itself that is asked for, such as policy.replay.
    #[arg(long)]
    daypass: Option<String>,
}

/// Ends with 77 when it is denied.
pub(super) async fn run(arguments: &ExplainArgs, json: bool) -> Result<u8, Failure> {
    if let Some(decision) = &arguments.decision {
        return decision::run(arguments.of.at.config_file(), decision, json).await;
    }
    let progress = Progress::of("reading the policies");
    let read = arguments.of.load()?;
    drop(progress);
    let token = Told::read(&arguments.token, &arguments.of)?;
    let wanted = wanted_of(arguments).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    token.undocumented().for_each(|note| anstream::eprintln!("{note}"));
    match token.facts() {
        Ok(facts) => Ok(tell(arguments, &read, &token, (&facts, &wanted), json)),
        Err(denial) => Ok(tell_refused(&read.seen, &denial, &wanted, json)),
    }
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
        let mut told = serde_json::to_value(&explanation).unwrap_or_default();
        (told["looked_at"], told["operators_denials_unknown"], told["faults"]) = (json!(seen.at), json!(unknown), json!(faults));
        (told["further_sources_not_looked_at"], told["max_stale_looked_at"]) = (json!(seen.further_sources()), json!(false));
        (told["held_back"], told["root_guardrails_looked_at"]) = (json!(held), json!(of_root));
        (told["guardrails_unreadable"], told["token_refused"]) = (json!(ruleset.has_faulty_guardrails()), json!(null));
        told["claims_not_documented"] = json!(token.not_documented);
        print::json(&told);
    } else {
        let held = held.map(|held| format!("{held}\n")).unwrap_or_default();
        anstream::print!("{}{held}", told(&explanation, read, (&ruleset, &faults), unknown.as_deref()));
    }
    if explanation.allowed_by.is_some() { 0 } else { STATUS_DENIED }
}

fn told(explanation: &Explanation, read: &Read, (ruleset, faults): (&Ruleset, &[Fault]), unknown: Option<&str>) -> String {
    let (seen, mut told) = (&read.seen, format!("{explanation}\n"));
    if let Some(why) = unknown {
        told.push_str(&format!("Operators' denials are not looked at, and may deny it all the same: {}\n", plain(why)));
    }
    told.push_str(&seen.not_looked_at(ruleset, faults));
    told.push_str(&read.root_not_looked_at());
    if explanation.allowed_by.is_some() {
        told.push_str(
            "The server grants it only while it could read the repository within `max_stale`, which is not looked at here: \
             `daypass status` tells.\n",
        );
    }
    format!("{told}Looked at: {}\n", seen.at)
}

/// Why nobody can tell what operators deny.
#[derive(Debug, thiserror::Error)]
enum UnknownDenials {
    /// It is kept in no place that is known.
    #[error("the configuration names no `data` directory")]
    NoData,
    /// It is not read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// One of them is none.
    #[error("the denial {id} cannot be read: {fault}")]
    Broken {
        /// Which one.
        id: String,
        /// Why not.
        #[source]
        fault: serde_json::Error,
    },
}

/// Why there is no credential to explain.
#[derive(Debug, thiserror::Error)]
enum NoTarget {
    /// None is asked for, or several.
    #[error(
        "ask for exactly one of --aws, --secret, --secret-at, --id-token, --github, --gcp, --azure, --token-exchange, --transit and --daypass"
    )]
    NotOne,
    /// What is asked for is none.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// What operators deny, read beside the server's store; or why nobody can tell.
fn operators_denials(at: &Where, now: UnixTime) -> Result<Vec<(String, StopUntil)>, UnknownDenials> {
    let data = at.data_if_named().ok_or(UnknownDenials::NoData)?;
    let rows = Reader::open(&data).and_then(|reader| reader.denials(now))?;
    let standing = |row: crate::store::DenialRow| {
        let stop = serde_json::from_value(row.body);
        let stop = stop.map_err(|fault| UnknownDenials::Broken { id: row.id.clone(), fault })?;
        Ok((row.id, (stop, row.until)))
    };
    rows.into_iter().map(standing).collect()
}

/// What is asked for. A kind's flag bears its word.
fn wanted_of(arguments: &ExplainArgs) -> Result<Target, NoTarget> {
    let flags = [
        ("aws", arguments.aws.as_ref().map(Option::as_deref)),
        ("secret", arguments.secret.as_deref().map(Some)),
        ("secret_at", arguments.secret_at.as_deref().map(Some)),
        ("id_token", arguments.id_token.as_deref().map(Some)),
        ("github", arguments.github.as_ref().map(Option::as_deref)),
        ("gcp", arguments.gcp.as_ref().map(Option::as_deref)),
        ("azure", arguments.azure.as_ref().map(Option::as_deref)),
        ("token_exchange", arguments.token_exchange.as_ref().map(Option::as_deref)),
        ("transit", arguments.transit.as_deref().map(Some)),
        ("daypass", arguments.daypass.as_deref().map(Some)),
    ];
    let read = |(word, text): (&str, Option<&str>)| text.map_or_else(|| Target::parse(word), |text| Target::question(word, text));
    let asked: Vec<_> = flags.into_iter().filter_map(|(word, text)| Some(read((word, text?)))).collect();
    let [only] = <[_; 1]>::try_from(asked).map_err(|_| NoTarget::NotOne)?;
    Ok(only?)
}
