//! Runs the tutorial from an empty folder to its end, and every how-to guide in the tutorial's folder.

use super::session::Session;
use super::{blocks, pages_to_follow};
use crate::support::{peer, put};
use std::process::Command;

const TUTORIAL: &str = "docs/tutorial.md";
/// Before this heading the tutorial starts its server, and its shell gets an address and a token.
const SERVER_IS_UP: &str = "## 8. A denial, and its reason";

#[test]
fn the_tutorial_runs_from_an_empty_folder_to_a_credential_in_ci() {
    if peer("act").is_none() {
        return;
    }
    let mut session = Session::new();
    session.add(TUTORIAL, None);
    session.run();
}

#[test]
fn every_guide_runs_as_printed_in_the_folder_of_the_tutorial() {
    let guides = pages_to_follow().into_iter().filter(|page| page != TUTORIAL);
    let is_run = |page: &String| blocks::of(page).iter().any(blocks::Block::is_run);
    let run: Vec<String> = guides.filter(is_run).collect();
    assert!(run.len() >= 4, "{run:?}");
    for page in run {
        let mut session = Session::new();
        session.add(TUTORIAL, Some(SERVER_IS_UP));
        session.add(&page, None);
        session.run();
    }
}

/// The files of a page's examples, by the path that each names in its first line.
fn files_of(page: &str) -> Vec<(String, String)> {
    let named = |block: blocks::Block| {
        let path = block.text.strip_prefix("# ")?.lines().next()?.to_owned();
        Some((path, block.text))
    };
    blocks::of(page).into_iter().filter_map(named).collect()
}

#[test]
fn the_example_of_policy_tests_passes() {
    let folder = tempfile::tempdir().unwrap();
    let files = files_of("docs/reference/tests.md");
    assert_eq!(files.len(), 2, "{files:?}");
    for (path, text) in files {
        put(&folder.path().join(path), text.as_bytes());
    }
    let library = super::root().join("policies");
    std::fs::copy(library.join("tests/github/push.json"), folder.path().join("tests/push.json")).unwrap();
    let mut test = Command::new(env!("CARGO_BIN_EXE_daypass"));
    test.args(["policy", "test", "--folder"]).arg(folder.path()).arg("--config").arg(library.join("issuers.yaml"));
    let output = test.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && printed.contains("4 passed"), "{printed}");
}
