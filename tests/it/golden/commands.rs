//! Commands over the policy library, and over copies of it with lines left out.

use super::check;
use super::normal::Normal;
use crate::support::git;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many lines of a policy are left out, one at a time.
const LINES_LOST: usize = 24;
const DATE: &str = "2026-01-01T00:00:00Z";

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies")
}

fn daypass(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    let output = command.current_dir(folder).args(words).args(["--output", "json"]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| json!({ "said": text(&output.stdout) }));
    let (status, error) = (output.status.code(), text(&output.stderr));
    let record = json!({ "command": words, "status": status, "answer": answer, "error": error });
    Normal::new()
        .of(&format!("{}\n", record.to_string().replace("},{", "},\n{")))
        .replace(&folder.display().to_string(), "FOLDER")
}

/// Every policy of the library with its path below `policies`, in order.
fn policies() -> Vec<(String, String)> {
    let folder = library().join("policies");
    let files = crate::corpora::files(&folder, ".yaml").into_iter();
    files
        .map(|path| (path.strip_prefix(&folder).unwrap().display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

/// The policy without one of its lines, not counting empty ones and comments.
fn without(policy: &str, index: usize) -> Option<String> {
    let has_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let at = policy.lines().enumerate().filter(|(_, line)| has_content(line)).nth(index)?.0;
    Some(policy.lines().enumerate().filter(|(number, _)| *number != at).map(|(_, line)| format!("{line}\n")).collect())
}

fn put(folder: &Path, name: &str, text: &str) {
    crate::support::put(&folder.join(name), text.as_bytes());
}

#[test]
fn the_library_is_checked_tested_and_asked_about() {
    let words = |words: &[&'static str]| [words, &["--config", "issuers.yaml", "--folder", "."]].concat();
    let mut output = String::new();
    output += &daypass(&library(), &words(&["policy", "check"]));
    output += &daypass(&library(), &words(&["policy", "test"]));
    let roles = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::123456789012:role/none"];
    for grant in roles.into_iter().chain(["shop/db.yaml", "shop/db.yaml#/password", "https://partner.example", "policy.replay"]) {
        output += &daypass(&library(), &words(&["policy", "who-can", grant]));
    }
    check("library.txt", &output);
}

#[test]
fn policies_that_lost_a_line_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "issuers.yaml", &std::fs::read_to_string(library().join("issuers.yaml")).unwrap());
    for (name, text) in policies() {
        for (index, text) in (0..LINES_LOST).step_by(2).filter_map(|index| Some((index, without(&text, index)?))) {
            put(folder.path(), &format!("policies/{}/{index}.yaml", name.trim_end_matches(".yaml")), &text);
        }
    }
    let words = ["policy", "check", "--config", "issuers.yaml", "--folder", "."];
    check("lost-lines.txt", &daypass(folder.path(), &words));
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    let mut command = Command::new("git");
    command.current_dir(folder).env("GIT_AUTHOR_DATE", DATE).env("GIT_COMMITTER_DATE", DATE);
    command.args(["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false", "commit", "--quiet"]);
    assert!(command.args(["--allow-empty", "--message", "x"]).status().unwrap().success());
}

#[test]
fn the_diff_of_a_lost_line_is_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    git(folder, &["init", "--quiet", "--initial-branch=main", "."]);
    put(folder, "issuers.yaml", &std::fs::read_to_string(library().join("issuers.yaml")).unwrap());
    policies().iter().for_each(|(name, text)| put(folder, &format!("policies/{name}"), text));
    commit(folder);
    git(folder, &["tag", "whole"]);
    let mut output = String::new();
    for index in (2..LINES_LOST).step_by(6) {
        for (name, text) in policies() {
            put(folder, &format!("policies/{name}"), &without(&text, index).unwrap_or(text));
        }
        commit(folder);
        for range in ["whole..main", "main..whole"] {
            output += &format!("without line {index}\n");
            output += &daypass(folder, &["policy", "diff", range, "--config", "issuers.yaml", "--repository", "."]);
        }
    }
    check("diff.txt", &output);
}
