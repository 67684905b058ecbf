//! The types that prove each step from a token to an answer. Each file of `tests/proofs` skips, repeats, reorders or forges a step, and
//! has to fail to compile with the error that it names. The test compares error codes, so another compiler's texts break nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The newest build of the library, with which this binary is linked.
fn library(folder: &Path) -> PathBuf {
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("libdaypass-") && name.ends_with(".rlib")
    };
    let builds = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(is_library);
    builds.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).unwrap()
}

/// The error codes of compiling a file that uses the library from outside.
fn errors(file: &Path) -> (BTreeSet<String>, String) {
    let folder = Path::new(env!("CARGO_BIN_EXE_daypass")).parent().unwrap().join("deps");
    let target = tempfile::tempdir().unwrap();
    let mut compiler = Command::new("rustc");
    compiler.args([
        "--edition=2024",
        "--crate-type=lib",
        "--emit=metadata",
        "--error-format=json",
        "--cap-lints=allow",
        "--out-dir",
    ]);
    compiler.arg(target.path()).arg("-L").arg(format!("dependency={}", folder.display()));
    compiler.arg("--extern").arg(format!("daypass={}", library(&folder).display())).arg(file);
    let output = compiler.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let messages = stderr.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let codes = messages
        .filter(|message| message["level"] == "error")
        .filter_map(|message| message["code"]["code"].as_str().map(str::to_owned));
    let codes: BTreeSet<String> = codes.collect();
    assert_eq!(output.status.success(), codes.is_empty(), "{}: {stderr}", file.display());
    (codes, stderr)
}

#[test]
fn no_step_is_skipped_repeated_reordered_or_forged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proofs");
    let files = crate::corpora::files(&folder, ".rs");
    assert!(files.len() > 10, "{files:?}");
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let expected: BTreeSet<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("//! Expects "))
            .map(|code| code.trim_end_matches('.').to_owned())
            .collect();
        let (codes, stderr) = errors(&file);
        if codes != expected {
            wrong.push(format!("{}: {codes:?} where {expected:?} was due\n{stderr}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
