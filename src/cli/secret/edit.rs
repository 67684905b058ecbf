//! `daypass secret edit`: an encrypted file in a person's editor.

use super::keyring::KeyArgs;
use super::target::{Target, finish, path_of};
use super::{clear, creation, unusable};
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::checkout::read_if_there;
use crate::client::editor::Desk;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, note};
use crate::secrets::{
    AgeError, FileKind, SopsError, Unauthenticated, decrypt_key, encrypt_at, encrypt_document_with, is_armored, look,
};
use crate::words::{Clock, PlainPath, Secret, SystemClock};
use clap::Args;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass secret edit secrets/shop/db.yaml",
    "daypass secret edit secrets/shop/db.yaml --identity age.key",
]))]
pub(in crate::cli) struct EditArgs {
    /// The file. It is made if it does not exist.
    file: PathBuf,
    /// For an age file or a new one: a recipient; without any, .sops.yaml or --config names them.
    #[arg(long = "recipient", short = 'r')]
    recipients: Vec<String>,
    #[command(flatten)]
    keys: KeyArgs,
}

/// Opens a file in the person's editor.
pub(super) async fn edit(arguments: &EditArgs, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let target = Target { path: path_of(&arguments.file)?, file: arguments.file.clone(), pointer: None };
    let failure = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", target.file.plain()));
    let Some(bytes) = read_if_there(&target.file)? else {
        let creation = creation::of_path(&target.file, &arguments.recipients, &arguments.keys).await?;
        let nothing = Secret::new(Vec::new());
        let encrypted = edited(&target.file, &nothing, environment, |plain| match target.is_age() {
            _ if plain.expose().is_empty() => Err(EditFault::Nothing),
            true => Ok(encrypt_at(plain.expose(), creation.recipients(), true, creation.path())?),
            false => Ok(encrypt_document_with(&target.path, plain.expose(), &creation, SystemClock.now())?),
        });
        let encrypted = encrypted.await?;
        clear::report_document(&target.file, &target.path, &[], &encrypted);
        return finish(&target.file, &[], &encrypted, json);
    };
    let changed = match look(&target.path, &bytes).map_err(|fault| failure(fault.to_string()))? {
        FileKind::Plain => return Err(failure("the file is not encrypted: `daypass secret encrypt` does that".to_owned())),
        FileKind::Age(_) => {
            let creation = creation::of_path(&target.file, &arguments.recipients, &arguments.keys).await?;
            let progress = Progress::of("asking for the keys");
            let identities = arguments.keys.keyring(environment).await?.for_file(&bytes).await?;
            drop(progress);
            let plain = decrypt_key(&bytes, &identities).map_err(|fault| failure(fault.to_string()))?;
            let again = |new: &Secret| match *new == plain {
                true => Ok(bytes.clone()),
                false => Ok(encrypt_at(new.expose(), creation.recipients(), is_armored(&bytes), creation.path())?),
            };
            edited(&target.file, &plain, environment, again).await?
        }
        FileKind::Sops(_) => {
            let document = target.open(&bytes, &arguments.keys, environment).await?;
            let plain = document.render(Unauthenticated::Give).map_err(|fault| failure(fault.to_string()))?;
            edited(&target.file, &plain, environment, |new| Ok(document.edit(new, SystemClock.now())?)).await?
        }
    };
    finish(&target.file, &bytes, &changed, json)
}

/// Why the edited text cannot become a file.
#[derive(Debug, thiserror::Error)]
enum EditFault {
    #[error("the text is empty, so no file is made")]
    Nothing,
    #[error(transparent)]
    Age(#[from] AgeError),
    #[error(transparent)]
    Sops(#[from] SopsError),
}

/// Edits and encrypts the text. If it cannot be encrypted, and a person is at the terminal, the text stays for another try.
async fn edited(
    file: &Path,
    plain: &Secret,
    environment: &Environment,
    encrypt: impl Fn(&Secret) -> Result<Vec<u8>, EditFault>,
) -> Result<Vec<u8>, Failure> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let desk = Desk::create(&name, plain, environment)?;
    loop {
        desk.edit(environment).await?;
        match encrypt(&desk.read()?) {
            Ok(bytes) => return Ok(bytes),
            Err(fault) if std::io::stdin().is_terminal() => {
                note(format!("{}: {fault}", file.plain()));
                note("Press Enter to edit it again, or Ctrl-C to discard it");
                std::io::stdin().lock().read_line(&mut String::new()).map_err(unusable)?;
            }
            Err(fault) => {
                let message = format!("{}: {fault}; nothing was changed", file.plain());
                return Err(Failure::new(STATUS_CONFIGURATION, message));
            }
        }
    }
}
