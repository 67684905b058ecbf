//! The command line. Each command is a few lines that call a room; what it prints goes through one pair of functions.

mod age_plugin;
mod audit;
mod aws;
mod azure;
mod bootstrap;
mod completions;
mod credential;
mod deny;
mod doctor;
mod examples;
mod exec;
mod gcp;
mod job;
mod keys;
mod misuse;
mod operate;
mod policy;
mod print;
mod progress;
mod reached;
mod secret;
mod serve;
mod sidecar;
mod transit;

use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_UNAVAILABLE, STATUS_USAGE};
use clap::builder::Resettable;
use clap::{Args, Parser, Subcommand, ValueEnum};
use examples::examples;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Builder;

/// The machine does not give what every program needs (EX_SOFTWARE).
const STATUS_SOFTWARE: u8 = 70;
/// How long the program waits at its end for threads that still read.
const STOP_MAX: Duration = Duration::from_secs(1);

/// CI jobs get a day pass, never a key.
#[derive(Parser, Debug)]
#[command(name = "daypass", version, about, propagate_version = true)]
#[command(after_help = examples(&[
    "daypass doctor --config daypass.yaml",
    "daypass policy check --config daypass.yaml --folder .",
    "daypass exec --aws --env DB=shop/production/db.yaml#/password -- ./deploy.sh",
]))]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How to print.
    #[arg(long, global = true, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// For machines.
    Json,
    /// For a comment on a pull request. Only `policy diff` and `policy replay` have it.
    Markdown,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run a complete demo on this machine; it needs nothing outside of it.
    Demo(DemoArgs),
    /// Run the server.
    Serve(serve::ServeArgs),
    /// Fetch a source, as a child process of the server, which writes the order to its standard input.
    #[command(hide = true)]
    GitFetch,
    /// Run a command with credentials and secrets around it.
    Exec(Box<exec::ExecArgs>),
    /// Print one credential in the form a tool asks for.
    #[command(subcommand)]
    #[command(after_help = examples(&[
        "daypass credential aws",
        "daypass credential kubernetes --audience https://cluster.acme.com",
    ]))]
    Credential(credential::CredentialCommand),
    /// Keep a pod's secrets as files in memory, as long as they are granted.
    Sidecar(sidecar::SidecarArgs),
    /// Show what a server sees in this job's token.
    Whoami(job::WhoamiArgs),
    /// Read and encrypt secrets.
    #[command(subcommand)]
    #[command(after_help = examples(&[
        "daypass secret edit secrets/shop/db.yaml",
        "daypass secret get \"shop/db.yaml#/password\"",
        "daypass secret updatekeys --identity root.key --commit",
    ]))]
    Secret(secret::SecretCommand),
    /// Make transit keys and their versions.
    #[command(subcommand)]
    #[command(after_help = examples(&["daypass transit create shop/backup --recipient \"$(cat root.recipient)\""]))]
    Transit(transit::TransitCommand),
    /// Check, test and explain trust policies.
    #[command(subcommand)]
    #[command(after_help = examples(&[
        "daypass policy check --config daypass.yaml --folder .",
        "daypass policy explain --decision 4f2a9c1d --config daypass.yaml",
        "daypass policy diff origin/main...HEAD --config daypass.yaml --repository .",
    ]))]
    Policy(policy::PolicyCommand),
    /// Print the one-time setup of an AWS account.
    #[command(subcommand)]
    #[command(after_help = examples(&["daypass aws bootstrap --config daypass.yaml --format terraform > daypass.tf.json"]))]
    Aws(aws::AwsCommand),
    /// Print the one-time setup of Microsoft Entra ID.
    #[command(subcommand)]
    #[command(after_help = examples(&["daypass azure bootstrap --config daypass.yaml --format terraform > daypass.tf.json"]))]
    Azure(azure::AzureCommand),
    /// Print the one-time setup of Google Cloud.
    #[command(subcommand)]
    #[command(after_help = gcp::example())]
    Gcp(gcp::GcpCommand),
    /// Deny at once, without Git: a policy, a repository, an issuer or a run.
    Deny(deny::DenyArgs),
    /// Revoke what a decision gave, as far as it can be revoked.
    Revoke(operate::RevokeArgs),
    /// Accept a commit although the history was rewritten.
    #[command(after_help = examples(&[
        "daypass accept 4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b --config daypass.yaml",
        "daypass accept 4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b --source team-a --config daypass.yaml",
    ]))]
    Accept(operate::AcceptArgs),
    /// Let the held changes of a commit go live, where `rollout` holds changes that widen access.
    #[command(after_help = examples(&[
        "daypass confirm 4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b --config daypass.yaml",
        "daypass confirm 4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b --source team-a --config daypass.yaml",
    ]))]
    Confirm(operate::AcceptArgs),
    /// Accept the wall clock after it was set, instead of waiting until the server trusts it.
    #[command(after_help = examples(&["daypass accept-clock --config daypass.yaml"]))]
    AcceptClock(operate::Server),
    /// Show the revision in force, what is wrong with it, and what is denied.
    #[command(after_help = examples(&[
        "daypass status --config daypass.yaml",
        "daypass status --config daypass.yaml --output json",
    ]))]
    Status(operate::Server),
    /// The keys of the server's own issuers, and identity files under AWS KMS.
    #[command(subcommand)]
    #[command(after_help = examples(&[
        "daypass keys list --config daypass.yaml",
        "daypass keys publish --to /srv/oidc --config daypass.yaml",
    ]))]
    Keys(keys::KeysCommand),
    /// Find what keeps a server or a job from working, and say what to do.
    Doctor(doctor::DoctorArgs),
    /// Read the audit log.
    #[command(subcommand)]
    #[command(after_help = examples(&[
        "daypass audit tail --config daypass.yaml --follow",
        "daypass audit query --config daypass.yaml --since 24h --count-by code",
    ]))]
    Audit(audit::AuditCommand),
    /// Print a shell's completion script for this program.
    Completions(completions::CompletionsArgs),
    /// Write a man page for every command.
    Man(completions::ManArgs),
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass demo",
    "daypass demo --step",
    "daypass demo --aws-endpoint http://127.0.0.1:4566",
]))]
struct DemoArgs {
    /// The address of an AWS emulator; without one the demo leaves the AWS part out, and says so.
    #[arg(long, env = "DAYPASS_DEMO_AWS_ENDPOINT")]
    aws_endpoint: Option<String>,
    /// The AWS CLI that makes the calls.
    #[arg(long, env = "DAYPASS_DEMO_AWS_CLI", default_value = "aws")]
    aws_cli: PathBuf,
    /// Wait for Enter between the chapters.
    #[arg(long)]
    step: bool,
}

/// Parses the arguments and runs the command.
pub fn main() -> ExitCode {
    crate::telemetry::harden();
    if let Some(status) = age_plugin::run_if_called() {
        return status;
    }
    let cli = match parse::<Cli>(credential::arguments(std::env::args_os().collect())) {
        Ok(cli) => cli,
        Err(fault) => return misuse::print(fault),
    };
    // The command that `exec` runs gets its own limit back.
    if !matches!(cli.command, Command::Exec(_)) {
        crate::telemetry::forbid_core_dumps();
    }
    crate::telemetry::install_crypto();
    if cli.output != Output::Json {
        progress::allow();
    }
    // A sidecar is one of very many: it has one thread, and the memory of one.
    let runtime = match cli.command {
        Command::Sidecar(_) => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    finish(runtime, cli.output == Output::Json, run(cli))
}

/// The entry point of the sidecar's own binary, whose one command is `sidecar`.
pub fn sidecar_main() -> ExitCode {
    crate::telemetry::harden();
    crate::telemetry::forbid_core_dumps();
    match parse::<sidecar::SidecarBinary>(std::env::args_os().collect()) {
        Ok(alone) => {
            crate::telemetry::install_tls();
            finish(Builder::new_current_thread(), false, sidecar::run(alone.arguments(), Environment::of_process()))
        }
        Err(fault) => misuse::print(fault),
    }
}

/// Parses the command line, and the environment's variables that are not empty.
fn parse<P: Parser>(arguments: Vec<OsString>) -> Result<P, clap::Error> {
    let mut command = of_environment(P::command(), &Environment::of_process());
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    P::from_arg_matches_mut(&mut matches).map_err(|fault| fault.format(&mut command))
}

/// How a command takes variables. CIs pass unset ones as empty ones, so an empty variable counts as unset. A help page names variables and
/// shows no value: a value may be a secret, or a line that a CI's runner takes for a command.
fn of_environment(command: clap::Command, environment: &Environment) -> clap::Command {
    let is_empty = |name: &OsStr| name.to_str().is_some_and(|name| environment.is_empty(name));
    let command = command.mut_args(|arg| {
        let arg = if arg.get_env().is_some_and(is_empty) { arg.env(Resettable::Reset) } else { arg };
        arg.hide_env_values(true)
    });
    command.mut_subcommands(|below| of_environment(below, environment))
}

fn finish(mut runtime: Builder, json: bool, work: impl Future<Output = Result<u8, Failure>>) -> ExitCode {
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(fault) => return print::failed(&Failure::new(STATUS_SOFTWARE, format!("the runtime does not start: {fault}"))),
    };
    let outcome = runtime.block_on(work);
    // A thread that still reads a commit or a file changes nothing, but would keep a stopping server from ending.
    runtime.shutdown_timeout(STOP_MAX);
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            if json {
                print::json(&failure.document());
            }
            // A program that reads both streams as one gets the failure once.
            if json && print::streams_are_one() { ExitCode::from(failure.status) } else { print::failed(&failure) }
        }
    }
}

async fn run(cli: Cli) -> Result<u8, Failure> {
    let environment = Environment::of_process();
    let json = cli.output == Output::Json;
    if cli.output == Output::Markdown && !matches!(&cli.command, Command::Policy(command) if command.has_markdown()) {
        let message = "only `policy diff` and `policy replay` have a form in Markdown";
        return Err(Failure::new(STATUS_USAGE, message));
    }
    match cli.command {
        Command::Demo(arguments) => {
            let demo =
                crate::demo::Demo { aws_endpoint: arguments.aws_endpoint, aws_cli: arguments.aws_cli, step: arguments.step };
            demo.run().await.map(|()| 0)
        }
        Command::Serve(arguments) => serve::run(&arguments, &environment).await,
        Command::GitFetch => crate::git::execute_order().map(|()| 0).map_err(|fault| Failure::new(STATUS_UNAVAILABLE, fault)),
        Command::Exec(arguments) => exec::run(*arguments, environment).await,
        Command::Credential(command) => credential::run(&command, environment).await,
        Command::Sidecar(arguments) => sidecar::run(arguments, environment).await,
        Command::Whoami(arguments) => job::whoami(&arguments, environment, json).await,
        Command::Secret(command) => secret::run(&command, environment, json).await,
        Command::Transit(command) => transit::run(&command, json),
        Command::Policy(command) => policy::run(&command, environment, cli.output).await,
        Command::Aws(command) => aws::run(&command),
        Command::Azure(command) => azure::run(&command),
        Command::Gcp(command) => gcp::run(&command),
        Command::Deny(arguments) => deny::run(&arguments, &environment, json).await,
        Command::Revoke(arguments) => operate::revoke(&arguments, json).await,
        Command::Accept(arguments) => operate::accept(&arguments, json).await,
        Command::Confirm(arguments) => operate::confirm(&arguments, json).await,
        Command::AcceptClock(server) => operate::accept_clock(&server, json).await,
        Command::Status(server) => operate::status(&server, json).await,
        Command::Keys(command) => keys::run(&command, json).await,
        Command::Doctor(arguments) => doctor::run(&arguments, environment, json).await,
        Command::Audit(command) => audit::run(&command, &environment, json).await,
        Command::Completions(arguments) => completions::print(&arguments),
        Command::Man(arguments) => completions::write_pages(&arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::sync::mpsc::channel;

    /// Without a bound this test never ends.
    #[test]
    fn a_thread_that_still_reads_does_not_keep_the_program_from_ending() {
        let (_open, never) = channel::<()>();
        let work = async {
            tokio::task::spawn_blocking(move || never.recv());
            Ok(7)
        };
        assert_eq!(finish(Builder::new_current_thread(), false, work), ExitCode::from(7));
    }

    #[test]
    fn a_help_page_names_a_variable_and_shows_no_value() {
        let page = |command: clap::Command| of_environment(command, &Environment::default()).render_long_help().to_string();
        let process = Environment::of_process();
        let path = process.value("PATH").unwrap();
        let shown = page(clap::Command::new("x").arg(clap::Arg::new("path").long("path").env("PATH")));
        assert!(shown.contains("[env: PATH]") && !shown.contains(path), "{shown}");
        fn all_hide(command: &clap::Command) -> bool {
            let hides = |arg: &clap::Arg| arg.get_env().is_none() || arg.is_hide_env_values_set();
            command.get_arguments().all(hides) && command.get_subcommands().all(all_hide)
        }
        assert!(all_hide(&of_environment(Cli::command(), &Environment::default())));
        assert!(all_hide(&of_environment(sidecar::SidecarBinary::command(), &Environment::default())));
    }
}
