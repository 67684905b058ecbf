//! What is given out: the Debian package, what shells and man(1) read, and the workflow that releases. Here with the binary of these tests;
//! `artefacts` looks at what `make dist` built.

mod artefacts;
mod package;
mod readme;
mod shells;
mod workflows;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Any time will do, as long as it is the same.
const EPOCH: &str = "1700000000";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command that has to succeed, and gives what it printed.
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", said(&output.stdout), said(&output.stderr));
    said(&output.stdout)
}

/// What `deploy/debian/pages.sh` makes.
fn pages(folder: &Path) -> PathBuf {
    let pages = folder.join("pages");
    done(Command::new(root().join("deploy/debian/pages.sh")).arg(env!("CARGO_BIN_EXE_daypass")).arg(&pages));
    pages
}
