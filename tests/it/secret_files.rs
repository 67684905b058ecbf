//! `daypass secret` over the encrypted files of a checkout: create, change, check, rotate. And the same files with the real sops.

mod asked;
mod clear;
mod copies;
mod decrypt;
mod endless;
mod import;
mod keygen;
mod one_file;
mod overwritten;
mod resumed;
mod rules;
mod served;
mod status;
mod tree;
mod unsealed;

use crate::support::{commit, git, put, write_private};
use daypass::secrets::Identities;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A checkout with a `.sops.yaml`, and the key of its recipient.
struct Checkout {
    folder: tempfile::TempDir,
    recipient: String,
}

impl Checkout {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (identity, recipient) = Identities::generate();
        write_private(&folder.path().join("key.txt"), identity.expose());
        let checkout = Self { folder, recipient };
        checkout.put(".gitignore", "*key.txt\n");
        checkout.rules(&[&checkout.recipient]);
        git(checkout.path(), &["init", "--quiet", "--initial-branch=main", "."]);
        git(checkout.path(), &["config", "user.name", "t"]);
        git(checkout.path(), &["config", "user.email", "t@t.example"]);
        checkout
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn put(&self, name: &str, text: &str) {
        put(&self.path().join(name), text.as_bytes());
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Sets the recipients of new files.
    fn rules(&self, recipients: &[&str]) {
        self.put(
            ".sops.yaml",
            &format!("creation_rules:\n  - path_regex: ^(secrets|transit)/\n    age: \"{}\"\n", recipients.join(",")),
        );
    }

    fn commit(&self) -> String {
        commit(self.path());
        git(self.path(), &["rev-parse", "HEAD"])
    }

    /// Another identity's file, and its recipient.
    fn another(&self, name: &str) -> (PathBuf, String) {
        let (identity, recipient) = Identities::generate();
        let path = self.path().join(format!("{name}-key.txt"));
        write_private(&path, identity.expose());
        (path, recipient)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
        command.arg("secret").args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for name in ["DAYPASS_SERVER", "DAYPASS_CONFIG", "SOPS_AGE_KEY", "EDITOR", "VISUAL"] {
            command.env_remove(name);
        }
        command.env("SOPS_AGE_KEY_FILE", self.path().join("key.txt"));
        command
    }

    /// Runs a command that has to succeed. Returns what it printed.
    fn run(&self, arguments: &[&str], input: &str) -> String {
        let output = with_input(&mut self.command(arguments), input);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that has to fail. Returns its status and its error.
    fn refused(&self, arguments: &[&str], input: &str) -> (i32, String) {
        let output = with_input(&mut self.command(arguments), input);
        assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

fn with_input(command: &mut Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses may end without reading its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}
