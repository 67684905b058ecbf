//! `daypass secret keygen` and `plugin-identity`: make identities that open a source's files, or that ask the server to.

use crate::cli::examples::examples;
use crate::client::age_plugin;
use crate::client::checkout::create_private;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::Identities;
use crate::words::PlainPath;
use clap::Args;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass secret keygen --to age.key > age.recipient",
    "daypass secret keygen --pq --to age.key > age.recipient",
]))]
pub(in crate::cli) struct KeygenArgs {
    /// Post-quantum: ML-KEM-768 with X25519, for age 1.3 and sops 3.12 or later.
    #[arg(long)]
    pq: bool,
    /// The file to write, readable for its owner alone; without it, standard output. An existing file is not overwritten.
    #[arg(long = "to", short = 'o')]
    to: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = examples(&["daypass secret plugin-identity --server https://daypass.acme.com > identity.txt"]))]
pub(in crate::cli) struct PluginArgs {
    /// The server's address.
    #[arg(long, env = "DAYPASS_SERVER")]
    server: String,
}

/// An identity file as `age-keygen` writes it.
pub(super) fn generate(arguments: &KeygenArgs) -> Result<u8, Failure> {
    let unusable = |fault: String| Failure::new(STATUS_CONFIGURATION, fault);
    let (identity, recipient) = if arguments.pq {
        Identities::generate_hybrid().map_err(|fault| unusable(fault.to_string()))?
    } else {
        Identities::generate()
    };
    let comment = format!("# public key: {recipient}\n");
    let failure = |fault: std::io::Error| unusable(fault.to_string());
    match &arguments.to {
        Some(path) => {
            let named = |fault: std::io::Error| match fault.kind() {
                ErrorKind::AlreadyExists => {
                    let message = "is there already, and a key is not overwritten: name another file";
                    Failure::new(STATUS_USAGE, format!("{} {message}", path.plain()))
                }
                _ => unusable(format!("{}: {fault}", path.plain())),
            };
            create_private(path, &[comment.as_bytes(), identity.expose(), b"\n"]).map_err(named)?;
            anstream::println!("{recipient}");
        }
        None => {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(comment.as_bytes()).and_then(|()| out.write_all(identity.expose()));
            written.and_then(|()| out.write_all(b"\n")).map_err(failure)?;
        }
    }
    Ok(0)
}

/// An identity for age, rage and sops that holds no key.
pub(super) fn plugin_identity(arguments: &PluginArgs) -> Result<u8, Failure> {
    let identity = age_plugin::identity(&arguments.server)?;
    anstream::println!("# server: {}\n{identity}", arguments.server);
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_there_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("age.key");
        std::fs::write(&to, "old").unwrap();
        let failure = generate(&KeygenArgs { pq: false, to: Some(to.clone()) }).unwrap_err();
        assert_eq!(failure.status, STATUS_USAGE);
        assert!(failure.to_string().contains("is there already") && !failure.to_string().contains("os error"), "{failure}");
        assert_eq!(std::fs::read(&to).unwrap(), b"old");
    }
}
