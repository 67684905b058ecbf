//! `daypass transit`: makes a transit key for Git, or its next version. It needs no private key and no server.

use super::print;
use crate::cli::examples::examples;
use crate::client::checkout::create;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{RepositoryPath, create_transit_key};
use crate::words::names::TransitKey;
use crate::words::{PlainPath, TransitFile};
use clap::Subcommand;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand, Debug)]
pub(super) enum TransitCommand {
    /// Write a fresh key, or the next version of a known one, to transit/NAME/VERSION.age.
    #[command(after_help = examples(&[
        "daypass transit create flux --recipient \"$(cat age.recipient)\"",
        "daypass transit create shop/backup --recipient \"$(cat age.recipient)\" --to access",
    ]))]
    Create {
        /// The key's name, such as flux or shop/backup.
        #[arg(value_parser = TransitKey::parse)]
        name: TransitKey,
        /// A recipient, age1…, of the source that will have the key. Several may be given.
        #[arg(long = "recipient", short = 'r', required = true)]
        recipients: Vec<String>,
        /// The repository's folder.
        #[arg(long = "to", short = 'o', default_value = ".")]
        to: PathBuf,
    },
}

/// Runs one of them.
pub(super) fn run(command: &TransitCommand, json: bool) -> Result<u8, Failure> {
    let TransitCommand::Create { name, recipients, to } = command;
    let file = TransitFile { key: name.clone(), version: next_version(to, name)? };
    let key = create_transit_key(recipients, Some(&RepositoryPath::of_transit(&file)));
    let key = key.map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    let path = to.join(file.to_string());
    // An existing version is never overwritten: what it encrypted would be lost.
    create(&path, &key).map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", path.plain())))?;
    if json {
        print::json(&json!({ "key": file.key, "version": file.version, "file": path }));
    } else {
        anstream::println!("{}", path.plain());
    }
    Ok(0)
}

/// The version after the highest one in the folder.
fn next_version(repository: &Path, name: &TransitKey) -> Result<u32, Failure> {
    let folder = repository.join(format!("transit/{name}"));
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(1),
        Err(fault) => return Err(Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", folder.plain()))),
    };
    let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let versions = files.filter_map(|file| TransitFile::parse(&format!("transit/{name}/{file}")).ok().map(|file| file.version));
    let highest = versions.max().unwrap_or_default();
    highest.checked_add(1).ok_or_else(|| Failure::new(STATUS_USAGE, "there is no higher version"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Identities;

    #[test]
    fn each_version_is_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (_, recipient) = Identities::generate();
        let make = || {
            let name = TransitKey::parse("shop/backup").unwrap();
            run(&TransitCommand::Create { name, recipients: vec![recipient.clone()], to: folder.path().to_owned() }, false)
        };
        assert!(make().is_ok() && make().is_ok());
        let read = |version| std::fs::read(folder.path().join(format!("transit/shop/backup/{version}.age"))).unwrap();
        assert_ne!(read(1), read(2));
        std::fs::rename(folder.path().join("transit/shop/backup/2.age"), folder.path().join("transit/shop/backup/9.age"))
            .unwrap();
        assert!(make().is_ok());
        assert!(read(10).starts_with(b"-----BEGIN AGE"));
        assert!(create(&folder.path().join("transit/shop/backup/1.age"), b"x").is_err(), "nothing is written over");
    }
}
