//! Tests of policies: which claims they may use.

use super::{ISSUERS, daypass};
use crate::support::{DEPLOY, put};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};
use std::path::Path;

const URLS: [(&str, &str, &str); 3] = [
    ("github", "github-actions", "https://token.actions.githubusercontent.com"),
    ("gitlab", "gitlab", "https://gitlab.com"),
    ("forgejo", "forgejo", "https://git.acme.example/api/actions"),
];
const DENY: &str = "deny: { claims: job.json, credential: { secret: shop/a.age } }";

fn folder(policy: &str, issuer: &str, claims: &Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| put(&folder.path().join(name), text.as_bytes());
    let one = |(name, mapping, url)| {
        format!("  - {{ name: {name}, mapping: {mapping}, issuer: \"{url}\", audiences: [\"https://daypass.example\"] }}\n")
    };
    write("issuers.yaml", &format!("issuers:\n{}", URLS.map(one).concat()));
    write("policies/deploy.yaml", policy);
    write("secrets/shop/a.age", "x");
    write("tests/job.json", &json!({ "issuer": issuer, "claims": claims }).to_string());
    folder
}

fn json_of(folder: &Path, word: &str) -> Value {
    let words = ["policy", word, "--config", "issuers.yaml", "--folder", ".", "--output", "json"];
    serde_json::from_slice(&daypass(folder, &words).stdout).unwrap()
}

/// Whether a test of the repository passes, and if not, why.
fn outcome(issuer: &str, claims: &Value, test: &str) -> (bool, String) {
    let folder = folder(DEPLOY, issuer, claims);
    put(&folder.path().join("tests/all.yaml"), format!("expectations: [ {test} ]\n").as_bytes());
    let outcome = json_of(folder.path(), "test")["outcomes"][0].take();
    (outcome["holds"] == true, outcome["why"].as_str().unwrap_or_default().to_owned())
}

fn fixture(text: &str) -> Value {
    serde_json::from_str::<Value>(text).unwrap()["claims"].take()
}

fn push() -> Value {
    github_claims("push", "refs/heads/main").into()
}

fn changed(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

/// CIs have more events than policies have words. A complete token with another event can exist.
#[test]
fn an_unknown_value_of_a_claim_may_be_tested() {
    let gitlab = fixture(include_str!("../../../src/identity/fixtures/gitlab/branch.json"));
    let forgejo = fixture(include_str!("../../../src/identity/fixtures/forgejo/push.json"));
    let cases: [(&str, Value, &str, &[&str]); 5] = [
        ("github", push(), "event_name", &["issues", "discussion", "dynamic", "watch"]),
        ("github", push(), "runner_environment", &["somewhere"]),
        ("gitlab", gitlab.clone(), "pipeline_source", &["chat", "webide", "external"]),
        ("gitlab", gitlab.clone(), "runner_environment", &["somewhere"]),
        ("forgejo", forgejo, "event_name", &["issues", "delete", "fork"]),
    ];
    for (issuer, claims, claim, words) in &cases {
        for word in *words {
            let (holds, why) = outcome(issuer, &changed(claims, claim, json!(word)), DENY);
            assert!(holds || why == "allowed by deploy", "{issuer} {word}: {why}");
        }
    }
    for (issuer, claims, claim, value, expected) in [
        ("github", push(), "event_name", json!(7), "no token has `event` in such a form"),
        ("github", push(), "event_name", json!(["push"]), "no token has `event` in such a form"),
        ("github", push(), "event_name", Value::Null, "every token has `event`"),
        ("github", push(), "event_name", json!(""), "every token has `event`"),
        ("github", push(), "environment", json!(7), "no token has `environment` in such a form"),
        ("github", push(), "ref_protected", json!("no"), "no token has `ref_protected` in such a form"),
        (
            "github",
            push(),
            "event_name",
            json!("manual"),
            "`manual` is a policy's word for `event`: tokens say `workflow_dispatch`",
        ),
        ("gitlab", gitlab, "pipeline_source", json!("pull-request"), "tokens say `external_pull_request_event`"),
    ] {
        let (holds, why) = outcome(issuer, &changed(&claims, claim, value), DENY);
        assert!(!holds && why.contains("proves nothing") && why.contains(expected), "{claim}: {why}");
    }
}

/// The server never accepts such a token as one of this issuer.
#[test]
fn claims_of_another_issuer_prove_nothing() {
    let own = changed(&push(), "iss", json!("https://token.actions.githubusercontent.com"));
    assert!(outcome("github", &own, DENY).0 == outcome("github", &push(), DENY).0);
    let event = "deny: { claims: job.json, change: { event: manual }, credential: { secret: shop/a.age } }";
    assert!(outcome("github", &own, event).0 && outcome("github", &push(), event).0);
    for other in [json!("https://evil.example"), json!("https://token.actions.githubusercontent.com/"), json!(7)] {
        let (holds, why) = outcome("github", &changed(&push(), "iss", other.clone()), event);
        assert!(!holds && why.contains("proves nothing") && why.contains("`iss`"), "{other}: {why}");
    }
}

/// The tests of a policy in audit mode say what it decides once it is enforced. Otherwise they would keep it from loading.
#[test]
fn a_policy_in_audit_mode_is_tested_as_if_enforced() {
    let allow = "tests: [ { allow: { claims: job.json, credential: { secret: shop/a.age } } } ]\n";
    let policy = format!("{DEPLOY}mode: audit\n{allow}");
    let good = folder(&policy, "github", &push());
    put(&good.path().join("tests/all.yaml"), format!("expectations: [ {DENY} ]\n").as_bytes());
    let checked = json_of(good.path(), "check");
    assert_eq!((&checked["policies"], &checked["errors"]), (&json!(1), &json!(0)), "{checked}");
    let tested = json_of(good.path(), "test");
    assert_eq!((tested["outcomes"].as_array().unwrap().len(), &tested["failed"]), (2, &json!(0)), "{tested}");
    let wrong = folder(&policy.replace("event: push", "event: manual"), "github", &push());
    assert_eq!(json_of(wrong.path(), "check")["findings"][0]["code"], "test_failed");
}

/// The first example in `docs/policy.md`.
#[test]
fn the_documented_policy_loads() {
    let docs = include_str!("../../../docs/policy.md");
    let example = docs.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let example = example.replace("[ … ]", "[ { Effect: Allow, Action: \"s3:*\", Resource: \"*\" } ]");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| put(&folder.path().join(name), text.as_bytes());
    write("issuers.yaml", &ISSUERS.replace(" } ]", ", session_max: 30m } ]"));
    write(
        "tests/shop-push.json",
        &json!({ "issuer": "github", "claims": changed(&push(), "enterprise", json!("acme")) }).to_string(),
    );
    write("policies/shop/deploy.yaml", &example);
    let report = json_of(folder.path(), "check");
    assert_eq!((&report["policies"], &report["errors"]), (&json!(1), &json!(0)), "{report:#}");
    assert!(example.contains("mode: audit") && example.contains("allow: {"));
}
