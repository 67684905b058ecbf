//! `daypass sidecar`.

use crate::cli::examples::examples;
use crate::client::environment::Environment;
use crate::client::sidecar::{self, RunOptions, Settings};
use crate::client::{Failure, STATUS_USAGE};
use clap::{Args, Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The first line of its help.
const ABOUT: &str = "The sidecar of daypass. This binary has no other command; the complete program has them.";

/// The command line of the sidecar's own binary. It is the same as in the complete program, so that an image may have either one
/// as `daypass`.
#[derive(Parser, Debug)]
#[command(name = "daypass", version, about = ABOUT, propagate_version = true)]
#[command(after_help = examples(&["daypass sidecar --config /etc/daypass/sidecar.yaml"]))]
pub(super) struct SidecarBinary {
    #[command(subcommand)]
    command: SidecarOnly,
}

#[derive(Subcommand, Debug)]
enum SidecarOnly {
    /// Keep a pod's secrets as files in memory, as long as they are granted.
    Sidecar(SidecarArgs),
}

impl SidecarBinary {
    pub(super) fn arguments(self) -> SidecarArgs {
        let SidecarOnly::Sidecar(arguments) = self.command;
        arguments
    }
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass sidecar --config /etc/daypass/sidecar.yaml",
    "daypass sidecar --config /etc/daypass/sidecar.yaml --once --wait 2m",
    "daypass sidecar --config /etc/daypass/sidecar.yaml --check",
]))]
pub(super) struct SidecarArgs {
    /// The sidecar's configuration; without it the text of DAYPASS_SIDECAR is read.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Write the files once and end: for an init container.
    #[arg(long, conflicts_with = "check")]
    once: bool,
    /// Check whether every file is there, and end: for an exec probe.
    #[arg(long)]
    check: bool,
    /// With --once, try again for this long while the server cannot be reached, such as 5m.
    #[arg(long, default_value = "0s", value_parser = crate::words::parse_duration)]
    wait: Duration,
    /// Allow a folder that is not in memory. For tests and development: secrets reach a disk.
    #[arg(long)]
    allow_disk: bool,
    /// What to log, such as `info` or `daypass=debug`.
    #[arg(long, env = "DAYPASS_LOG", default_value = "info")]
    log: String,
}

/// The variable that holds a configuration.
const TEXT: &str = "DAYPASS_SIDECAR";

/// Keeps a pod's secrets as files in memory.
pub(super) async fn run(arguments: SidecarArgs, environment: Environment) -> Result<u8, Failure> {
    let settings = match (&arguments.config, environment.value(TEXT)) {
        (Some(path), _) => Settings::load(path)?,
        (None, Some(text)) => Settings::parse(TEXT, text.as_bytes(), Path::new("/"))?,
        (None, None) => return Err(Failure::new(STATUS_USAGE, format!("name the configuration: --config or {TEXT}"))),
    };
    if arguments.check {
        return sidecar::check(&settings);
    }
    crate::telemetry::log(&arguments.log).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    let manner = RunOptions { wait: arguments.wait, allow_disk: arguments.allow_disk };
    match arguments.once {
        true => sidecar::once(settings, manner, environment).await,
        false => sidecar::run(settings, manner, environment).await,
    }
}
