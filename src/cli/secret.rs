//! `daypass secret`: gets a secret through the server; makes, changes and checks the encrypted files in Git.

mod change;
mod clear;
mod creation;
mod decrypt;
mod edit;
mod hook;
mod import;
mod in_force;
mod keyring;
mod keys;
mod not_rewritten;
mod place;
mod planned;
mod served;
mod status;
mod target;
mod tree;
mod work;

use super::job::ServerArgs;
use super::print;
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::checkout::replace;
use crate::client::delivery::{SecretRequest, only_secret};
use crate::client::environment::Environment;
use crate::client::request::Request;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{self, FILE_BYTES_MAX, PLAINTEXT_BYTES_MAX, Rewrite, SecretError, encrypt_at};
use crate::words::names::{CommitId, SecretName};
use crate::words::{Clock, PlainPath, Secret, SystemClock, read_named};
use clap::{Args, Subcommand};
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;

#[derive(Subcommand, Debug)]
pub(super) enum SecretCommand {
    /// Print a secret that this job may read.
    #[command(after_help = examples(&[
        "daypass secret get \"shop/production/db.yaml#/password\"",
        "daypass secret get \"shop/production/db.yaml#/password\" --output json",
    ]))]
    Get {
        #[command(flatten)]
        server: ServerArgs,
        /// The secret, such as shop/production/db.yaml#/password.
        #[arg(value_parser = target::secret_name)]
        name: SecretName,
        /// The secret's value at this commit, an ancestor of the one in force. A policy has to say `history: allow`.
        #[arg(long, value_parser = CommitId::parse, value_name = "SHA")]
        commit: Option<CommitId>,
        /// The policy to use where several grant the same.
        #[arg(long)]
        policy: Option<String>,
    },
    /// Encrypt a file or standard input to age recipients: whole, or with --sops each value of it on its own.
    Encrypt(EncryptArgs),
    /// Encrypt a KV export, read from standard input, as a SOPS file.
    Import(import::ImportArgs),
    /// Change one value of an encrypted file; it is read from standard input.
    Set(change::SetArgs),
    /// Remove one value of a SOPS file.
    Unset(change::UnsetArgs),
    /// Print the plaintext of an encrypted file, with a key that opens it.
    Decrypt(decrypt::DecryptArgs),
    /// Change an encrypted file in $EDITOR; the plaintext is only in memory.
    Edit(edit::EditArgs),
    /// Check the encrypted files of a checkout: their recipients, and files that are stale, readable or granted to nobody.
    Status(status::StatusArgs),
    /// Refuse a commit that contains a plaintext: for Git's pre-commit hook.
    Hook(hook::HookArgs),
    /// Encrypt every file of a checkout to today's recipients.
    #[command(name = "updatekeys")]
    #[command(after_help = examples(&[
        "daypass secret updatekeys --identity age.key --commit",
        "daypass secret updatekeys secrets/shop --config /etc/daypass/daypass.yaml",
    ]))]
    UpdateKeys(tree::TreeArgs),
    /// Give every file of a checkout a new data key, for today's recipients alone.
    #[command(after_help = examples(&[
        "daypass secret rotate --identity age.key --commit",
        "daypass secret rotate secrets/shop/db.yaml --config /etc/daypass/daypass.yaml",
    ]))]
    Rotate(tree::TreeArgs),
    /// Make an age identity for a source, and print its recipient.
    Keygen(keys::KeygenArgs),
    /// Print an identity by which age, rage and sops ask a server for the key of each file (age-plugin-daypass).
    PluginIdentity(keys::PluginArgs),
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass secret encrypt --sops plain.yaml --to secrets/shop/db.yaml",
    "daypass secret encrypt --recipient \"$(cat age.recipient)\" server.pem --to secrets/shop/server.pem.age",
]))]
pub(super) struct EncryptArgs {
    /// Write a SOPS file. Its format follows from the name of --to or of the input (.yaml, .json, .env, .ini).
    #[arg(long)]
    sops: bool,
    /// A recipient, age1…, age1pq1… or an SSH public key; several may be given. Without any, the nearest .sops.yaml above the
    /// file, or the source of --config, names them.
    #[arg(long = "recipient", short = 'r')]
    recipients: Vec<String>,
    /// The file to read; without it, standard input.
    input: Option<PathBuf>,
    /// The file to write; without it, standard output.
    #[arg(long = "to", short = 'o')]
    to: Option<PathBuf>,
    /// Overwrite an existing file, whose content is lost.
    #[arg(long, requires = "to")]
    force: bool,
    #[command(flatten)]
    keys: keyring::KeyArgs,
}

/// Runs one of them.
pub(super) async fn run(command: &SecretCommand, environment: Environment, json: bool) -> Result<u8, Failure> {
    match command {
        SecretCommand::Encrypt(arguments) => encrypt_file(arguments).await,
        SecretCommand::Import(arguments) => import::run(arguments, json).await,
        SecretCommand::Set(arguments) => change::set(arguments, &environment, json).await,
        SecretCommand::Unset(arguments) => change::unset(arguments, &environment, json).await,
        SecretCommand::Status(arguments) => status::run(arguments, &environment, json).await,
        SecretCommand::Hook(arguments) => hook::run(arguments, json),
        SecretCommand::UpdateKeys(arguments) => tree::run(arguments, Rewrite::UpdateKeys, &environment, json).await,
        SecretCommand::Rotate(arguments) => tree::run(arguments, Rewrite::Rotate, &environment, json).await,
        SecretCommand::Decrypt(arguments) => decrypt::run(arguments, &environment, json).await,
        SecretCommand::Edit(arguments) => edit::edit(arguments, &environment, json).await,
        SecretCommand::Keygen(arguments) => keys::generate(arguments),
        SecretCommand::PluginIdentity(arguments) => keys::plugin_identity(arguments),
        SecretCommand::Get { server, name, commit, policy } => {
            let now = || SecretRequest(name.clone()).body();
            let past = |commit| serde_json::json!({ "secret_at": { "commit": commit, "secret": name.to_string() } });
            let wish = commit.as_ref().map_or_else(now, past);
            let progress = Progress::of("asking the server");
            let answer = server.connect(environment)?.exchange(&[wish], policy.as_deref()).await?;
            drop(progress);
            if json {
                print::json(&serde_json::json!(answer));
                return Ok(0);
            }
            write_value(only_secret(&answer)?.expose())
        }
    }
}

async fn encrypt_file(arguments: &EncryptArgs) -> Result<u8, Failure> {
    let usage = |fault: String| Failure::new(STATUS_USAGE, fault);
    let in_place = arguments.to.is_some() && arguments.to == arguments.input;
    if let Some(to) = arguments.to.as_deref().filter(|to| to.exists() && !arguments.force && !in_place) {
        let message = "is there already: `daypass secret edit` or `secret set` changes it, and --force overwrites it";
        return Err(usage(format!("{} {message}", to.plain())));
    }
    let named = arguments.to.as_ref().or(arguments.input.as_ref());
    let location = named.cloned().unwrap_or_else(|| PathBuf::from("standard-input"));
    let creation = creation::of_path(&location, &arguments.recipients, &arguments.keys).await?;
    // The path behind standard output is not known.
    let creation = creation.at(arguments.to.as_deref().and_then(creation::repository_path));
    let plain = read_plaintext(arguments.input.as_ref())?;
    let encrypted = if arguments.sops {
        let named = named.ok_or_else(|| usage("--sops needs a file's name, by --to or as input".to_owned()))?;
        let path = target::path_of(named)?;
        let encrypted = secrets::encrypt_document_with(&path, plain.expose(), &creation, SystemClock.now());
        let before = arguments.to.as_deref().filter(|to| to.is_file()).and_then(|to| read_named(to, FILE_BYTES_MAX).ok());
        let is_spoiled = arguments.to.is_none() && print::streams_are_one() && !std::io::stdout().is_terminal();
        if let (Ok(encrypted), false) = (&encrypted, is_spoiled) {
            clear::report_document(named, &path, &before.unwrap_or_default(), encrypted);
        }
        encrypted.map_err(SecretError::from)
    } else {
        encrypt_at(plain.expose(), creation.recipients(), true, creation.path()).map_err(SecretError::from)
    };
    let encrypted = encrypted.map_err(|fault| usage(fault.to_string()))?;
    match &arguments.to {
        Some(path) => replace(path, &encrypted).map(|()| 0),
        None => write_value(&encrypted),
    }
}

/// Reads the plaintext. More than the server would open is refused here already.
fn read_plaintext(input: Option<&PathBuf>) -> Result<Secret, Failure> {
    if let Some(path) = input {
        let refused = |fault| Failure::new(STATUS_USAGE, format!("{}: {fault}", path.plain()));
        return read_named(path, PLAINTEXT_BYTES_MAX).map(Secret::new).map_err(refused);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(PLAINTEXT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unusable)?;
    let plain = Secret::new(bytes);
    if plain.expose().len() > PLAINTEXT_BYTES_MAX {
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
