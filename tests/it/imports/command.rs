//! `policy import` over a folder: what it writes, and what it does not touch.

use super::vault::{export, role};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const ISSUER: &str = "https://ci.example";

fn put(folder: &Path, path: &str, bytes: &[u8]) {
    crate::support::put(&folder.join(path), bytes);
}

fn import(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.current_dir(folder).args(["policy", "import", "export", "--config", "issuers.yaml"]).args(more);
    command.output().unwrap()
}

#[test]
fn a_refused_role_is_not_written_and_leaves_the_others_complete() {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "issuers:\n  - {{ name: ci, mapping: generic, issuer: \"{ISSUER}\", audiences: [\"https://daypass.example\"] }}\n"
    );
    put(folder.path(), "issuers.yaml", config.as_bytes());
    let blocks =
        vec![("kv/data/shop/db".to_owned(), vec!["read".to_owned()]), ("kv/data/a/+".to_owned(), vec!["read".to_owned()])];
    let whole = role(&json!({ "bound_claims": { "ref": "main" } }), 1);
    let files = export(ISSUER, &whole, &[blocks]);
    for file in &files {
        put(folder.path(), &format!("export/{}", file.path), &file.bytes);
    }
    let cut = &files[1].bytes[..files[1].bytes.len() - 30];
    put(folder.path(), "export/auth/jwt/role/cut.json", cut);
    let more = role(&json!({ "bound_claims": { "ref": "main" }, "token_bound_cidrs": ["10.0.0.0/8"] }), 1);
    put(folder.path(), "export/auth/jwt/role/networks.json", json!({ "data": more }).to_string().as_bytes());
    put(folder.path(), "export/notes.txt", b"x");
    let arguments = ["--mount", "kv/", "--ending", ".json", "--to", "out"];
    let output = import(folder.path(), &arguments);
    let refused = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{refused}");
    for expected in [
        "not imported: auth/jwt/role/cut.json: auth/jwt/role/cut.json: EOF",
        "not imported: auth/jwt/role/networks.json: `token_bound_cidrs`: no policy says from where",
        "not imported: notes.txt: nothing reads this file",
        "1 imported, 3 not",
    ] {
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
    let written: Vec<_> =
        std::fs::read_dir(folder.path().join("out/policies")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(written, ["shop.yaml"]);
    let text = std::fs::read_to_string(folder.path().join("out/policies/shop.yaml")).unwrap();
    assert!(text.ends_with("issuer: ci\nclaims:\n  /ref: main\ngrant:\n  secrets: [a/*.json, shop/db.json]\n"), "{text}");
    let again = import(folder.path(), &arguments);
    assert!(String::from_utf8_lossy(&again.stderr).contains("out/policies/shop.yaml is not written"), "{again:?}");
    assert_eq!(std::fs::read_to_string(folder.path().join("out/policies/shop.yaml")).unwrap(), text);
    let default = import(folder.path(), &["--output", "json"]);
    let report: Value = serde_json::from_slice(&default.stdout).unwrap();
    let reasons = report["refused"].to_string();
    assert!(report["imported"] == json!([]) && reasons.contains("let nothing be read below `secret/data/`"), "{reasons}");

    std::fs::create_dir_all(folder.path().join("linked")).unwrap();
    std::fs::create_dir_all(folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", folder.path().join("linked/policies")).unwrap();
    let linked = import(folder.path(), &["--mount", "kv/", "--ending", ".json", "--to", "linked"]);
    assert!(String::from_utf8_lossy(&linked.stderr).contains("linked/policies is a link"), "{linked:?}");
    assert_eq!(std::fs::read_dir(folder.path().join("elsewhere")).unwrap().count(), 0);
}
