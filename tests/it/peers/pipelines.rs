//! Runs what `deploy/` has for pipelines: the GitHub action with act, the script of the GitLab component with GitLab's variables, and
//! the script for POSIX shells. They use a real server, an AWS emulator and the stand-in for GitHub's API.

mod action;
mod cluster;
mod ended;
mod examples;
mod files;
mod gitlab;
mod shell;
mod stage;

use stage::Stage;
use std::path::{Path, PathBuf};

/// The commit by which the examples name this repository.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// A secret that holds commands for a runner and delimiters of entries.
const HOSTILE: &str = "first line\n%0A::set-env name=EVIL::1\n::set-env name=EVIL::1\nEVIL=1\nEVIL<<EOF\nEOF\n##[set-output name=evil]1\n::stop-commands::evil\ndaypass_0\n\nlast line";
/// A secret of several lines, without commands.
const AWKWARD: &str = "awkward first\n100 % awkward=2\nEVIL<<EOF\nEOF\n\nawkward last";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

/// Copies the files of a folder, without its subfolders.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        std::fs::copy(&entry, to.join(entry.file_name().unwrap())).unwrap();
    }
}
