//! `policy check` reports grants that the configured providers would refuse to every job.

use super::{ISSUERS, daypass};
use crate::support::put;
use serde_json::{Value, json};

const APP: &str = "providers:\n  github: { apps: [ { name: acme, app_id: 7, key: { file: app.pem }, max_permissions: { contents: read } } ] }\n";
const POLICY: &str = "issuer: github
match:
  repository: acme/shop@456789
  ref: refs/heads/main
  event: push
grant:
  github:
    - { app: acne, repositories: [\"acme/shop@456789\"], permissions: { contents: read } }
    - { app: acme, repositories: [\"acme/shop@456789\"], permissions: { contents: write } }
  token_exchange:
    - { service: nobody }
";

#[test]
fn a_grant_that_the_configured_providers_refuse_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let check = |config: &str, more: &[&str]| {
        put(&folder.path().join("issuers.yaml"), config.as_bytes());
        put(&folder.path().join("policies/deploy.yaml"), POLICY.as_bytes());
        let words = ["policy", "check", "--config", "issuers.yaml", "--folder", "."];
        let output = daypass(folder.path(), &[&words[..], more].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let server = format!("{ISSUERS}{APP}");
    let (status, printed) = check(&server, &[]);
    assert_eq!(status, Some(78), "{printed}");
    for expected in [
        "error[provider_misfit]: the configuration has no App `acne`",
        "policies/deploy.yaml:8",
        "did you mean `acme`? it has acme",
        "App `acme`: `contents: write` is more than its `max_permissions`",
        "policies/deploy.yaml:9",
        "the configuration has no provider `token_exchange`",
        "policies/deploy.yaml:11",
        "3 errors",
    ] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    let json = |config: &str| serde_json::from_str::<Value>(&check(config, &["--output", "json"]).1).unwrap();
    let report = json(&server);
    assert_eq!((&report["errors"], &report["providers_not_looked_at"]), (&json!(3), &json!([])), "{report}");
    // With issuers alone the check says once what it did not read, and finds no error.
    let (status, printed) = check(ISSUERS, &[]);
    assert_eq!(status, Some(0), "{printed}");
    assert_eq!(printed.matches("is not looked at: this configuration does not describe who makes it").count(), 1, "{printed}");
    assert_eq!(json(ISSUERS)["providers_not_looked_at"], json!(["github", "token_exchange"]));
}
