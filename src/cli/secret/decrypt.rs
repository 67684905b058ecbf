//! `daypass secret decrypt`: prints the plaintext of an encrypted file, with a key that opens it. It writes nothing to a disk.

use super::keyring::KeyArgs;
use super::target::{Target, path_of};
use super::write_value;
use crate::cli::examples::examples;
use crate::cli::print;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, hide_file, note};
use crate::kind::SecretValue;
use crate::secrets::{DocumentPart, FileKind, Plaintext, Unauthenticated, decrypt_key, look};
use crate::words::names::SecretName;
use crate::words::{PlainPath, Secret};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass secret decrypt secrets/shop/db.yaml",
    "daypass secret decrypt secrets/shop/db.yaml --identity ~/.config/sops/age/keys.txt",
]))]
pub(in crate::cli) struct DecryptArgs {
    /// The file: an age file, or a SOPS file, whose MAC is verified before anything is printed.
    file: PathBuf,
    #[command(flatten)]
    keys: KeyArgs,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Decrypted<'a> {
    file: &'a Path,
    #[serde(with = "crate::words::exposed::text")]
    value: Secret,
    encoding: Option<crate::kind::Encoding>,
    /// Whether it has a value that the file's MAC does not cover.
    unauthenticated: bool,
}

/// Prints all of it or nothing.
pub(super) async fn run(arguments: &DecryptArgs, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let target = Target { path: path_of(&arguments.file)?, file: arguments.file.clone(), pointer: None };
    let plain = open(&target, &arguments.keys, environment).await?;
    let name = SecretName { path: target.path.clone(), key: None };
    hide_file(environment, &name, &plain.value).await?;
    if plain.unauthenticated && !print::streams_are_one() {
        let why = "the MAC covers only encrypted values (mac_only_encrypted), so anybody who can change the file can change what is in clear";
        note(format!("{}: {why}", target.file.plain()));
    }
    if !json {
        return write_value(plain.value.expose());
    }
    let (encoding, value) = SecretValue::written(&plain.value);
    let decrypted = Decrypted { file: &target.file, value, encoding, unauthenticated: plain.unauthenticated };
    let written = serde_json::to_vec_pretty(&decrypted).map_err(|fault| Failure::new(STATUS_CONFIGURATION, fault))?;
    let written = Secret::new(written);
    write_value(written.expose())?;
    write_value(b"\n")
}

async fn open(target: &Target, keys: &KeyArgs, environment: &Environment) -> Result<Plaintext, Failure> {
    let failure = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", target.file.plain()));
    let bytes = target.bytes()?;
    match look(&target.path, &bytes).map_err(|fault| failure(fault.to_string()))? {
        FileKind::Plain => Err(failure("the file is not encrypted: its content is in clear".to_owned())),
        // An age file is authentic to its last byte, or does not open.
        FileKind::Age(_) => {
            let identities = keys.keyring(environment).await?.for_file(&bytes).await?;
            let value = decrypt_key(&bytes, &identities).map_err(|fault| failure(fault.to_string()))?;
            Ok(Plaintext { value, unauthenticated: false })
        }
        FileKind::Sops(_) => {
            let document = target.open(&bytes, keys, environment).await?;
            let value = document.render(Unauthenticated::Give).map_err(|fault| failure(fault.to_string()))?;
            Ok(Plaintext { value, unauthenticated: document.holds_unauthenticated(DocumentPart::Whole) })
        }
    }
}
