//! `daypass exec`.

use super::job::ServerArgs;
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::delivery::{Deliveries, Refresh};
use crate::client::environment::Environment;
use crate::client::exec::{self, ExecOptions};
use crate::client::{Failure, Report};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass exec --aws -- terraform apply",
    "daypass exec --env DB=shop/production/db.yaml#/password -- ./migrate.sh",
    "daypass exec --github \"acme/docs contents=read\" -- ./build.sh",
    "daypass exec --refresh --aws -- ./long-deploy.sh",
    "daypass exec --dry-run --aws -- terraform apply",
]))]
pub(super) struct ExecArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    deliveries: Deliveries,
    /// For commands that outlive their credentials: serve AWS credentials on loopback, renew them, and read the secrets of --file again.
    #[arg(long)]
    refresh: bool,
    /// Renew when less than this is left, such as 10m. The default is a third of the life, at most 15m.
    #[arg(long, value_name = "DURATION", value_parser = crate::words::parse_duration)]
    refresh_before: Option<Duration>,
    /// The policy to use where several grant the same.
    #[arg(long)]
    policy: Option<String>,
    /// Let the command keep the job's own token and its variables, for a command that publishes with them.
    #[arg(long)]
    keep_token: bool,
    /// Only ask and print whether all of this would be granted, and run the command unchanged: for a pipeline before its switch.
    #[arg(long)]
    dry_run: bool,
    /// A new file for JSON Lines of what was granted and revoked: decisions and policies, but no credential.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Runs it.
pub(super) async fn run(arguments: ExecArgs, environment: Environment) -> Result<u8, Failure> {
    let server = arguments.server.connect(environment);
    let options = ExecOptions {
        deliveries: arguments.deliveries,
        refresh: Refresh { all: arguments.refresh, ahead: arguments.refresh_before },
        policy: arguments.policy,
        keep_token: arguments.keep_token,
        dry_run: arguments.dry_run,
        report: arguments.report.as_deref().map(Report::create).transpose()?.map(Arc::new),
    };
    exec::run(server, &options, &arguments.command, Progress::of("asking the server")).await
}
