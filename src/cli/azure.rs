//! `daypass azure bootstrap`: the one-time setup of Entra, from the policies in Git.

use super::policy::PolicyTreeArgs;
use super::{bootstrap, print};
use crate::cli::examples::examples;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::issue::AzureBootstrap;
use crate::kind::AzureTarget;
use crate::words::names::Audience;
use crate::words::{Clock, SystemClock};
use clap::{Args, Subcommand, ValueEnum};

#[derive(Subcommand, Debug)]
pub(super) enum AzureCommand {
    /// Print the federated credentials of each application: exactly as many as the policies need.
    Bootstrap(BootstrapArgs),
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass azure bootstrap --config daypass.yaml",
    "daypass azure bootstrap --config daypass.yaml --format terraform > daypass.tf.json",
]))]
pub(super) struct BootstrapArgs {
    #[command(flatten)]
    at: PolicyTreeArgs,
    /// The audience of the federated credentials, instead of the one that `providers: azure` of the configuration has.
    #[arg(long, value_parser = Audience::parse)]
    audience: Option<Audience>,
    /// What to print.
    #[arg(long, value_enum, default_value = "graph")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum Format {
    /// The federated credentials by client id, as Microsoft Graph has them (JSON).
    Graph,
    /// Commands of the Azure CLI, for applications.
    Az,
    /// Terraform configuration (a .tf.json file), for applications.
    Terraform,
}

pub(super) fn run(command: &AzureCommand) -> Result<u8, Failure> {
    let AzureCommand::Bootstrap(arguments) = command;
    let (ruleset, issuer) = bootstrap::load(&arguments.at, "Entra")?;
    let applications = ruleset.set().applications(SystemClock.now());
    if applications.is_empty() {
        return Err(Failure::new(
            STATUS_USAGE,
            "no policy grants an Azure token, so there is nothing to set up: a policy names the application by `grant: azure`",
        ));
    }
    let audience = arguments.audience()?;
    let bootstrap = AzureBootstrap { issuer: &issuer, audience: &audience, applications: &applications };
    match arguments.format {
        Format::Graph => print::json(&bootstrap.credentials()),
        Format::Terraform => print::json(&bootstrap.terraform()),
        Format::Az => bootstrap.commands().iter().for_each(|command| anstream::println!("{command}")),
    }
    Ok(0)
}

impl BootstrapArgs {
    /// The configuration's audience, which the server's tokens have. `--audience` is for a server that is configured elsewhere.
    fn audience(&self) -> Result<Audience, Failure> {
        if let Some(audience) = &self.audience {
            return Ok(audience.clone());
        }
        let absent = "the configuration has no `providers: azure`: name the audience of its federated credentials by --audience (api://AzureADTokenExchange in the public cloud)";
        let settings = self.at.provider::<AzureTarget>()?;
        settings.map(|settings| settings.audience).ok_or_else(|| Failure::new(STATUS_CONFIGURATION, absent))
    }
}
