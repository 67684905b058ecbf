//! The same with a real OpenBao: roles and policies are written there and exported with its command. Tokens are tried at its login and
//! KV store, and with the import.

use super::{Ours, catalogue};
use crate::peers::openbao::Bao;
use crate::support::peer;
use daypass::demo::issuer::LocalIssuer;
use daypass::kind::Target;
use daypass::words::SystemClock;
use daypass::words::names::SecretName;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Paths of documents in OpenBao.
const KEYS: [&str; 9] =
    ["shop/db", "shop/private/db", "shop/web-1", "shop/web-1/tls", "shop", "Shop/db", "other/db", "other/x/db", "db"];

/// Roles: the name, the members, the policy, and whether it is imported.
fn roles() -> Vec<(&'static str, Value, &'static str, bool)> {
    let shop =
        r#"path "secret/data/shop/*" { capabilities = ["read", "list"] } path "secret/metadata/*" { capabilities = ["list"] }"#;
    vec![
        ("exact", json!({ "bound_claims": { "ref": "main", "level": 7, "deploys": true } }), shop, true),
        ("subject", json!({ "bound_subject": "ci:shop" }), r#"path "secret/data/shop/db" { capabilities = ["read"] }"#, true),
        (
            "globs",
            json!({ "bound_claims_type": "glob", "bound_claims": { "ref": "release/*", "sub": ["ci:*", "cd:*"] } }),
            shop,
            true,
        ),
        ("inner", json!({ "bound_claims_type": "glob", "bound_claims": { "ref": "a*z" } }), shop, true),
        ("lists", json!({ "bound_claims": { "ref": ["main", "release/1"] } }), shop, true),
        ("pointers", json!({ "bound_claims": { "/kubernetes.io/namespace": "shop" } }), shop, true),
        (
            "users",
            json!({ "user_claim": "/kubernetes.io/namespace", "user_claim_json_pointer": true, "bound_claims": { "ref": "main" } }),
            shop,
            true,
        ),
        ("mapped", json!({ "claim_mappings": { "team": "team" }, "bound_claims": { "ref": "main" } }), shop, true),
        (
            "denied",
            json!({ "bound_claims": { "ref": "main" } }),
            r#"path "secret/data/shop/*" { capabilities = ["read"] } path "secret/data/shop/private/*" { capabilities = ["deny"] }"#,
            false,
        ),
        (
            "segments",
            json!({ "bound_claims": { "ref": "main" } }),
            r#"path "secret/data/+/db" { capabilities = ["read"] } path "secret/data/shop/web-*" { capabilities = ["read"] }"#,
            true,
        ),
        (
            "beaten",
            json!({ "bound_claims": { "ref": "main" } }),
            r#"path "secret/data/+/db" { capabilities = ["deny"] } path "secret/data/shop/*" { capabilities = ["read"] }"#,
            true,
        ),
        ("networks", json!({ "token_bound_cidrs": ["10.0.0.0/8"], "bound_claims": { "ref": "main" } }), shop, false),
        (
            "templates",
            json!({ "bound_claims": { "ref": "main" } }),
            r#"path "secret/data/{{identity.entity.name}}/*" { capabilities = ["read"] }"#,
            false,
        ),
    ]
}

/// Claims of tokens, without those that every token has.
fn tokens() -> Vec<Map<String, Value>> {
    let of = |claims: Value| claims.as_object().unwrap().clone();
    let mut tokens = vec![
        of(json!({ "ref": "main", "level": 7, "deploys": true })),
        of(json!({ "ref": "main", "level": "7", "deploys": true })),
        of(json!({ "ref": "main", "level": 7.5, "deploys": true })),
        of(json!({ "ref": "main", "level": 7, "deploys": "true" })),
        of(json!({ "ref": ["main", "x"], "level": 7, "deploys": true })),
        of(json!({ "ref": "Main" })),
        of(json!({})),
    ];
    for git_ref in ["main", "release/1", "release/a/b", "release/", "a", "az", "abz", "a/z", "xmain", "main\n"] {
        for subject in ["ci:shop", "ci:shop:x", "cd:", "CI:shop"] {
            tokens.push(of(json!({ "ref": git_ref, "sub": subject, "team": "a" })));
        }
    }
    for namespace in [json!("shop"), json!("Shop"), json!(""), json!(7), json!(["shop"])] {
        tokens.push(of(json!({ "ref": "main", "kubernetes.io": { "namespace": namespace } })));
    }
    for team in [json!("a"), json!(7), json!(["a"]), Value::Null] {
        tokens.push(of(json!({ "ref": "main", "team": team })));
    }
    tokens.iter_mut().for_each(|claims| _ = claims.entry("sub").or_insert_with(|| "ci:shop".into()));
    tokens
}

fn printed(bao: &Bao, program: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(arguments).env("BAO_ADDR", &bao.url).env("BAO_TOKEN", "root").env("HOME", std::env::temp_dir());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Makes the export as the guide describes it.
fn export(bao: &Bao, program: &Path, folder: &Path) {
    let save = |file: &str, arguments: &[&str]| {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, printed(bao, program, arguments)).unwrap();
    };
    save("auth/jwt/config.json", &["read", "-format=json", "auth/jwt/config"]);
    save("policies/default.hcl", &["policy", "read", "default"]);
    for (name, ..) in roles() {
        save(&format!("auth/jwt/role/{name}.json"), &["read", "-format=json", &format!("auth/jwt/role/{name}")]);
        save(&format!("policies/{name}.hcl"), &["policy", "read", name]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openbao_accepts_whatever_an_import_accepts() {
    let (Some(bao), Some(program)) = (Bao::start().await, peer("bao")) else { return };
    let issuer = LocalIssuer::start(Arc::new(SystemClock)).await.unwrap();
    let write = |path: String, body: Value| {
        let bao = &bao;
        async move {
            let (status, answer) = bao.call("POST", &path, "root", body).await;
            assert!(status < 300, "{path}: {status} {answer}");
        }
    };
    write("sys/auth/jwt".to_owned(), json!({ "type": "jwt" })).await;
    write("auth/jwt/config".to_owned(), json!({ "oidc_discovery_url": issuer.url(), "bound_issuer": issuer.url() })).await;
    for key in KEYS {
        write(format!("secret/data/{key}"), json!({ "data": { "value": key } })).await;
    }
    for (name, members, policy, _) in roles() {
        write(format!("sys/policies/acl/{name}"), json!({ "policy": policy })).await;
        let mut role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "token_policies": [name] });
        role.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        write(format!("auth/jwt/role/{name}"), role).await;
    }
    let folder = tempfile::tempdir().unwrap();
    export(&bao, &program, &folder.path().join("export"));
    let report = imported(folder.path(), issuer.url());
    let ours = catalogue(&[("ci", issuer.url(), "generic")]);
    let (mut both, mut beyond) = (0, 0);
    for (name, members, policy, is_imported) in roles() {
        let found = report["imported"].as_array().unwrap().iter().find(|one| one["file"] == format!("policies/{name}.yaml"));
        assert_eq!(found.is_some(), is_imported, "{name}: {report:#}");
        let Some(found) = found else { continue };
        let text = |member: &str| found[member].as_str().unwrap().to_owned();
        let ours = Ours::of_file(&text("file"), text("yaml"), &ours);
        for claims in tokens() {
            let jwt = issuer.mint(&claims, "vault").unwrap();
            let (status, login) = bao.call("POST", "auth/jwt/login", "", json!({ "role": name, "jwt": jwt })).await;
            let session = login["auth"]["client_token"].as_str().unwrap_or_default().to_owned();
            for key in KEYS {
                let target = Target::Secret(SecretName::parse(&format!("{key}.yaml")).unwrap());
                let accepted = ours.takes(&claims, &target);
                if !accepted && status != 200 {
                    continue;
                }
                let read = if status == 200 {
                    bao.call("GET", &format!("secret/data/{key}"), &session, json!({})).await.0
                } else {
                    status
                };
                let describe =
                    || format!("{name} {members} {policy}: {key} with {}: {read} {login}\n{}", json!(claims), ours.text);
                assert!(!accepted || read == 200, "ours alone takes {}", describe());
                both += usize::from(accepted);
                beyond += usize::from(!accepted && read == 200);
            }
        }
    }
    println!("{both} reads granted by both, {beyond} by OpenBao alone");
    assert!(both > 100, "{both}");
}

/// The JSON that the command prints for the export.
fn imported(folder: &Path, issuer: &str) -> Value {
    let config = format!(
        "issuers:\n  - {{ name: ci, mapping: generic, issuer: \"{issuer}\", audiences: [\"https://daypass.example\"], addresses: [127.0.0.0/8] }}\n"
    );
    std::fs::write(folder.join("issuers.yaml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.current_dir(folder).args(["policy", "import", "export", "--config", "issuers.yaml", "--output", "json"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(78), "some are refused: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
