//! Test vectors of other projects. They are read from the folder that `DAYPASS_CORPORA` names, and are no part of this project.

mod age;
mod jose;
mod octo_sts;
mod sops;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Unpacks an archive of that folder. Without the folder it prints that the test is skipped, and returns `None`.
pub fn unpack(name: &str) -> Option<(tempfile::TempDir, PathBuf)> {
    let Some(folder) = daypass::client::environment::Environment::of_process().value("DAYPASS_CORPORA").map(PathBuf::from) else {
        println!("passed over: DAYPASS_CORPORA is not set, so {name} is not there");
        return None;
    };
    let target = tempfile::tempdir().unwrap();
    let archive = folder.join(format!("{name}.tar.gz"));
    let status = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(target.path()).status().unwrap();
    assert!(status.success(), "{} does not unpack", archive.display());
    let path = target.path().to_owned();
    Some((target, path))
}

/// Every file below a folder whose name has this ending, sorted.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path, ending)),
            path if path.to_string_lossy().ends_with(ending) => found.push(path),
            _ => {}
        }
    }
    found.sort();
    found
}

/// Compares what was observed with a list that is checked in, one line for each deviation.
pub fn compare(list: &str, observed: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(list);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let expected: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(observed, expected, "{list} differs; observed:\n{}", observed.join("\n"));
}
