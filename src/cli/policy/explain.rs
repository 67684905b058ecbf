//! `daypass policy explain`: why somebody is allowed or denied, in the order in which the server decides.

use super::place::{Seen, Where};
use crate::cli::print;
use crate::client::{Failure, STATUS_DENIED, STATUS_USAGE};
use crate::identity::Facts;
use crate::kind::{Target, TargetError};
use crate::policy::{Catalogue, Explanation, Ruleset, StopUntil, explain};
use crate::store::{ReadError, Reader};
use crate::token::{Claims, JsonError, parse_json};
use crate::words::names::{IssuerName, NameError};
use crate::words::yaml::{Fault, Severity};
use crate::words::{Clock, Denial, SystemClock, UnixTime, plain};
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(in crate::cli) struct ExplainArgs {
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

/// Ends with 77 when it is denied.
pub(super) fn run(arguments: &ExplainArgs, json: bool) -> Result<u8, Failure> {
    let (seen, catalogue) = arguments.at.load()?;
    let (ruleset, mut faults) = Ruleset::load(&seen.files, &catalogue, None);
    faults.retain(|fault| fault.severity == Severity::Error);
    let facts = facts(arguments, &catalogue).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    let wanted = wanted_of(arguments).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    let now = SystemClock.now();
    let explanation = explain(ruleset.set(), &facts, &wanted, now);
    let (explanation, unknown) = match operators_denials(&arguments.at, now) {
        Ok(denials) => (explanation.under(&denials, &facts, now), None),
        Err(why) => (explanation, Some(why.to_string())),
    };
    let held = held_back(&arguments.at, &seen);
    if json {
        let mut told = serde_json::to_value(&explanation).unwrap_or_default();
        (told["looked_at"], told["operators_denials_unknown"], told["faults"]) = (json!(seen.at), json!(unknown), json!(faults));
        (told["further_sources_not_looked_at"], told["max_stale_looked_at"]) = (json!(seen.further_sources()), json!(false));
        told["held_back"] = json!(held);
        print::json(&told);
    } else {
        let held = held.map(|held| format!("{held}\n")).unwrap_or_default();
        anstream::print!("{}{held}", told(&explanation, &seen, &faults, unknown.as_deref()));
    }
    Ok(if explanation.allowed_by.is_some() { 0 } else { STATUS_DENIED })
}

fn told(explanation: &Explanation, seen: &Seen, faults: &[Fault], unknown: Option<&str>) -> String {
    let mut told = format!("{explanation}\n");
    if let Some(why) = unknown {
        told.push_str(&format!("Operators' denials are not looked at, and may deny it all the same: {}\n", plain(why)));
    }
    told.push_str(&seen.not_looked_at(faults));
    if explanation.allowed_by.is_some() {
        told.push_str(
            "The server grants it only while it could read the repository within `max_stale`, which is not looked at here: \
             `daypass status` tells.\n",
        );
    }
    format!("{told}Looked at: {}\n", seen.at)
}

/// That a server may decide by older forms of these files, where it holds back what widens.
fn held_back(at: &Where, seen: &Seen) -> Option<String> {
    let holds = "The configuration's `rollout` holds back what widens, and by older forms of such files the server decides until somebody confirms (`daypass status` lists them)";
    match at.last_in_force()? {
        Ok((commit, 0)) if seen.at.is(&commit) => None,
        Ok((commit, others)) => {
            Some(format!("{holds}: in force is {commit}, with another form than its own, or none, of {others} files."))
        }
        Err(why) => Some(format!("{holds}; whether anything waits is not known: {}.", plain(&why.to_string()))),
    }
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
    #[error("ask for exactly one of --aws, --secret, --secret-at, --id-token, --transit and --daypass")]
    NotOne,
    /// What is asked for is none.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// Why there is no identity to explain.
#[derive(Debug, thiserror::Error)]
enum NoFacts {
    /// The file of its claims is not read.
    #[error("{}: {fault}", .path.display())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: std::io::Error,
    },
    /// The file of its claims is something else.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Nobody says whose claims they are.
    #[error("name the --issuer")]
    NoIssuer,
    /// Its issuer's name is none.
    #[error(transparent)]
    Issuer(#[from] NameError),
    /// Its issuer is not known here.
    #[error("no issuer `{issuer}` is configured")]
    UnknownIssuer {
        /// By this name.
        issuer: IssuerName,
    },
    /// Its claims are other JSON.
    #[error("the claims are no object")]
    NoObject,
    /// One of its claims is incomplete.
    #[error("expected --claim NAME=VALUE")]
    NoClaim,
    /// The mapping refuses its claims.
    #[error("{}", .0.cause)]
    Refused(#[from] Denial),
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
        ("transit", arguments.transit.as_deref().map(Some)),
        ("daypass", arguments.daypass.as_deref().map(Some)),
    ];
    let read = |(word, text): (&str, Option<&str>)| text.map_or_else(|| Target::parse(word), |text| Target::question(word, text));
    let asked: Vec<_> = flags.into_iter().filter_map(|(word, text)| Some(read((word, text?)))).collect();
    let [only] = <[_; 1]>::try_from(asked).map_err(|_| NoTarget::NotOne)?;
    Ok(only?)
}

fn facts(arguments: &ExplainArgs, catalogue: &Catalogue) -> Result<Facts, NoFacts> {
    let document = match &arguments.claims {
        Some(path) => parse_json(&std::fs::read(path).map_err(|fault| NoFacts::File { path: path.clone(), fault })?)?,
        None => Value::Object(Map::new()),
    };
    let saved = document.get("issuer").and_then(Value::as_str).filter(|_| document.get("claims").is_some());
    let issuer = IssuerName::parse(arguments.issuer.as_deref().or(saved).ok_or(NoFacts::NoIssuer)?)?;
    let mut claims = document.get("claims").unwrap_or(&document).as_object().ok_or(NoFacts::NoObject)?.clone();
    for claim in &arguments.claim {
        let (name, value) = claim.split_once('=').ok_or(NoFacts::NoClaim)?;
        claims.insert(name.to_owned(), value.into());
    }
    let entry = catalogue.issuer(&issuer).ok_or_else(|| NoFacts::UnknownIssuer { issuer: issuer.clone() })?;
    Ok(entry.mapping.facts(&issuer, Claims::from(claims))?)
}
