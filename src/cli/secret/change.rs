//! `daypass secret set` and `unset`: change one value of a file, and nothing else in it.

use super::keyring::KeyArgs;
use super::target::{Target, finish, finish_value};
use super::{clear, creation, read_plaintext};
use crate::cli::examples::examples;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{FileKind, encrypt_at, is_armored, look};
use crate::words::{Clock, PlainPath, Secret, SystemClock};
use clap::Args;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass secret set secrets/shop/db.yaml#/password < new-password",
    "daypass secret set secrets/shop/db.yaml#/ports --json < ports.json",
]))]
pub(in crate::cli) struct SetArgs {
    /// The file, and in a SOPS file the value's JSON pointer: secrets/shop/db.yaml#/password. The value is read from standard
    /// input, without its last line end.
    target: String,
    /// The value is JSON: a number, true, a list, a mapping.
    #[arg(long)]
    json: bool,
    /// Keep the value's last line end.
    #[arg(long, conflicts_with = "json")]
    exact: bool,
    /// Allow an empty value. Without this, an empty standard input is refused: mostly a command before it has failed.
    #[arg(long, conflicts_with = "json")]
    empty: bool,
    /// For an age file: a recipient; without any, .sops.yaml or --config names them.
    #[arg(long = "recipient", short = 'r')]
    recipients: Vec<String>,
    #[command(flatten)]
    keys: KeyArgs,
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass secret unset secrets/shop/db.yaml#/old_password",
    "daypass secret unset secrets/shop/db.yaml#/old_password --identity age.key",
]))]
pub(in crate::cli) struct UnsetArgs {
    /// The file and the value's JSON pointer: secrets/shop/db.yaml#/password.
    target: String,
    #[command(flatten)]
    keys: KeyArgs,
}

/// Sets one value.
pub(super) async fn set(arguments: &SetArgs, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let target = Target::parse(&arguments.target)?;
    let bytes = target.bytes()?;
    let mut value = read_plaintext(None)?;
    if !arguments.exact {
        value = without_line_end(value);
    }
    if value.expose().is_empty() && !arguments.empty {
        let message = "nothing came on standard input; --empty sets an empty value";
        return Err(Failure::new(STATUS_USAGE, format!("{}: {message}", target.file.plain())));
    }
    let mut added = None;
    let failure = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", target.file.plain()));
    let changed = match (look(&target.path, &bytes).map_err(|fault| failure(fault.to_string()))?, &target.pointer) {
        (FileKind::Age(_), None) => {
            let creation = creation::of_path(&target.file, &arguments.recipients, &arguments.keys).await?;
            encrypt_at(value.expose(), creation.recipients(), is_armored(&bytes), creation.path())
                .map_err(|fault| failure(fault.to_string()))?
        }
        (FileKind::Age(_), Some(_)) => return Err(failure("an age file is one value: leave `#/…` out".to_owned())),
        (FileKind::Plain, _) => return Err(failure("the file is not encrypted: `daypass secret encrypt` does that".to_owned())),
        (FileKind::Sops(sops), None) if sops.is_one_value() && !arguments.json => target
            .open(&bytes, &arguments.keys, environment)
            .await?
            .edit(&value, SystemClock.now())
            .map_err(|fault| failure(fault.to_string()))?,
        (FileKind::Sops(sops), None) if sops.is_one_value() => {
            return Err(failure("the file is one value, which is no JSON".to_owned()));
        }
        (FileKind::Sops(sops), Some(_)) if sops.is_one_value() => {
            return Err(failure("the file is one value: leave `#/…` out".to_owned()));
        }
        (FileKind::Sops(_), None) => return Err(failure("say which value: FILE#/key".to_owned())),
        (FileKind::Sops(sops), Some(pointer)) => {
            added = Some(pointer.as_str()).filter(|pointer| !sops.has(pointer));
            let document = target.open(&bytes, &arguments.keys, environment).await?;
            let now = SystemClock.now();
            let set = if arguments.json { document.set(pointer, &value, now) } else { document.set_text(pointer, &value, now) };
            let changed = set.map_err(|fault| failure(fault.to_string()))?;
            clear::report_value(&target.file, &target.path, pointer, &changed);
            changed
        }
    };
    finish_value(&target.file, &bytes, &changed, added, json)
}

/// Removes one value.
pub(super) async fn unset(arguments: &UnsetArgs, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let target = Target::parse(&arguments.target)?;
    let failure = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", target.file.plain()));
    let pointer = target.pointer.as_deref().ok_or_else(|| failure("say which value: FILE#/key".to_owned()))?;
    let bytes = target.bytes()?;
    let document = target.open(&bytes, &arguments.keys, environment).await?;
    let changed = document.unset(pointer, SystemClock.now()).map_err(|fault| failure(fault.to_string()))?;
    finish(&target.file, &bytes, &changed, json)
}

fn without_line_end(value: Secret) -> Secret {
    let bytes = value.expose();
    let kept = bytes.strip_suffix(b"\n").map(|rest| rest.strip_suffix(b"\r").unwrap_or(rest));
    match kept {
        Some(kept) => Secret::new(kept.to_vec()),
        None => value,
    }
}
