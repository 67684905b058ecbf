//! `daypass deny`: an immediate denial, without Git. On the server's machine it uses the control socket; elsewhere a policy has
//! to grant it (`grant: { daypass: [deny] }`).

use super::examples::examples;
use super::operate::{Server, print_answer};
use super::progress::Progress;
use super::reached::{ReachArgs, ServerAccess, with_permission_hint};
use crate::answers::{Denied, Lifted};
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_USAGE};
use crate::policy::{DenyRequest, OperatorDenial};
use crate::words::names::{IssuerName, PolicyName};
use crate::words::{IdSuffix, PlainPath, counted, plain};
use clap::Args;
use serde_json::json;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass deny --repository acme/shop@456789 --for 4h --reason INC-42 --config daypass.yaml",
    "daypass deny --policy shop/deploy --reason INC-42 --config daypass.yaml",
    "daypass deny --repository acme/shop@456789 --for 4h --reason INC-42 --server https://daypass.acme.com",
    "daypass deny --lift 4f2a9c1d --config daypass.yaml",
]))]
pub(super) struct DenyArgs {
    #[command(flatten)]
    reach: ReachArgs,
    /// Grants of this policy.
    #[arg(long, value_parser = PolicyName::parse)]
    policy: Option<PolicyName>,
    /// Jobs of this repository: name@id, where the id decides, or a name.
    #[arg(long)]
    repository: Option<String>,
    /// Tokens of this issuer, by its name in the configuration.
    #[arg(long, value_parser = IssuerName::parse)]
    issuer: Option<IssuerName>,
    /// One run, by the id that the CI gives it.
    #[arg(long)]
    run: Option<String>,
    /// For how long, such as 4h; without it, until it is lifted.
    #[arg(long = "for", value_name = "DURATION")]
    lasting: Option<String>,
    /// Take a policy or an issuer that is not there yet, or that is not known while no revision can be read.
    #[arg(long)]
    unknown_too: bool,
    /// Why, for the audit log.
    #[arg(long, required_unless_present = "lift")]
    reason: Option<String>,
    /// Lift a denial, by its id or the end of it. Only on the server's own machine, and without other options.
    #[arg(long, value_name = "ID", value_parser = IdSuffix::parse, conflicts_with_all = ["policy", "repository", "issuer", "run", "lasting", "unknown_too", "reason"])]
    lift: Option<IdSuffix>,
}

/// Denies, or lifts a denial.
pub(super) async fn run(arguments: &DenyArgs, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let reached = arguments.reach.reach(environment)?;
    if let Some(id) = &arguments.lift {
        return lift(&reached, id, json).await;
    }
    let request = DenyRequest {
        stop: OperatorDenial {
            policy: arguments.policy.clone(),
            repository: arguments.repository.clone(),
            issuer: arguments.issuer.clone(),
            run: arguments.run.clone(),
            reason: arguments.reason.clone().unwrap_or_default(),
        },
        lasting: arguments.lasting.clone(),
        unknown_too: arguments.unknown_too,
    };
    let denied = match &reached {
        ServerAccess::Here(config) => Server::of(config.to_path_buf()).post("deny", &request).await?,
        ServerAccess::Through(server) => {
            let progress = Progress::of("asking the server");
            let denied = server.deny(&request).await.map_err(|failure| with_permission_hint(failure, "deny"))?;
            drop(progress);
            denied
        }
    };
    let place = match &reached {
        ServerAccess::Here(config) => format!("the server of {}", config.plain()),
        ServerAccess::Through(server) => plain(server.address().as_str()).into_owned(),
    };
    let is_here = matches!(reached, ServerAccess::Here(_));
    Ok(print_answer(json, &json!(denied), &format!("{}\nsent to {place}", render_denial(&denied, is_here))))
}

/// Lifting gives access back, so a token is not enough for it.
async fn lift(reached: &ServerAccess<'_>, id: &IdSuffix, json: bool) -> Result<u8, Failure> {
    let ServerAccess::Here(config) = reached else {
        let message = "a denial is lifted on the server's own machine alone: `daypass deny --lift ID --config FILE`";
        return Err(Failure::new(STATUS_USAGE, message));
    };
    let answer: Lifted = Server::of(config.to_path_buf()).post("lift", &json!({ "id": id })).await?;
    if !answer.lifted {
        return Err(Failure::new(STATUS_USAGE, format!("no denial has the id {id}; `daypass status` lists them")));
    }
    Ok(print_answer(json, &json!(answer), &lifted_line(&answer)))
}

fn lifted_line(answer: &Lifted) -> String {
    let was = answer.denies.as_ref().map_or_else(|| "what it denied cannot be read".to_owned(), ToString::to_string);
    let until = answer.until.map(|until| format!(", which stood until {until}")).unwrap_or_default();
    format!("lifted: {}{until}; the policies decide again", plain(&was))
}

fn render_denial(denied: &Denied, is_here: bool) -> String {
    let until = denied.until.map_or_else(|| "it is lifted".to_owned(), |until| until.to_string());
    let grants = |count: u64| counted(count.try_into().unwrap_or(usize::MAX), "grant");
    let covers = match denied.covers {
        Some(covers) if covers.of == 0 => "nothing was granted within the last day: whom it hits is not known yet".to_owned(),
        Some(covers) if covers.grants == 0 => {
            let since = covers.since;
            format!("NONE of the {} since {since} is covered by it: is it spelled as in the tokens?", grants(covers.of))
        }
        Some(covers) => format!("it covers {} of the {} since {}", covers.grants, grants(covers.of), covers.since),
        None => {
            let why = denied.uncounted.as_deref().unwrap_or_default();
            format!("how many of the last day's grants it covers is not known: {}", plain(why))
        }
    };
    let (denies, id) = (plain(&denied.denies), plain(&denied.id));
    let place = if is_here { "" } else { ", on the server's own machine," };
    format!("denied from now on until {until}: {denies}\n{covers}\n`daypass deny --lift {id}`{place} lifts it")
}
