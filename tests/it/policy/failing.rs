//! Policies whose own test fails, changed guardrails, and hostile file names.

use super::{commit, policy, repository};
use crate::support::DEPLOY;
use serde_json::Value;

#[test]
fn a_failing_test_is_counted_and_names_its_line_and_what_it_saw() {
    let repository = repository();
    let tests = "tests:\n  - allow: { claims: push.json, credential: { id_token: \"https://partner.example\" } }\n  - allow: { claims: push.json, change: { event: schedule }, credential: { id_token: \"https://partner.example\" } }\n";
    let claims = include_str!("../../../policies/tests/github/push.json");
    commit(repository.path(), &[("policies/shop/deploy.yaml", &format!("{DEPLOY}{tests}")), ("tests/push.json", claims)]);
    let line = DEPLOY.lines().count() + 3;
    let output = policy(repository.path(), &["test"]);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(78), "{stdout}");
    let failed = stdout.lines().find(|line| line.starts_with("FAILED")).unwrap_or_else(|| panic!("{stdout}"));
    let event = 1 + DEPLOY.lines().position(|line| line.contains("event: push")).unwrap();
    assert!(failed.contains(&format!("policies/shop/deploy.yaml:{line} ")), "{stdout}");
    assert!(failed.ends_with(&format!("; policies/shop/deploy.yaml:{event} says `event: push` and saw `schedule`")), "{stdout}");
    assert!(stdout.contains("1 passed, 1 failed") && stdout.matches("schedule").count() == 1, "{stdout}");
    let output = policy(repository.path(), &["check"]);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(stdout.contains(&format!("deploy.yaml:{line}:")) && stdout.contains("1 error, 0 warnings"), "{stdout}");
    assert!(!stdout.contains("fixture_unused"), "the faulty policy uses it: {stdout}");
}

/// The denial covers nothing that anybody has today, but the reviewer of the change still has to see it.
#[test]
fn a_removed_guardrail_is_listed_even_if_nobody_gains() {
    let repository = repository();
    let rails = "denials:\n  - description: Nobody has that account's roles.\n    match: { event: schedule }\n    deny: { aws: [\"arn:aws:iam::111111111111:role/*\"] }\n";
    commit(repository.path(), &[("guardrails.yaml", rails)]);
    let diff = |range: &str, more: &[&str]| policy(repository.path(), &[&["diff", range], more].concat());
    let stdout = String::from_utf8_lossy(&diff("HEAD~1..HEAD", &[]).stdout).into_owned();
    assert!(
        stdout.contains("Nobody gains access") && stdout.contains("NEWLY DENIED guardrails.yaml:2   Nobody has that"),
        "{stdout}"
    );
    let stdout = String::from_utf8_lossy(&diff("HEAD..HEAD~1", &[]).stdout).into_owned();
    assert!(stdout.contains("NO LONGER DENIED guardrails.yaml:2   Nobody has that account's roles."), "{stdout}");
    let stdout = String::from_utf8_lossy(&diff("HEAD..HEAD~1", &["--output", "markdown"]).stdout).into_owned();
    assert!(stdout.contains("NO LONGER DENIED"), "{stdout}");
    let report: Value = serde_json::from_slice(&diff("HEAD..HEAD~1", &["--output", "json"]).stdout).unwrap();
    assert_eq!(report["guardrails"]["removed"][0]["at"], "guardrails.yaml:2", "{report}");
    commit(repository.path(), &[("guardrails.yaml", &rails.replace("denials:\n", "# Reviewed.\ndenials:\n"))]);
    let report: Value = serde_json::from_slice(&diff("HEAD~1..HEAD", &["--output", "json"]).stdout).unwrap();
    assert_eq!(report["guardrails"], serde_json::json!({ "removed": [], "added": [] }), "a line further down is no change");
}

/// Whoever pushes chooses file names. A name must not look like a line of our output, or like a runner's workflow command.
#[test]
fn the_name_of_a_file_begins_no_line() {
    let repository = repository();
    let name = "policies/x\n::stop-commands::abc\nin force    9 policies\u{202e}.yaml";
    commit(repository.path(), &[(name, "issuer: [github"), ("policies/y\n.yaml", DEPLOY), ("policies/z\u{1b}[2J.yml", DEPLOY)]);
    for words in [&["check"][..], &["test"], &["diff", "main...change"]] {
        let output = policy(repository.path(), words);
        let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(words == ["test"] || printed.contains("stop-commands"), "{words:?}: {printed}");
        let odd = printed.lines().find(|line| line.starts_with("::") || line.starts_with("in force"));
        assert!(odd.is_none() && !printed.contains(['\u{202e}', '\u{1b}']), "{words:?}: {printed}");
    }
}
