//! What a CI job runs: `exec`, `credential` and `whoami`.

use super::print;
use crate::client::environment::Environment;
use crate::client::exec::{self, Wishes};
use crate::client::server::{Address, Server};
use crate::client::{Failure, STATUS_UNAVAILABLE, STATUS_USAGE};
use crate::words::names::SecretName;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Which server, and which token.
#[derive(Args, Debug)]
pub(super) struct ServerArgs {
    /// The server's address.
    #[arg(long, env = "DAYPASS_SERVER")]
    server: Option<String>,
    /// A CA certificate to trust, PEM; the system's otherwise.
    #[arg(long, env = "DAYPASS_CA")]
    ca: Option<PathBuf>,
    /// The audience to ask the CI for; the server's address otherwise.
    #[arg(long, env = "DAYPASS_AUDIENCE")]
    audience: Option<String>,
    /// A file that holds the job's token; found by itself otherwise.
    #[arg(long, env = "DAYPASS_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Try again this long while the server is not there, such as 5m.
    #[arg(long, default_value = "0s", value_parser = crate::words::parse_duration)]
    wait: Duration,
}

impl ServerArgs {
    pub(super) fn connect(&self, environment: Environment) -> Result<Server, Failure> {
        let unnamed = || Failure::new(STATUS_USAGE, "name the server: --server or DAYPASS_SERVER");
        let address = Address {
            server: self.server.as_deref().ok_or_else(unnamed)?,
            audience: self.audience.as_deref(),
            ca: self.ca.as_deref(),
            token_file: self.token_file.as_deref(),
            wait: self.wait,
        };
        Server::new(&address, environment)
    }
}

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
    /// The policy to use where several grant the same.
    #[arg(long)]
    policy: Option<String>,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// `daypass exec`.
pub(super) async fn exec(arguments: &ExecArgs, environment: Environment) -> Result<u8, Failure> {
    let server = arguments.server.connect(environment.clone())?;
    let wishes = Wishes {
        aws: arguments.aws.clone(),
        variables: arguments.env.clone(),
        files: arguments.file.iter().map(|(path, secret)| (PathBuf::from(path), secret.clone())).collect(),
        policy: arguments.policy.clone(),
    };
    exec::run(&server, &wishes, &arguments.command, &environment).await
}

#[derive(Subcommand, Debug)]
pub(super) enum CredentialCommand {
    /// AWS credentials as `credential_process` reads them.
    Aws {
        #[command(flatten)]
        server: ServerArgs,
        /// The role, where the policies leave a choice.
        #[arg(long)]
        role: Option<String>,
        /// The policy to use where several grant the same.
        #[arg(long)]
        policy: Option<String>,
    },
}

/// `daypass credential aws`: AWS CLI user guide, "Sourcing credentials with an external process".
pub(super) async fn credential(command: &CredentialCommand, environment: Environment) -> Result<u8, Failure> {
    let CredentialCommand::Aws { server, role, policy } = command;
    let wish = role.as_ref().map_or_else(|| serde_json::json!({"aws": {}}), |role| serde_json::json!({"aws": {"role": role}}));
    let answer = server.connect(environment)?.exchange(&[wish], policy.as_deref()).await?;
    let aws = &answer["credentials"][0]["aws"];
    if !aws["AccessKeyId"].is_string() {
        return Err(Failure::new(STATUS_UNAVAILABLE, "the server's answer holds no AWS credential"));
    }
    print::json(aws);
    Ok(0)
}

#[derive(Args, Debug)]
pub(super) struct WhoamiArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// `daypass whoami`: claims and attributes, never the token.
pub(super) async fn whoami(arguments: &WhoamiArgs, environment: Environment, json: bool) -> Result<u8, Failure> {
    let answer = arguments.server.connect(environment)?.whoami().await?;
    if json {
        print::json(&answer);
        return Ok(0);
    }
    let issuer = answer["issuer"].as_str().unwrap_or_default();
    anstream::println!("{:<16} {issuer}", "issuer");
    for (name, value) in answer["attributes"].as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        anstream::println!("{name:<16} {text}");
    }
    Ok(0)
}
