//! The library of example policies in `policies/`: each loads, has tests that pass, and has no finding that it does not accept.

use crate::structural::holds;
use crate::{sources, support};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies")
}

fn run(command: &str) -> (Value, bool) {
    run_with(command, &[])
}

fn run_with(command: &str, more: &[&str]) -> (Value, bool) {
    let mut daypass = Command::new(env!("CARGO_BIN_EXE_daypass"));
    let arguments = ["policy", command, "--config", "issuers.yaml", "--folder", ".", "--output", "json"];
    let output = daypass.current_dir(library()).args(arguments).args(more).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    (serde_json::from_str(&stdout).unwrap_or_else(|fault| panic!("{fault}: {stdout}{output:?}")), output.status.success())
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn policies() -> BTreeSet<String> {
    let relative = |path: PathBuf| path.strip_prefix(library()).unwrap().to_str().unwrap().to_owned();
    files_below(&library().join("policies")).into_iter().map(relative).collect()
}

#[test]
fn every_policy_has_passing_tests_that_allow_and_deny() {
    let (tested, holds) = run("test");
    assert!(holds, "{tested:#}");
    for policy in policies() {
        let of_it = |verb: &str| {
            let outcomes = tested["outcomes"].as_array().unwrap().iter();
            outcomes
                .filter(|one| one["at"].as_str().unwrap().starts_with(&format!("{policy}:")))
                .any(|one| one["expected"].as_str().unwrap().starts_with(verb))
        };
        assert!(of_it("allow ") && of_it("deny "), "{policy} says who may and who may not");
    }
}

/// The job of a pull request runs this check. Whoever copies a policy should start from one that passes.
#[test]
fn the_library_has_no_finding_even_as_an_error() {
    let (checked, good) = run_with("check", &["--deny", "warnings"]);
    assert!(good && checked["findings"] == serde_json::json!([]), "{checked:#}");
    assert_eq!((&checked["policies"], &checked["accepted"]), (&policies().len().into(), &5.into()), "{checked:#}");
}

/// The YAML blocks of a page of the documentation that have this key.
fn examples(page: &str, key: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(library().join("../docs").join(page)).unwrap();
    let blocks = text.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned());
    blocks.filter(|block| block.contains(&format!("\n{key}:"))).map(|block| (page.to_owned(), block)).collect()
}

fn is_as_its_schema_says(of: &str, files: &[(String, String)]) {
    let output = Command::new(env!("CARGO_BIN_EXE_daypass")).args(["policy", "schema", "--of", of]).output().unwrap();
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, text) in files {
        let value: Value = serde_saphyr::from_str(text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(holds(&schema, &schema, &value), "{name} is not as `policy schema --of {of}` says:\n{text}");
        let mut wrong = value.clone();
        wrong["no_such_key"] = true.into();
        assert!(!holds(&schema, &schema, &wrong), "{name} with a key too many");
    }
}

#[test]
fn every_file_fits_its_schema() {
    let mut files: Vec<(String, String)> =
        policies().into_iter().map(|name| (name.clone(), std::fs::read_to_string(library().join(name)).unwrap())).collect();
    files.push(("the tests' policy".to_owned(), support::DEPLOY.to_owned()));
    let documented = examples("policy.md", "grant");
    assert_eq!(documented.len(), 2, "{documented:?}");
    files.extend(documented);
    is_as_its_schema_says("policy", &files);
    let mut files = examples("sources.md", "allowed");
    assert_eq!(files.len(), 1, "{files:?}");
    files.push(("the tests' source".to_owned(), sources::TEAM.replace("{repository}", "/srv/team-a")));
    is_as_its_schema_says("source", &files);
}

#[test]
fn every_issuer_has_a_policy_and_every_mapping_an_issuer() {
    let issuers = std::fs::read_to_string(library().join("issuers.yaml")).unwrap();
    let texts: Vec<String> = policies().iter().map(|policy| std::fs::read_to_string(library().join(policy)).unwrap()).collect();
    for name in issuers.split("name: ").skip(1).map(|rest| rest.split([',', '\n']).next().unwrap()) {
        assert!(texts.iter().any(|text| text.contains(&format!("issuer: {name}\n"))), "no policy is for {name}");
    }
    for path in files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/identity/mappings")) {
        let mapping = path.file_stem().unwrap().to_str().unwrap();
        assert!(issuers.contains(&format!("mapping: {mapping}")), "no issuer has the mapping {mapping}");
    }
}
