//! `daypass secret`: get one through the server, encrypt one for Git.

mod keys;

use super::job::ServerArgs;
use crate::client::answer::secret_value;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{self, encrypt};
use crate::words::names::{SecretName, SecretPath};
use crate::words::{Clock, Secret, SystemClock};
use clap::Subcommand;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;

/// What `encrypt` takes in: more than the server would open is refused early.
const PLAINTEXT_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Subcommand, Debug)]
pub(super) enum SecretCommand {
    /// Print a secret that this job may read.
    Get {
        #[command(flatten)]
        server: ServerArgs,
        /// The secret, such as shop/production/db.yaml#/password.
        #[arg(value_parser = SecretName::parse)]
        name: SecretName,
        /// The policy to use where several grant the same.
        #[arg(long)]
        policy: Option<String>,
    },
    /// Encrypt a file or standard input to age recipients: whole, or with --sops each value of it on its own.
    Encrypt {
        /// Write a SOPS file; the name of --to or of the input tells its format (.yaml, .json, .env). Comments are left out.
        #[arg(long)]
        sops: bool,
        /// A recipient, age1…, age1pq1… or an SSH public key; several may be given.
        #[arg(long = "recipient", short = 'r', required = true)]
        recipients: Vec<String>,
        /// The file to read; standard input otherwise.
        input: Option<PathBuf>,
        /// The file to write; standard output otherwise.
        #[arg(long = "to", short = 'o')]
        to: Option<PathBuf>,
    },
    /// Make an age identity for a source, and print its recipient.
    Keygen(keys::KeygenArgs),
    /// Print an identity by which age, rage and sops ask a server for the key of each file (age-plugin-daypass).
    PluginIdentity(keys::PluginArgs),
}

/// Runs one of them.
pub(super) async fn run(command: &SecretCommand, environment: Environment, json: bool) -> Result<u8, Failure> {
    match command {
        SecretCommand::Keygen(arguments) => keys::generate(arguments),
        SecretCommand::PluginIdentity(arguments) => keys::plugin_identity(arguments),
        SecretCommand::Get { server, name, policy } => {
            let wish = serde_json::json!({ "secret": name.to_string() });
            let answer = server.connect(environment)?.exchange(&[wish], policy.as_deref()).await?;
            if json {
                super::print::json(&answer);
                return Ok(0);
            }
            write_value(secret_value(&answer["credentials"][0])?.expose())
        }
        SecretCommand::Encrypt { sops, recipients, input, to } => {
            let plain = read_plaintext(input.as_ref())?;
            let encrypted = if *sops {
                encrypt_document(&plain, to.as_ref().or(input.as_ref()), recipients)
            } else {
                encrypt(plain.expose(), recipients, true)
            };
            let encrypted = encrypted.map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
            match to {
                Some(path) => std::fs::write(path, encrypted).map(|()| 0).map_err(unusable),
                None => write_value(&encrypted),
            }
        }
    }
}

fn encrypt_document(plain: &Secret, named: Option<&PathBuf>, recipients: &[String]) -> Result<Vec<u8>, String> {
    let name = named.and_then(|path| path.file_name()?.to_str()).ok_or("--sops needs a file's name, by --to or as input")?;
    secrets::encrypt_document(&SecretPath::parse(name)?, plain.expose(), recipients, SystemClock.now())
}

fn read_plaintext(input: Option<&PathBuf>) -> Result<Secret, Failure> {
    let mut bytes = Vec::new();
    match input {
        Some(path) => std::fs::File::open(path).map_err(unusable)?.take(PLAINTEXT_BYTES_MAX + 1).read_to_end(&mut bytes),
        None => std::io::stdin().lock().take(PLAINTEXT_BYTES_MAX + 1).read_to_end(&mut bytes),
    }
    .map_err(unusable)?;
    let plain = Secret::new(bytes);
    if plain.expose().len() as u64 > PLAINTEXT_BYTES_MAX {
        return Err(Failure::new(STATUS_USAGE, "a secret is at most 1 MiB"));
    }
    Ok(plain)
}

/// The bytes as they are; on a terminal a line end follows, so that the prompt does not stick to them.
fn write_value(bytes: &[u8]) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).map_err(unusable)?;
    if std::io::stdout().is_terminal() && !bytes.ends_with(b"\n") {
        out.write_all(b"\n").map_err(unusable)?;
    }
    out.flush().map(|()| 0).map_err(unusable)
}

fn unusable(fault: std::io::Error) -> Failure {
    Failure::new(STATUS_CONFIGURATION, fault.to_string())
}
