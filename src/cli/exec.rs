//! `daypass exec`.

use super::job::ServerArgs;
use crate::client::Failure;
use crate::client::environment::Environment;
use crate::client::exec::{self, Wishes};
use crate::words::names::{Audience, SecretName};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args, Debug)]
pub(super) struct ExecArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// AWS credentials in the command's environment; a role where the policies leave a choice.
    #[arg(long, num_args = 0..=1, value_name = "ROLE")]
    aws: Option<Option<String>>,
    /// NAME=SECRET: a variable of the command, such as DB=shop/production/db.yaml#/password.
    #[arg(long, value_parser = exec::parse_assignment)]
    env: Vec<(String, SecretName)>,
    /// PATH=SECRET: a file for the command, removed when it ends.
    #[arg(long, value_parser = exec::parse_assignment)]
    file: Vec<(String, SecretName)>,
    /// A token of the server's issuer for this audience, in the file that AZURE_FEDERATED_TOKEN_FILE names; kept fresh.
    #[arg(long, value_name = "AUDIENCE", value_parser = Audience::parse)]
    azure_token: Option<Audience>,
    /// For commands that outlive their credentials: serve AWS's on loopback and renew them, and read --file's secrets again.
    #[arg(long)]
    refresh: bool,
    /// Renew when less than this is left, such as 10m; a third of the life otherwise, at most 15m.
    #[arg(long, value_name = "DURATION", value_parser = crate::words::parse_duration)]
    refresh_before: Option<Duration>,
    /// The policy to use where several grant the same.
    #[arg(long)]
    policy: Option<String>,
    /// Leave the job's own token and the variables that bring it to the command, for one that publishes with it.
    #[arg(long)]
    keep_token: bool,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Runs it.
pub(super) async fn run(arguments: ExecArgs, environment: Environment) -> Result<u8, Failure> {
    let server = arguments.server.connect(environment)?;
    let wishes = Wishes {
        aws: arguments.aws,
        variables: arguments.env,
        files: arguments.file.into_iter().map(|(path, secret)| (PathBuf::from(path), secret)).collect(),
        azure_token: arguments.azure_token,
        refresh: arguments.refresh,
        refresh_before: arguments.refresh_before,
        policy: arguments.policy,
        keep_token: arguments.keep_token,
    };
    exec::run(server, &wishes, &arguments.command).await
}
