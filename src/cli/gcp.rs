//! `daypass gcp bootstrap`: the one-time setup of Google Cloud, from the policies in Git.

use super::policy::PolicyTreeArgs;
use super::{bootstrap, print};
use crate::cli::examples::examples;
use crate::client::{Failure, STATUS_USAGE, note};
use crate::issue::gcp::{GcpBootstrap, Jwks, ProviderName, SUBJECT_BYTES_MAX};
use crate::words::{Clock, NAMED_FILE_MAX, PlainPath, SystemClock, read_named_text};
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::PathBuf;

/// Printed if there is no attribute condition.
const NO_CONDITION: &str = "note: the policies' subjects are too many for an attribute condition, so the provider accepts every token of this issuer; the bindings say which subject may act as which account";

#[derive(Subcommand, Debug)]
pub(super) enum GcpCommand {
    /// Print the workload identity pool, its provider and the service accounts' bindings: exactly as wide as the policies.
    Bootstrap(BootstrapArgs),
}

/// An example that also shows the form of a provider's name.
pub(super) fn example() -> String {
    examples(&["daypass gcp bootstrap --config daypass.yaml \\\n    \
         --provider projects/123456/locations/global/workloadIdentityPools/daypass/providers/daypass"])
}

#[derive(Args, Debug)]
#[command(after_help = example())]
pub(super) struct BootstrapArgs {
    #[command(flatten)]
    at: PolicyTreeArgs,
    /// The provider, as the configuration names it: projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER.
    #[arg(long, value_parser = ProviderName::parse)]
    provider: ProviderName,
    /// The issuer's keys (a JWKS, saved from its /.well-known/jwks.json), where Google cannot reach it.
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value = "gcloud")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum Format {
    /// Commands of gcloud.
    Gcloud,
    /// Terraform configuration (a .tf.json file).
    Terraform,
}

pub(super) fn run(command: &GcpCommand) -> Result<u8, Failure> {
    let GcpCommand::Bootstrap(arguments) = command;
    let (ruleset, issuer) = bootstrap::load(&arguments.at, "Google")?;
    let used = ruleset.set().gcp_use(SystemClock.now());
    if used.subjects().is_empty() {
        return Err(Failure::new(
            STATUS_USAGE,
            "no policy grants a token of Google Cloud, so there is nothing to set up: a policy names the service account by `grant: gcp`",
        ));
    }
    for long in used.subjects().iter().filter(|subject| subject.len() > SUBJECT_BYTES_MAX) {
        note(format!("warning: Google accepts subjects of at most {SUBJECT_BYTES_MAX} bytes: shorten the name of {long}"));
    }
    let text = arguments.jwks.as_ref().map(read_jwks).transpose()?;
    let file = arguments.jwks.as_ref().map(|path| path.plain().to_string());
    let jwks = file.as_deref().zip(text.as_deref()).map(|(file, text)| Jwks { file, text });
    let bootstrap = GcpBootstrap::new(&issuer, &arguments.provider, &used, jwks);
    if !bootstrap.is_conditioned() {
        note(NO_CONDITION);
    }
    match arguments.format {
        Format::Gcloud => anstream::print!("{}", bootstrap.gcloud()),
        Format::Terraform => print::json(&bootstrap.terraform()),
    }
    Ok(0)
}

/// A JWKS (RFC 7517, section 5).
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<PrivateMembers>,
}

/// The private members of keys, and the one of a symmetric key (RFC 7518, section 6).
#[derive(Deserialize)]
struct PrivateMembers {
    d: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

/// Reads public keys, and refuses private ones: this output is shown to people.
fn read_jwks(path: &PathBuf) -> Result<String, Failure> {
    let failed = |detail: &str| Failure::new(STATUS_USAGE, format!("{}: {detail}", path.plain()));
    let text = read_named_text(path, NAMED_FILE_MAX).map_err(|fault| failed(&fault.to_string()))?;
    let document: serde_json::Value = serde_json::from_str(&text).map_err(|_| failed("it is no JSON"))?;
    let keys = KeySet::deserialize(&document).map(|set| set.keys).unwrap_or_default();
    if keys.is_empty() {
        return Err(failed("it is no JWKS: `keys` lists none"));
    }
    if keys.iter().any(|key| key.d.is_some() || key.k.is_some()) {
        return Err(failed("it holds a private key: give public keys only"));
    }
    Ok(document.to_string())
}
