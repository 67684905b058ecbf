//! The commands report about further sources what a server does with them.

use super::{ISSUERS, commit, daypass, policy, repository};
use crate::support::{DEPLOY, put};
use serde_json::{Value, json};
use std::path::Path;

const TEAM: &str = "git: /srv/team-a.git
ref: refs/heads/main
age_identities: [team-a.key]
allowed:
  issuers: [github]
  match: { repository: \"acme/*\" }
  grant: { id_token: [\"https://partner.example\"] }
";
const RAILS: &str = "denials: [ { description: Nobody gets it., deny: { id_token: [\"https://partner.example\"] } } ]\n";
const PUSH: &str = r#"{"repository": "acme/shop", "repository_id": "456789", "ref": "refs/heads/main", "event_name": "push"}"#;

/// A folder with a further source's files in `team`, and its definition in `root`.
fn source(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("issuers.yaml"), ISSUERS.as_bytes());
    put(&folder.path().join("push.json"), PUSH.as_bytes());
    put(&folder.path().join("root/sources/team-a.yaml"), TEAM.as_bytes());
    for (name, text) in [("policies/deploy.yaml", DEPLOY)].iter().chain(files) {
        put(&folder.path().join("team").join(name), text.as_bytes());
    }
    folder
}

fn of_source(folder: &Path, words: &[&str]) -> (Option<i32>, Value) {
    let of = ["--config", "issuers.yaml", "--folder", "team", "--source", "root/sources/team-a.yaml", "--output", "json"];
    let output = daypass(folder, &[&["policy"], words, &of].concat());
    let report = serde_json::from_slice(&output.stdout);
    (output.status.code(), report.unwrap_or_else(|_| String::from_utf8_lossy(&output.stderr).into_owned().into()))
}

fn messages<'a>(report: &'a Value, member: &str) -> Vec<(&'a str, &'a str)> {
    let listed = report[member].as_array().map(Vec::as_slice).unwrap_or_default();
    listed.iter().map(|fault| (fault["file"].as_str().unwrap(), fault["message"].as_str().unwrap())).collect()
}

/// A server reads no guardrails of a further source, and neither do the commands.
#[test]
fn guardrails_of_a_further_source_deny_nobody() {
    let folder = source(&[("guardrails.yaml", RAILS), ("sources/other.yaml", TEAM)]);
    let (status, report) = of_source(folder.path(), &["check"]);
    assert_eq!((status, &report["guardrails"]), (Some(78), &json!(0)), "{report}");
    let unread = [
        ("guardrails.yaml", "only the root repository has guardrails: this file is not read"),
        ("sources/other.yaml", "only the root repository defines further sources: this file is not read"),
    ];
    let found = messages(&report, "findings");
    assert!(unread.iter().all(|unread| found.contains(unread)), "{report}");
    let question = ["explain", "--issuer", "github", "--claims", "push.json", "--id-token", "https://partner.example"];
    let (status, report) = of_source(folder.path(), &question);
    assert_eq!((status, &report["allowed_by"]), (Some(0), &json!("team-a/deploy")), "{report}");
    assert_eq!(report["root_guardrails_looked_at"], false, "{report}");
    let (status, report) = of_source(folder.path(), &["who-can", "https://partner.example"]);
    assert_eq!((status, &report["reached_by"][0]["at"]), (Some(0), &json!("team-a:policies/deploy.yaml:8")), "{report}");
    let (status, report) = of_source(folder.path(), &["test"]);
    assert_eq!((status, messages(&report, "findings")), (Some(78), unread.to_vec()), "{report}");
}

/// A policy outside of the source's bounds is not in force, and nobody outside of them is allowed.
#[test]
fn explain_keeps_a_further_source_within_its_bounds() {
    let folder = source(&[("policies/wide.yaml", &DEPLOY.replace("partner.example", "other.example"))]);
    let explain = |more: &[&str]| {
        let question = ["explain", "--issuer", "github", "--claims", "push.json"];
        of_source(folder.path(), &[&question[..], more].concat())
    };
    let (status, report) = explain(&["--id-token", "https://other.example"]);
    assert_eq!(status, Some(77), "{report}");
    let outside = ("policies/wide.yaml", "the source `team-a` may not grant id_token https://other.example");
    assert!(messages(&report, "faults").contains(&outside), "{report}");
    let (status, report) = explain(&["--id-token", "https://partner.example", "--claim", "repository=evil/shop"]);
    assert_eq!((status, &report["allowed_by"]), (Some(77), &Value::Null), "{report}");
}

/// The server refuses each of these with the same message.
#[test]
fn check_of_the_root_finds_the_same_faults_in_a_definition_as_a_server() {
    let repository = repository();
    let signed = format!("{TEAM}verify: {{ allowed_signers: team-a.signers }}\n");
    let cases = [
        (signed.clone(), "team-a.signers: the root repository has no such file below sources/"),
        (format!("{TEAM}verify: {{}}\n"), "nobody could put a commit in force: name `allowed_signers` or `openpgp`"),
        (format!("{TEAM}intervall: 1s\n"), "unknown key `intervall`"),
        (TEAM.replace("refs/heads/main", "main"), "expected a full ref such as refs/heads/main"),
        (TEAM.replace("team-a.key", "../root.key"), "expected the name of a file in the server's `age_identity_dir`"),
        (format!("{TEAM}interval: 1h\nmax_stale: 1m\n"), "has to be longer than `interval`"),
    ];
    for (definition, expected) in cases {
        commit(repository.path(), &[("sources/team-a.yaml", &definition)]);
        let output = policy(repository.path(), &["check"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.code() == Some(78) && text.contains(expected), "{expected} in\n{text}");
    }
    commit(repository.path(), &[("sources/team-a.yaml", &signed), ("sources/team-a.signers", "nonsense")]);
    assert_eq!(policy(repository.path(), &["check"]).status.code(), Some(78), "a signers file that is none");
    commit(repository.path(), &[("sources/team-a.yaml", TEAM)]);
    let good = policy(repository.path(), &["check"]);
    let text = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(good.status.success() && text.contains("files of the server that further sources name"), "{text}");
    commit(repository.path(), &[("policies/team-a/deploy.yaml", DEPLOY)]);
    let output = policy(repository.path(), &["check"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let clash = "the root repository has a folder policies/team-a/: rename it, or the source";
    assert!(output.status.code() == Some(78) && text.contains(clash), "{text}");
}

/// Policies that were not read may grant or lose access.
#[test]
fn a_diff_says_that_it_does_not_read_further_sources() {
    let repository = repository();
    commit(repository.path(), &[("sources/team-a.yaml", TEAM)]);
    let diff = |more: &[&str]| policy(repository.path(), &[&["diff", "main...change"], more].concat());
    let output = diff(&[]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("further sources team-a are not looked at"), "{text}");
    let json: Value = serde_json::from_slice(&diff(&["--output", "json"]).stdout).unwrap();
    assert_eq!(json["further_sources_not_looked_at"], json!(["team-a"]), "{json}");
    let comment = String::from_utf8_lossy(&diff(&["--output", "markdown"]).stdout).into_owned();
    assert!(comment.contains("further sources team-a are not looked at"), "{comment}");
}

/// With a mistake in the bounds nobody gets in, but the policies' own tests would still pass.
#[test]
fn tests_of_a_further_source_are_run_within_its_bounds() {
    let push = json!({ "issuer": "github", "claims": daypass::demo::issuer::github_claims("push", "refs/heads/main") });
    let allow = "allow: { claims: push.json, credential: { id_token: \"https://partner.example\" } }";
    let (own, all) = (format!("{DEPLOY}tests: [ {{ {allow} }} ]\n"), format!("expectations: [ {{ {allow} }} ]\n"));
    let folder = source(&[
        ("policies/deploy.yaml", own.as_str()),
        ("tests/push.json", push.to_string().as_str()),
        ("tests/all.yaml", all.as_str()),
        ("secrets/shop/a.age", "x"),
    ]);
    let bound = |text: &str| put(&folder.path().join("root/sources/team-a.yaml"), text.as_bytes());
    let (status, report) = of_source(folder.path(), &["test"]);
    assert_eq!(
        (status, report["outcomes"].as_array().map(Vec::len), &report["failed"]),
        (Some(0), Some(2), &json!(0)),
        "{report}"
    );
    let (status, report) = of_source(folder.path(), &["check"]);
    assert_eq!((status, &report["errors"]), (Some(0), &json!(0)), "{report}");
    bound(&TEAM.replace("acme/*", "acmee/*"));
    let (status, report) = of_source(folder.path(), &["test"]);
    assert_eq!((status, &report["failed"]), (Some(78), &json!(2)), "{report}");
    let (status, report) = of_source(folder.path(), &["check"]);
    let code = |fault: &Value| fault["code"] == "test_failed" && fault["file"] == "policies/deploy.yaml";
    assert!(status == Some(78) && report["findings"].as_array().unwrap().iter().any(code), "{report}");
    bound(&TEAM.replace("partner.example", "other.example"));
    let (status, report) = of_source(folder.path(), &["test"]);
    let outside = ("policies/deploy.yaml", "the source `team-a` may not grant id_token https://partner.example");
    assert!(status == Some(78) && messages(&report, "findings").contains(&outside), "{report}");
}

/// A server follows no source whose definition it cannot read, so nothing of it is in force.
#[test]
fn a_definition_that_does_not_load_is_an_error_in_every_command_about_its_source() {
    let folder = source(&[]);
    let file = "root/sources/team-a.yaml";
    for (definition, expected) in [
        (TEAM.replace("refs/heads/main", "main"), "expected a full ref such as refs/heads/main"),
        (format!("{TEAM}intervall: 1s\n"), "unknown key `intervall`"),
        (format!("{TEAM}verify: {{ allowed_signers: team-a.signers }}\n"), "no such file below sources/"),
    ] {
        put(&folder.path().join(file), definition.as_bytes());
        for (words, status, member) in [
            (&["check"][..], 78, "findings"),
            (&["test"], 78, "findings"),
            (&["who-can", "https://partner.example"], 77, "faults"),
        ] {
            let (ended, report) = of_source(folder.path(), words);
            let is_reported = messages(&report, member).iter().any(|(at, message)| *at == file && message.contains(expected));
            assert!(ended == Some(status) && is_reported, "{words:?}: {expected} in {ended:?} {report}");
        }
    }
}

/// Only with that flag can a name of a further source be found.
#[test]
fn who_can_names_the_flag_for_secrets_of_a_further_source() {
    let repository = repository();
    commit(repository.path(), &[("sources/team-a.yaml", TEAM)]);
    let output = policy(repository.path(), &["who-can", "team-a/db.age"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let hint = "ask by the same name with --repository for that repository, and --source for sources/team-a.yaml of this one";
    assert!(output.status.code() == Some(64) && stderr.contains(hint), "{stderr}");
    let folder = source(&[("secrets/db.age", "x")]);
    let (status, report) = of_source(folder.path(), &["who-can", "team-a/db.age"]);
    assert_eq!((status, &report["reached_by"]), (Some(77), &json!([])), "{report}");
}
