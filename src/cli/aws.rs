//! `daypass aws bootstrap`: the one-time setup of an AWS account, from the policies in Git.

use super::policy::PolicyTreeArgs;
use super::{bootstrap, print};
use crate::cli::examples::examples;
use crate::client::{Failure, STATUS_USAGE, note};
use crate::issue::Bootstrap;
use crate::policy::{RoleUse, Roles, shared_subject};
use crate::words::{Clock, SystemClock};
use clap::{Args, Subcommand, ValueEnum};
use std::collections::BTreeSet;

/// Printed if a policy has rows.
const ROWS_HAVE_SUBJECTS: &str = "note: some of these subjects end with the name of a row (`root/shop/deploy:web`). While a server still runs that sends the policy's name alone, set up what --also-old-subjects prints";

#[derive(Subcommand, Debug)]
pub(super) enum AwsCommand {
    /// Print the OIDC provider and the roles' trust for an AWS account: exactly as wide as the policies.
    Bootstrap(BootstrapArgs),
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass aws bootstrap --config daypass.yaml",
    "daypass aws bootstrap --config daypass.yaml --account 123456789012 --format terraform > daypass.tf.json",
]))]
pub(super) struct BootstrapArgs {
    #[command(flatten)]
    at: PolicyTreeArgs,
    /// The account, where the policies name roles of several.
    #[arg(long)]
    account: Option<String>,
    /// A principal who may act when daypass is down, with a second factor: an ARN. Adds the role daypass-break-glass.
    #[arg(long, value_name = "ARN")]
    break_glass: Option<String>,
    /// Also trust the subject that all rows of a policy shared: needed while a server runs that does not know names of rows, or
    /// until the new names of a commit are in force.
    #[arg(long)]
    also_old_subjects: bool,
    /// What to print.
    #[arg(long, value_enum, default_value = "trust-policies")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum Format {
    /// Each role's trust policy by ARN, for roles that are there already.
    TrustPolicies,
    /// The permissions that each intermediate role (`via`) needs, by ARN, for roles that are there already.
    Permissions,
    /// An AWS CloudFormation template (JSON).
    Cloudformation,
    /// Terraform configuration (a .tf.json file).
    Terraform,
}

pub(super) fn run(command: &AwsCommand) -> Result<u8, Failure> {
    let AwsCommand::Bootstrap(arguments) = command;
    let (ruleset, issuer) = bootstrap::load(&arguments.at, "AWS")?;
    let mut roles = ruleset.set().roles(SystemClock.now());
    if arguments.also_old_subjects {
        roles.values_mut().for_each(RoleUse::trust_shared_subjects);
    } else if roles.values().flat_map(|used| &used.subjects).any(|subject| shared_subject(subject).is_some()) {
        note(ROWS_HAVE_SUBJECTS);
    }
    let account = arguments.account(&roles)?;
    let bootstrap = Bootstrap::new(&issuer, &account, &roles, arguments.break_glass.as_deref());
    print::json(&match arguments.format {
        Format::TrustPolicies => bootstrap.trust_policies(),
        Format::Permissions => bootstrap.permissions(),
        Format::Cloudformation => bootstrap.cloudformation(),
        Format::Terraform => bootstrap.terraform(),
    });
    Ok(0)
}

impl BootstrapArgs {
    fn account(&self, roles: &Roles) -> Result<String, Failure> {
        let accounts: BTreeSet<&str> = roles.keys().map(|role| role.account()).collect();
        let listed = accounts.iter().copied().collect::<Vec<_>>().join(", ");
        let usage = |fault: String| Failure::new(STATUS_USAGE, fault);
        match (&self.account, accounts.len()) {
            (Some(account), _) if accounts.contains(account.as_str()) => Ok(account.clone()),
            (Some(account), _) => Err(usage(format!("no policy grants a role of {account}; there are roles of {listed}"))),
            (None, 1) => Ok(listed),
            (None, 0) => Err(usage("no policy grants an AWS role".to_owned())),
            (None, _) => Err(usage(format!("the policies name several accounts: give one as --account ({listed})"))),
        }
    }
}
