//! `daypass secret set`, `unset` and `edit`: one file changes, and of it nothing but what is meant.

use super::creation;
use super::keyring::KeyArgs;
use super::{read_plaintext, unusable};
use crate::cli::print;
use crate::client::checkout::{read_if_there, replace};
use crate::client::editor::Desk;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{Document, Seen, SopsFile, decrypt_key, encrypt, encrypt_document_with, is_armored, look};
use crate::words::names::{SecretPath, check_pointer};
use crate::words::{Clock, Secret, SystemClock};
use clap::Args;
use serde_json::json;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
pub(in crate::cli) struct SetArgs {
    /// The file, and in a SOPS file the value's JSON pointer: secrets/shop/db.yaml#/password. The value is read from standard
    /// input; a line end at its end is not part of it.
    target: String,
    /// The value is JSON: a number, true, a list, a mapping.
    #[arg(long)]
    json: bool,
    /// The line end at the value's end is part of it.
    #[arg(long, conflicts_with = "json")]
    exact: bool,
    /// For an age file: a recipient; .sops.yaml or --config name them otherwise.
    #[arg(long = "recipient", short = 'r')]
    recipients: Vec<String>,
    #[command(flatten)]
    keys: KeyArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct UnsetArgs {
    /// The file and the value's JSON pointer: secrets/shop/db.yaml#/password.
    target: String,
    #[command(flatten)]
    keys: KeyArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct EditArgs {
    /// The file; one that is not there is made.
    file: PathBuf,
    /// For an age file or a new one: a recipient; .sops.yaml or --config name them otherwise.
    #[arg(long = "recipient", short = 'r')]
    recipients: Vec<String>,
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
    let told = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", target.file.display()));
    let changed = match (look(&target.path, &bytes).map_err(told)?, &target.pointer) {
        (Seen::Age(_), None) => {
            let creation = creation::of_path(&target.file, &arguments.recipients, &arguments.keys).await?;
            encrypt(value.expose(), creation.recipients(), is_armored(&bytes)).map_err(told)?
        }
        (Seen::Age(_), Some(_)) => return Err(told("an age file is one value: leave `#/…` out".to_owned())),
        (Seen::Plain, _) => return Err(told("the file is not encrypted: `daypass secret encrypt` does that".to_owned())),
        (Seen::Sops(_), None) => return Err(told("say which value: FILE#/key".to_owned())),
        (Seen::Sops(_), Some(pointer)) => {
            let document = target.open(&bytes, &arguments.keys, environment).await?;
            let now = SystemClock.now();
            let set = if arguments.json { document.set(pointer, &value, now) } else { document.set_text(pointer, &value, now) };
            set.map_err(told)?
        }
    };
    finish(&target.file, &bytes, &changed, json)
}

/// Removes one value.
pub(super) async fn unset(arguments: &UnsetArgs, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let target = Target::parse(&arguments.target)?;
    let told = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", target.file.display()));
    let pointer = target.pointer.as_deref().ok_or_else(|| told("say which value: FILE#/key".to_owned()))?;
    let bytes = target.bytes()?;
    let document = target.open(&bytes, &arguments.keys, environment).await?;
    let changed = document.unset(pointer, SystemClock.now()).map_err(told)?;
    finish(&target.file, &bytes, &changed, json)
}

/// Opens a file in the person's editor.
pub(super) async fn edit(arguments: &EditArgs, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let target = Target { path: path_of(&arguments.file)?, file: arguments.file.clone(), pointer: None };
    let told = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", target.file.display()));
    let Some(bytes) = read_if_there(&target.file)? else {
        let creation = creation::of_path(&target.file, &arguments.recipients, &arguments.keys).await?;
        let nothing = Secret::new(Vec::new());
        let made = edited(&target.file, &nothing, environment, |plain| match target.is_age() {
            _ if plain.expose().is_empty() => Err("nothing was written, and no file is made".to_owned()),
            true => encrypt(plain.expose(), creation.recipients(), true),
            false => encrypt_document_with(&target.path, plain.expose(), &creation, SystemClock.now()),
        });
        return finish(&target.file, &[], &made.await?, json);
    };
    let changed = match look(&target.path, &bytes).map_err(told)? {
        Seen::Plain => return Err(told("the file is not encrypted: `daypass secret encrypt` does that".to_owned())),
        Seen::Age(_) => {
            let creation = creation::of_path(&target.file, &arguments.recipients, &arguments.keys).await?;
            let identities = arguments.keys.keyring(environment).await?.for_file(&bytes).await?;
            let plain = decrypt_key(&bytes, &identities).map_err(told)?;
            let again = |new: &Secret| match *new == plain {
                true => Ok(bytes.clone()),
                false => encrypt(new.expose(), creation.recipients(), is_armored(&bytes)),
            };
            edited(&target.file, &plain, environment, again).await?
        }
        Seen::Sops(_) => {
            let document = target.open(&bytes, &arguments.keys, environment).await?;
            let plain = document.render(crate::secrets::Unauthenticated::Give).map_err(told)?;
            edited(&target.file, &plain, environment, |new| document.edit(new, SystemClock.now())).await?
        }
    };
    finish(&target.file, &bytes, &changed, json)
}

/// What the person made of it. Where that cannot be encrypted, it stays on the desk for another try while somebody is there.
async fn edited(
    file: &Path,
    plain: &Secret,
    environment: &Environment,
    encrypt: impl Fn(&Secret) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, Failure> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let desk = Desk::lay(&name, plain, environment)?;
    loop {
        desk.edit(environment).await?;
        match encrypt(&desk.read()?) {
            Ok(bytes) => return Ok(bytes),
            Err(fault) if std::io::stdin().is_terminal() => {
                anstream::eprintln!("{}: {fault}\nEnter edits it again, Ctrl-C gives it up", file.display());
                std::io::stdin().lock().read_line(&mut String::new()).map_err(unusable)?;
            }
            Err(fault) => {
                let told = format!("{}: {fault}; nothing was changed", file.display());
                return Err(Failure::new(STATUS_CONFIGURATION, told));
            }
        }
    }
}

fn finish(file: &Path, before: &[u8], after: &[u8], json: bool) -> Result<u8, Failure> {
    let changed = before != after;
    if changed {
        replace(file, after)?;
    }
    if json {
        print::json(&json!({ "file": file, "changed": changed }));
    } else if changed {
        anstream::println!("{} is changed", file.display());
    } else {
        anstream::println!("{} is as it was", file.display());
    }
    Ok(0)
}

/// A file, and a value in it.
struct Target {
    file: PathBuf,
    /// Its name, which tells the form.
    path: SecretPath,
    pointer: Option<String>,
}

impl Target {
    fn parse(text: &str) -> Result<Self, Failure> {
        let (file, pointer) = text.split_once('#').map_or((text, None), |(file, pointer)| (file, Some(pointer.to_owned())));
        if let Some(pointer) = &pointer {
            check_pointer(pointer).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
        }
        Ok(Self { file: PathBuf::from(file), path: path_of(Path::new(file))?, pointer })
    }

    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let made = "there is no such file; `daypass secret edit` makes one";
        read_if_there(&self.file)?.ok_or_else(|| Failure::new(STATUS_USAGE, format!("{}: {made}", self.file.display())))
    }

    fn is_age(&self) -> bool {
        self.path.as_str().ends_with(".age")
    }

    async fn open(&self, bytes: &[u8], keys: &KeyArgs, environment: &Environment) -> Result<Document, Failure> {
        let told = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", self.file.display()));
        let file = SopsFile::parse(&self.path, bytes).map_err(told)?;
        let identities = keys.keyring(environment).await?.for_file(bytes).await?;
        file.open(&identities).map_err(told)
    }
}

/// The name alone tells how a file is written.
pub(super) fn path_of(file: &Path) -> Result<SecretPath, Failure> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    SecretPath::parse(name).map_err(|fault| Failure::new(STATUS_USAGE, format!("{}: {fault}", file.display())))
}

fn without_line_end(value: Secret) -> Secret {
    let bytes = value.expose();
    let kept = bytes.strip_suffix(b"\n").map(|rest| rest.strip_suffix(b"\r").unwrap_or(rest));
    match kept {
        Some(kept) => Secret::new(kept.to_vec()),
        None => value,
    }
}
