//! GitHub's own client for Apps (@octokit/auth-app), unmodified, against the stand-in for GitHub that daypass is tested with. And
//! GitHub's own list of permissions, from octokit's types.

use crate::github::stand_in::{Shape, StandInGitHub};
use crate::support::{certificate, peer, write_private};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn octokit_gets_tokens_from_the_stand_in() {
    let (Some(node), Some(manifest)) = (peer("node"), peer("octokit-js")) else { return };
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let stand_in = StandInGitHub::start(folder.path()).await;
    let key = folder.path().join("app.pem");
    write_private(&key, stand_in.with(|world| world.app.pem.clone()).as_bytes());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/octokit.mjs");
    for (shape, length, app) in [(Shape::Old, 40, "4711"), (Shape::Stateless, 520, "Iv23liStandIn")] {
        stand_in.with(|world| world.shape = shape);
        let mut command = tokio::process::Command::new(&node);
        command.arg(&script).arg(&manifest).env("NODE_EXTRA_CA_CERTS", folder.path().join("tls.crt"));
        command.env("API", &stand_in.url).env("APP_ID", app).env("APP_KEY", &key).env("OWNER", "acme");
        let output = command.output().await.unwrap();
        let (stdout, fault) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{fault}"));
        let expected = json!({
            "found": [9001, 9001], "permissions": { "contents": "read", "metadata": "read" }, "selection": "selected", "ids": [1],
            "length": length, "revoked": 204, "after": "401 Bad credentials",
            "everything": { "contents": "write", "issues": "read", "metadata": "read", "next_weeks": "read" },
            "denied": "422 The permissions requested are not granted to this installation.",
            "unknown": "422 There is at least one repository that does not exist or is not accessible to the parent installation.",
            "elsewhere": "404 Not Found",
        });
        assert_eq!(report, expected, "{app}");
        println!("octokit of App {app}: {report}");
    }
    stand_in.with(|world| world.app.forget());
    let mut command = tokio::process::Command::new(&node);
    command.arg(&script).arg(&manifest).env("NODE_EXTRA_CA_CERTS", folder.path().join("tls.crt"));
    command.env("API", &stand_in.url).env("APP_ID", "4711").env("APP_KEY", &key).env("OWNER", "acme");
    let fault = String::from_utf8_lossy(&command.output().await.unwrap().stderr).into_owned();
    assert!(fault.contains("A JSON web token could not be decoded"), "a key of another App opens nothing: {fault}");
}

/// `@octokit/openapi-types` is made from the same description as the list that is checked in.
#[test]
fn the_list_of_permissions_matches_githubs_types() {
    let Some(manifest) = peer("octokit-js") else { return };
    let types = manifest.canonicalize().unwrap().with_file_name("node_modules/@octokit/openapi-types/types.d.ts");
    let types = std::fs::read_to_string(types).unwrap();
    let schema = types.split("\"app-permissions\": {").nth(1).unwrap().split("};").next().unwrap();
    let line = regex::Regex::new(r#"(?m)^\s*(\w+)\?:\s*((?:"\w+"(?:\s*\|\s*)?)+);$"#).unwrap();
    let levels = |text: &str| text.split('|').map(|level| level.trim().trim_matches('"').to_owned()).collect::<Vec<_>>();
    let theirs: BTreeMap<String, Vec<String>> =
        line.captures_iter(schema).map(|found| (found[1].to_owned(), levels(&found[2]))).collect();
    let ours = include_str!("../../../src/words/github/app-permissions.txt");
    let ours = ours.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once(' ').unwrap());
    let ours: BTreeMap<String, Vec<String>> =
        ours.map(|(key, levels)| (key.to_owned(), levels.split(' ').map(str::to_owned).collect())).collect();
    assert_eq!(ours, theirs, "tests/peers/app-permissions.sh writes the list again");
}
