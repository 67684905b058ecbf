//! What is released: the Debian package, completions, man pages, and the release workflow. Most tests use the binary of this test run;
//! `artefacts` checks what `make dist` built.

mod artefacts;
mod package;
mod readme;
mod shells;
mod workflows;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Any time, as long as every build has the same.
const EPOCH: &str = "1700000000";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command that has to succeed, and returns what it printed.
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// The folder that `deploy/debian/pages.sh` fills with man pages and completions.
fn pages(folder: &Path) -> PathBuf {
    let pages = folder.join("pages");
    done(Command::new(root().join("deploy/debian/pages.sh")).arg(env!("CARGO_BIN_EXE_daypass")).arg(&pages));
    pages
}
