//! The workflows of this repository, checked by GitHub's schema and by zizmor, which looks for security faults.

use super::{done, root};
use crate::support::peer;
use regex::Regex;
use std::path::PathBuf;
use std::process::Command;

fn workflows() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(".github/workflows")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_workflow_fits_githubs_schema() {
    let Some(program) = peer("check-jsonschema") else { return };
    done(Command::new(program).args(["--builtin-schema", "vendor.github-workflows"]).args(workflows()));
}

#[test]
fn zizmor_finds_nothing() {
    let Some(program) = peer("zizmor") else { return };
    done(Command::new(program).args(["--offline", "--quiet"]).args(workflows()));
}

#[test]
fn every_action_is_pinned_by_its_whole_commit() {
    let pinned = Regex::new(r"^[a-z/-]+@[0-9a-f]{40} # v[0-9.]+$").unwrap();
    let mut seen = 0;
    for workflow in workflows() {
        let text = std::fs::read_to_string(workflow).unwrap();
        for (_, action) in text.lines().filter_map(|line| line.split_once("uses: ")) {
            assert!(pinned.is_match(action), "{action}");
            seen += 1;
        }
    }
    assert!(seen >= 7, "{seen}");
}

/// `make dist` builds a release once, after the advisories are checked, and the job that builds it attests it.
#[test]
fn a_release_is_built_once_after_the_advisories() {
    let text = std::fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}"));
    let order = ["check advisories", "needs: advisories", "make dist", "subject-checksums", "needs: build", "gh release create"];
    assert!(order.map(at).is_sorted());
    assert_eq!(text.matches("make dist").count(), 1);
}
