//! `policy what-can`: everything that one identity may have, and nothing that it may not.

use crate::support::put;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const POLICY: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  aws: [ { role: \"arn:aws:iam::123456789012:role/shop-deploy\" } ]
  secrets: [ shop/**, \"other/db.yaml#/password\" ]
  id_token: { audience: https://partner.example, ttl: 10m }
";

fn what_can(folder: &Path, claims: &[&str], more: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.args(["policy", "what-can", "--config", "daypass.yaml", "--folder", "access", "--issuer", "github"]);
    claims.iter().for_each(|claim| _ = command.args(["--claim", claim]));
    let output = command.args(more).current_dir(folder).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), printed)
}

#[test]
fn what_can_lists_the_grants_of_an_identity_without_those_that_a_guardrail_denies() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| put(&folder.path().join(name), text.as_bytes());
    write(
        "daypass.yaml",
        "issuers: [ { name: github, mapping: github-actions, issuer: \"https://token.actions.githubusercontent.com\", audiences: [\"https://daypass.example\"] } ]\n",
    );
    write("access/policies/shop/deploy.yaml", POLICY);
    let other = POLICY.replace("456789", "1").replace("shop-deploy", "other").replace("shop/**", "third/**");
    write("access/policies/other.yaml", &other);
    for secret in ["shop/a.age", "shop/denied.age", "third/c.age", "other/db.yaml"] {
        write(&format!("access/secrets/{secret}"), "x");
    }
    write("access/guardrails.yaml", "denials: [ { description: never, deny: { secrets: [shop/denied.age] } } ]\n");
    let claims = ["repository=acme/shop", "repository_id=456789", "ref=refs/heads/main", "event_name=push"];
    let (status, output) = what_can(folder.path(), &claims, &["--output", "json"]);
    let report: Value = serde_json::from_str(&output).unwrap();
    let credentials: Vec<&str> =
        report["holds"].as_array().unwrap().iter().map(|one| one["credential"].as_str().unwrap()).collect();
    assert_eq!(
        (status, &credentials[..]),
        (
            0,
            &[
                "aws arn:aws:iam::123456789012:role/shop-deploy",
                "secret other/db.yaml#/password",
                "secret shop/a.age",
                "id_token https://partner.example"
            ][..]
        ),
        "{report:#}"
    );
    assert!(report["holds"].as_array().unwrap().iter().all(|one| one["policy"] == "shop/deploy"), "{report:#}");
    let (status, output) = what_can(folder.path(), &claims, &[]);
    assert!(status == 0 && output.contains("secret shop/a.age") && output.contains("by shop/deploy\n"), "{output}");
    let elsewhere = ["repository=acme/shop", "repository_id=456789", "ref=refs/heads/other", "event_name=push"];
    let (status, output) = what_can(folder.path(), &elsewhere, &[]);
    assert!(status == 77 && output.contains("It can reach nothing by what is looked at."), "{output}");
    let (status, output) = what_can(folder.path(), &["iss=https://evil.example"], &[]);
    assert!(status == 77 && output.contains("unknown_issuer"), "{output}");
}
