//! `daypass secret status`: checks the encrypted files of a checkout, and lists what one recipient could read.

mod departed;
mod report;

use super::in_force;
use super::keyring::KeyArgs;
use crate::cli::examples::examples;
use crate::cli::policy::PolicyTreeArgs;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::checkout::Checkout;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::policy::{Ruleset, document_grants};
use crate::secrets::is_recipient;
use crate::words::{Clock, SystemClock, excerpt};
use clap::Args;
use departed::DepartedRecipient;
use report::Report;
use serde_json::json;
use std::path::PathBuf;

/// As much as names the kind of a private key that was given by mistake.
const SHOWN_CHARACTERS: usize = 16;

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
            anstream::print!("{}", in_force::render(&found))
        }
        return Ok(status(arguments.check && in_force::is_to_do(&found)));
    }
    let recipient = arguments.recipient.as_deref().map(recipient).transpose()?;
    let checkout = Checkout::around(&arguments.checkout)?;
    // Always read: a named key that cannot be read is a mistake to report.
    let identities = arguments.keys.local_keys(environment).await?;
    if let Some(recipient) = recipient {
        let found = DepartedRecipient::of(&checkout, &recipient, identities.as_ref())?;
        let (to_do, is_cut) = (found.is_to_do(), found.is_cut());
        if json {
            print::json(&found.to_json())
        } else {
            anstream::print!("{}", found.render())
        }
        return Ok(status(is_cut || arguments.check && to_do));
    }
    let progress = Progress::of("looking at the files");
    let mut report = Report::of(&checkout)?;
    if let Some(config) = &arguments.policies_config {
        let at = PolicyTreeArgs::folder(config.clone(), checkout.root().to_owned());
        let (snapshot, catalogue) = at.load()?;
        let (ruleset, _) = Ruleset::load(&snapshot.files, &catalogue, None);
        report.compare(&document_grants(&ruleset, SystemClock.now()));
    }
    drop(progress);
    let to_do = report.is_to_do();
    if json {
        print::json(&report.to_json())
    } else {
        anstream::print!("{}", report.render())
    }
    Ok(status(arguments.check && to_do))
}

/// The recipient as files name it. Any other text would open nothing, which is no answer.
fn recipient(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    // One of age may be in capitals as a whole; a mixture is a mistake.
    let is_capital = text.starts_with("AGE1") && !text.contains(char::is_lowercase);
    let named = if is_capital { text.to_ascii_lowercase() } else { text.to_owned() };
    if is_recipient(&named) {
        return Ok(named);
    }
    let message = "is no recipient: a whole `age1…`, or an SSH public key, as `.sops.yaml` names it";
    Err(Failure::new(STATUS_USAGE, format!("--recipient: `{}` {message}", excerpt(text, SHOWN_CHARACTERS))))
}

const fn status(is_fault: bool) -> u8 {
    if is_fault { STATUS_CONFIGURATION } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Identities;
    use age_core::primitives::bech32_encode;
    use bech32::Hrp;

    #[test]
    fn what_is_no_recipient_is_refused_and_hardly_shown() {
        let (identity, own) = Identities::generate();
        let ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILUKqWNr3Pk7JIDw4jEJcthxLg8me4QzkZO17S780d4C someone@acme.example";
        let plugin = bech32_encode(Hrp::parse("age1yubikey").unwrap(), &[2; 33]);
        let (_, hybrid) = Identities::generate_hybrid().unwrap();
        for good in [&own, ssh, &plugin, &hybrid, &format!(" {own}\n")] {
            assert_eq!(recipient(good).unwrap(), good.trim());
        }
        assert_eq!(recipient(&own.to_uppercase()).unwrap(), own);
        let blank = format!("{} {}", &own[..20], &own[20..]);
        let (cut, mixed) = (&own[..own.len() - 1], format!("{}{}", own[..20].to_uppercase(), &own[20..]));
        for bad in [cut, &mixed, &blank, "", "age1", "age1nope", "ssh-ed25519 AAAA", identity.expose_text().unwrap()] {
            let failure = recipient(bad).unwrap_err();
            assert_eq!(failure.status, STATUS_USAGE, "{bad}");
            let message = failure.to_string();
            assert!(bad.len() <= SHOWN_CHARACTERS || !message.contains(&bad[..=SHOWN_CHARACTERS]), "{message}");
        }
    }
}
