//! Commands that only read policies, on a machine without the server's files.

use super::{ISSUERS, commit, daypass, repository};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

const ISSUER_URL: &str = "issuer_url: https://oidc.acme.example\n";
/// The rest of a server's configuration. None of the files that it names exists.
const SERVER: &str = "listen: 127.0.0.1:8443
admin_listen: 127.0.0.1:9443
public_url: https://daypass.acme.example
tls: { certificate: /nonexistent/tls.crt, key: /nonexistent/tls.key }
data: /nonexistent/data
key_encryption: { age_identity: /nonexistent/root.key }
root:
  git: .
  ref: refs/heads/change
  age_identities: [/nonexistent/age.key]
  verify: { allowed_signers: /nonexistent/signers }
providers:
  github: { apps: [ { name: acme, app_id: 4711, key: { file: /nonexistent/app.pem }, max_permissions: { contents: read } } ] }
";
const SERVICES: &str = "owners: [team-mono]
issuer: github
for_each: services.yaml
match: { repository: acme/mono@456790, environment: \"{each.name}\", event: push }
grant: { aws: [ { role: \"arn:aws:iam::123456789012:role/{each.role}\", ttl: 30m } ] }
";
const ROWS: &str = "- { name: web, role: front }\n- { name: mail, role: back }\n- { name: jobs, role: back }\n";

fn monorepo() -> tempfile::TempDir {
    let folder = repository();
    commit(folder.path(), &[("policies/mono/deploy.yaml", SERVICES), ("services.yaml", ROWS)]);
    let config = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    let claims = json!({ "repository": "acme/shop", "repository_id": "456789", "ref": "refs/heads/main", "event_name": "push" });
    config("claims.json", claims.to_string());
    config("few.yaml", format!("{ISSUER_URL}{ISSUERS}"));
    config("server.yaml", format!("{ISSUER_URL}{SERVER}{ISSUERS}"));
    folder
}

fn text_of(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

const QUESTIONS: [&[&str]; 7] = [
    &["policy", "check"],
    &["policy", "test"],
    &["policy", "diff", "main..change"],
    &["policy", "who-can", "arn:aws:iam::123456789012:role/back"],
    &["policy", "who-can", "https://partner.example"],
    &["policy", "explain", "--issuer", "github", "--claims", "claims.json", "--id-token", "https://partner.example"],
    &["aws", "bootstrap"],
];

#[test]
fn issuers_and_our_own_address_are_enough() {
    let folder = monorepo();
    for question in QUESTIONS {
        let at: &[&str] = if question[1] == "diff" { &["--repository", "."] } else { &["--folder", "."] };
        let output = daypass(folder.path(), &[question, &["--config", "few.yaml"], at].concat());
        assert!(output.status.success(), "{question:?}: {}", text_of(&output));
    }
    let nowhere = daypass(folder.path(), &["policy", "check", "--config", "few.yaml"]);
    assert_eq!(nowhere.status.code(), Some(78));
    assert!(text_of(&nowhere).contains("has no `root`") && text_of(&nowhere).contains("--folder"), "{}", text_of(&nowhere));
}

#[test]
fn the_servers_configuration_works_without_its_keys() {
    let folder = monorepo();
    for question in QUESTIONS {
        let output = daypass(folder.path(), &[question, &["--config", "server.yaml"]].concat());
        assert!(output.status.success(), "{question:?}: {}", text_of(&output));
    }
}

#[test]
fn a_misspelt_key_is_still_reported() {
    let folder = monorepo();
    for (right, wrong) in [("issuer_url:", "isuer_url:"), ("tls: { certificate", "tls: { certificat"), ("app_id:", "appid:")] {
        let text = format!("{ISSUER_URL}{SERVER}{ISSUERS}").replace(right, wrong);
        std::fs::write(folder.path().join("wrong.yaml"), text).unwrap();
        for question in QUESTIONS {
            let output = daypass(folder.path(), &[question, &["--config", "wrong.yaml"]].concat());
            assert_eq!(output.status.code(), Some(78), "{question:?}: {}", text_of(&output));
            let printed = text_of(&output);
            assert!(printed.contains("unknown key") && printed.contains("has 1 fault\n"), "{printed}");
        }
    }
}

fn subjects(folder: &Path, more: &[&str]) -> (Value, String) {
    let output = daypass(folder, &[&["aws", "bootstrap", "--config", "few.yaml", "--folder", "."], more].concat());
    let trusts: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text_of(&output)));
    let of = |role: &str| {
        let trust = &trusts[format!("arn:aws:iam::123456789012:role/{role}")];
        trust["Statement"][0]["Condition"]["StringEquals"]["oidc.acme.example:sub"].clone()
    };
    (json!([of("front"), of("back")]), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_trust_policy_lists_the_rows_of_a_role_and_their_old_subject_on_request() {
    let folder = monorepo();
    let (own, stderr) = subjects(folder.path(), &[]);
    assert_eq!(own, json!([["root/mono/deploy:web"], ["root/mono/deploy:jobs", "root/mono/deploy:mail"]]));
    assert!(stderr.contains("--also-old-subjects"), "{stderr}");
    let (both, stderr) = subjects(folder.path(), &["--also-old-subjects"]);
    let old = "root/mono/deploy";
    assert_eq!(both, json!([[old, "root/mono/deploy:web"], [old, "root/mono/deploy:jobs", "root/mono/deploy:mail"]]));
    assert!(!stderr.contains("note:"), "{stderr}");
    std::fs::write(folder.path().join("services.yaml"), ROWS.replace("name", "service")).unwrap();
    let nameless = SERVICES.replace("{each.name}", "{each.service}");
    std::fs::write(folder.path().join("policies/mono/deploy.yaml"), nameless).unwrap();
    assert_eq!(subjects(folder.path(), &[]), (json!([[old], [old]]), String::new()));
}
