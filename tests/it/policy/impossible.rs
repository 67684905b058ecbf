//! A test of a policy proves nothing if its token cannot exist. Such tests are refused.

use super::ISSUERS;
use crate::support::{DEPLOY, put};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};
use std::path::Path;

/// The outcomes of these expectations, over these claims.
fn outcomes(claims: &Value, tests: &str) -> Vec<(bool, String)> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| put(&folder.path().join(name), text.as_bytes());
    write("issuers.yaml", ISSUERS);
    write("tests/push.json", &json!({ "issuer": "github", "claims": claims }).to_string());
    write("policies/deploy.yaml", DEPLOY);
    write("secrets/shop/a.age", "x");
    write("secrets/other/a.age", "x");
    write("tests/all.yaml", &format!("expectations:\n{tests}"));
    let report = json_of(folder.path(), "test");
    let outcome = |outcome: &Value| (outcome["holds"] == true, outcome["why"].as_str().unwrap_or_default().to_owned());
    report["outcomes"].as_array().unwrap().iter().map(outcome).collect()
}

fn json_of(folder: &Path, word: &str) -> Value {
    let words = ["policy", word, "--config", "issuers.yaml", "--folder", ".", "--output", "json"];
    serde_json::from_slice(&super::daypass(folder, &words).stdout).unwrap()
}

fn push() -> Value {
    github_claims("push", "refs/heads/main").into()
}

fn one(claims: &Value, body: &str) -> (bool, String) {
    outcomes(claims, &format!("  - {body}\n")).remove(0)
}

#[test]
fn a_change_that_no_token_can_have_is_refused() {
    let credential = "credential: { secret: shop/a.age }";
    for (change, expected) in [
        ("event: pull_request", "never claim `event` as `pull_request`: did you mean `pull-request`?"),
        ("ref: topic", "`topic` can never match: `ref`"),
        ("cluster: x", "claims `cluster`"),
        ("repository: acme/shop", "every token has an id of `repository`: write `acme/shop@ID`"),
        ("repository: acme/other@x1", "`x1` is no id of `repository`"),
        ("repository: null", "every token has `repository`"),
        ("ref_protected: maybe", "`ref_protected` is true or false"),
        ("environment: \"\"", "an empty text is no claim: write `null`"),
    ] {
        let (holds, why) = one(&push(), &format!("deny: {{ claims: push.json, change: {{ {change} }}, {credential} }}"));
        assert!(!holds && why.contains("proves nothing") && why.contains(expected), "{change}: {why}");
    }
    for change in ["event: pull-request", "ref: refs/heads/topic", "repository: acme/other@1", "environment: true"] {
        let tests = [format!("deny: {{ claims: push.json, change: {{ {change} }}, {credential} }}")];
        let (holds, why) = one(&push(), &tests[0]);
        assert_eq!(holds, change != "environment: true", "{change}: {why}");
    }
}

#[test]
fn claims_that_no_token_can_have_are_refused() {
    let deny = "deny: { claims: push.json, credential: { secret: other/a.age } }";
    assert!(one(&push(), deny).0);
    for (claims, expected) in [
        (json!({}), "every token has `repository`"),
        (json!({ "repository": "acme/shop", "repository_id": "456789" }), "every token has "),
    ] {
        let (holds, why) = one(&claims, deny);
        assert!(!holds && why.contains("proves nothing") && why.contains(expected), "{why}");
    }
    for (name, value, expected) in [
        ("event_name", json!("pull-request"), "`pull-request` is a policy's word for `event`: tokens say `pull_request`"),
        ("ref", json!("main"), "`main` can never match: `ref`"),
        ("repository_id", json!(456_789), "every token has an id of `repository`"),
    ] {
        let mut claims = push();
        (claims[name], claims["sub"]) = (value, json!("x"));
        let (holds, why) = one(&claims, deny);
        assert!(!holds && why.contains("proves nothing") && why.contains(expected), "{name}: {why}");
    }
}

/// Nobody could have the secret anyway. A test may still allow a secret that does not exist yet.
#[test]
fn a_denial_of_a_missing_secret_is_refused() {
    let test = |verb: &str, secret: &str| one(&push(), &format!("{verb}: {{ claims: push.json, credential: {{ {secret} }} }}"));
    let (holds, why) = test("deny", "secret: other/none.age");
    assert!(!holds && why.contains("proves nothing") && why.contains("there is no secrets/other/none.age"), "{why}");
    let (holds, why) = test("deny", "transit: decrypt none");
    assert!(!holds && why.contains("there is no transit/none/"), "{why}");
    assert!(test("deny", "secret: other/a.age").0 && test("allow", "secret: shop/none.age").0);
    let pull = "deny: { claims: push.json, change: { event: pull-request }, credential: { secret: shop/none.age } }";
    assert!(one(&push(), pull).0, "somebody is granted it, once it is there");
}

/// The example in `docs/policy.md`.
#[test]
fn the_documented_tests_pass() {
    let docs = include_str!("../../../docs/policy.md");
    let example = docs.split("```yaml\n# tests/shop.yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| put(&folder.path().join(name), text.as_bytes());
    write("issuers.yaml", ISSUERS);
    write("tests/shop-push.json", &json!({ "issuer": "github", "claims": push() }).to_string());
    write("policies/deploy.yaml", DEPLOY);
    write("secrets/shop/db.yaml", "x");
    write("tests/shop.yaml", example);
    let report = json_of(folder.path(), "test");
    assert_eq!((report["outcomes"].as_array().unwrap().len(), &report["failed"]), (2, &json!(0)), "{report}");
}

/// A policy loads only if its own tests pass.
#[test]
fn a_policy_whose_own_test_proves_nothing_does_not_load() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| put(&folder.path().join(name), text.as_bytes());
    write("issuers.yaml", ISSUERS);
    write("tests/push.json", &push().to_string());
    let tests =
        "tests: [ { deny: { claims: push.json, change: { event: pull_request }, credential: { secret: shop/a.age } } } ]\n";
    write("policies/deploy.yaml", &format!("{DEPLOY}{tests}"));
    let report = json_of(folder.path(), "check");
    assert_eq!((&report["policies"], &report["findings"][0]["code"]), (&json!(0), &json!("test_failed")), "{report}");
}
