//! `daypass secret status`: checks the encrypted files of a checkout, and lists what one recipient could read.

mod departed;
mod report;

use super::in_force;
use super::keyring::KeyArgs;
use crate::cli::examples::examples;
use crate::cli::policy::Where;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::checkout::Checkout;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::policy::{Ruleset, document_grants};
use crate::words::{Clock, SystemClock};
use clap::Args;
use departed::Departed;
use report::Report;
use serde_json::json;
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass secret status",
    "daypass secret status --check",
    "daypass secret status --in-force --server https://daypass.acme.com",
    "daypass secret status --recipient \"$(cat old.recipient)\"",
]))]
pub(in crate::cli) struct StatusArgs {
    /// The checkout, or a folder of it.
    #[arg(default_value = ".")]
    checkout: PathBuf,
    /// List the files that this recipient opens, and the values that have not changed since it last could open them. With the
    /// keys that open both forms it compares values, without them ciphertexts.
    #[arg(long)]
    recipient: Option<String>,
    /// List the files that a server has in force, instead of a checkout: by --config on its own machine, or by --server, which a
    /// policy has to grant (`grant: { daypass: [secret.status] }`).
    #[arg(long, conflicts_with_all = ["checkout", "recipient"])]
    in_force: bool,
    /// With --in-force: only files below this folder of the repository, such as secrets/shop.
    #[arg(long, value_name = "FOLDER", requires = "in_force")]
    below: Option<String>,
    /// End with status 78 if something needs to be done.
    #[arg(long)]
    check: bool,
    /// The server's configuration. With its issuers the policies can be read, to say which files are granted to nobody.
    #[arg(long, env = "DAYPASS_CONFIG", value_name = "FILE")]
    policies_config: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyArgs,
}

/// Prints the status.
pub(super) async fn run(arguments: &StatusArgs, environment: &Environment, json: bool) -> Result<u8, Failure> {
    if arguments.in_force {
        let found = in_force::status(&arguments.keys, environment, arguments.below.as_deref()).await?;
        if json {
            print::json(&json!(found))
        } else {
            anstream::print!("{}", in_force::told(&found))
        }
        return Ok(status(arguments.check && in_force::is_to_do(&found)));
    }
    let checkout = Checkout::around(&arguments.checkout)?;
    // Always read: a named key that cannot be read is a mistake to report.
    let held = arguments.keys.held(environment).await?;
    if let Some(recipient) = &arguments.recipient {
        let found = Departed::of(&checkout, recipient, held.as_ref())?;
        let to_do = found.is_to_do();
        if json {
            print::json(&found.to_json())
        } else {
            anstream::print!("{}", found.told())
        }
        return Ok(status(arguments.check && to_do));
    }
    let progress = Progress::of("looking at the files");
    let mut report = Report::of(&checkout)?;
    if let Some(config) = &arguments.policies_config {
        let at = Where::folder(config.clone(), checkout.root().to_owned());
        let (seen, catalogue) = at.load()?;
        let (ruleset, _) = Ruleset::load(&seen.files, &catalogue, None);
        report.compare(&document_grants(&ruleset, SystemClock.now()));
    }
    drop(progress);
    let to_do = report.is_to_do();
    if json {
        print::json(&report.to_json())
    } else {
        anstream::print!("{}", report.told())
    }
    Ok(status(arguments.check && to_do))
}

const fn status(is_fault: bool) -> u8 {
    if is_fault { STATUS_CONFIGURATION } else { 0 }
}
