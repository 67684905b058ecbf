//! `secret import`: encrypts a KV export from standard input as a SOPS file. Its plaintext goes to no disk, and no value is printed.

use super::keyring::KeyArgs;
use super::{creation, target};
use crate::cli::examples::examples;
use crate::cli::print;
use crate::client::checkout::{create, replace};
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{Export, ExportForm, encrypt_document_with};
use crate::words::{Clock, PlainPath, SystemClock, plain};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass secret import --from vault --to secrets/shop/db.yaml < <(vault kv get -format=json secret/shop/db)",
    "daypass secret import --from dotenv --to secrets/shop/web.env < .env",
]))]
pub(in crate::cli) struct ImportArgs {
    /// The format of standard input.
    #[arg(long, value_enum)]
    from: ImportFormat,
    /// The file to write, below secrets/. Its format follows from its ending (.yaml, .json, .env).
    #[arg(long = "to", short = 'o', value_name = "FILE")]
    to: PathBuf,
    /// Overwrite an existing file.
    #[arg(long)]
    force: bool,
    /// A recipient, age1…, age1pq1… or an SSH public key; several may be given. Without any, the nearest .sops.yaml above the
    /// file, or the source of --config, names them.
    #[arg(long = "recipient", short = 'r')]
    recipients: Vec<String>,
    #[command(flatten)]
    keys: KeyArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ImportFormat {
    /// What `vault kv get -format=json` or `bao kv get -format=json` prints, of KV version 1 or 2.
    Vault,
    /// An object of names and values.
    Json,
    /// Lines of NAME=value.
    Dotenv,
}

/// Imports the values. If anything is refused, nothing is written.
pub(super) async fn run(arguments: &ImportArgs, json: bool) -> Result<u8, Failure> {
    let file = arguments.to.as_path();
    let path = target::path_of(file)?;
    if std::io::stdin().is_terminal() {
        return Err(Failure::new(
            STATUS_USAGE,
            "the export is read from standard input: `vault kv get -format=json … | daypass secret import …`",
        ));
    }
    let is_there = file.symlink_metadata().is_ok();
    if is_there && !arguments.force {
        return Err(Failure::new(STATUS_USAGE, format!("{} is there already: --force overwrites it", file.plain())));
    }
    let form = match arguments.from {
        ImportFormat::Vault => ExportForm::Vault,
        ImportFormat::Json => ExportForm::Json,
        ImportFormat::Dotenv => ExportForm::Dotenv,
    };
    let refused = |fault: String| Failure::new(STATUS_USAGE, fault);
    let input = super::read_plaintext(None)?;
    let export = Export::read(form, &input).map_err(|fault| refused(fault.to_string()))?;
    let text = export.text(&path).map_err(|fault| refused(fault.to_string()))?;
    let creation = creation::of_path(file, &arguments.recipients, &arguments.keys).await?;
    let encrypted = encrypt_document_with(&path, text.expose(), &creation, SystemClock.now());
    let encrypted = encrypted.map_err(|fault| refused(fault.to_string()))?;
    let in_clear = super::clear::left_in_clear(&path, &encrypted);
    if let Some(reason) = in_clear {
        return Err(refused(format!("{reason}: rename these, or change the rule; nothing is written")));
    }
    if is_there {
        replace(file, &encrypted)?
    } else {
        let failed = |fault| Failure::new(STATUS_CONFIGURATION, format!("{} is not written: {fault}", file.plain()));
        create(file, &encrypted).map_err(failed)?
    }
    print(file, &export, is_there, json);
    Ok(0)
}

fn print(file: &Path, export: &Export, replaced: bool, json: bool) {
    let values = export.count();
    if json {
        print::json(&json!({ "file": file, "values": values, "replaced": replaced, "left_out": export.left_out }));
        return;
    }
    let what = if values == 1 { "value" } else { "values" };
    anstream::println!("{}: {values} {what} encrypted", file.plain());
    export.left_out.iter().for_each(|left_out| anstream::println!("  left out: {}", plain(&left_out.to_string())));
}
