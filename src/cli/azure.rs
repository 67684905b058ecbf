//! `daypass azure bootstrap`: what Entra is told once, from the policies in Git.

use super::policy::Where;
use super::{bootstrap, print};
use crate::client::{Failure, STATUS_USAGE};
use crate::issue::AzureBootstrap;
use crate::words::names::Audience;
use crate::words::{Clock, SystemClock};
use clap::{Args, Subcommand, ValueEnum};

#[derive(Subcommand, Debug)]
pub(super) enum AzureCommand {
    /// Print the federated credentials of each application: exactly as many as the policies need.
    Bootstrap(BootstrapArgs),
}

#[derive(Args, Debug)]
pub(super) struct BootstrapArgs {
    #[command(flatten)]
    at: Where,
    /// The audience of the federated credentials, as `providers: azure` of the server has it.
    #[arg(long, default_value = "api://AzureADTokenExchange", value_parser = Audience::parse)]
    audience: Audience,
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
        return Err(Failure::new(STATUS_USAGE, "no policy grants an Azure token"));
    }
    let bootstrap = AzureBootstrap { issuer: &issuer, audience: &arguments.audience, applications: &applications };
    match arguments.format {
        Format::Graph => print::json(&bootstrap.credentials()),
        Format::Terraform => print::json(&bootstrap.terraform()),
        Format::Az => bootstrap.commands().iter().for_each(|command| anstream::println!("{command}")),
    }
    Ok(0)
}
