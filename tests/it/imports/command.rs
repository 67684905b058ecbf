//! `policy import` over a folder: what it writes, and what it does not touch.

use super::vault::{export, role};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const ISSUER: &str = "https://ci.example";

pub(super) fn put(folder: &Path, path: &str, bytes: &[u8]) {
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

const LISTED: [(&str, u64); 4] = [("docs", 456_790), ("shop", 456_789), ("site", 456_791), ("bot", 456_792)];

/// Checkouts of repositories with octo-sts's policies, a listing, and the configuration.
pub(super) fn checkouts(folder: &Path) {
    put(
        folder,
        "issuers.yaml",
        b"issuers:\n  - { name: github, mapping: github-actions, issuer: \"https://token.actions.githubusercontent.com\", audiences: [\"https://daypass.example\"] }\n",
    );
    let listed: Vec<Value> = LISTED
        .iter()
        .map(|(name, id)| json!({ "id": id, "full_name": format!("acme/{name}"), "owner": { "login": "acme", "id": 9001 } }))
        .collect();
    put(folder, "repositories.json", json!(listed).to_string().as_bytes());
    for name in ["docs", "shop", "site"] {
        let original = format!(
            "issuer: https://token.actions.githubusercontent.com\nsubject: repo:acme/{name}:ref:refs/heads/main\nclaim_pattern: {{ event_name: push }}\npermissions: {{ contents: read }}\n"
        );
        put(folder, &format!("checkouts/acme/{name}/.github/chainguard/ci.sts.yaml"), original.as_bytes());
    }
    let other = "issuer: https://token.actions.githubusercontent.com\nsubject: repo:acme/bot:pull_request\npermissions: { issues: read }\n";
    put(folder, "checkouts/acme/bot/.github/chainguard/ci.sts.yaml", other.as_bytes());
}

pub(super) fn import_checkouts(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    let arguments = ["policy", "import", "checkouts", "--app", "acme", "--ids", "repositories.json", "--config", "issuers.yaml"];
    command.current_dir(folder).args(arguments).args(more).output().unwrap()
}

pub(super) fn original(name: &str) -> String {
    format!("checkouts/acme/{name}/.github/chainguard/ci.sts.yaml")
}

const ROWS: &str = "- { name: docs, id: \"456790\" }\n- { name: shop, id: \"456789\" }\n- { name: site, id: \"456791\" }\n";

#[test]
fn equal_policies_are_written_as_rows_and_the_originals_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    checkouts(folder.path());
    let report: Value = serde_json::from_slice(&import_checkouts(folder.path(), &["--output", "json"]).stdout).unwrap();
    let [bot, of_three] = &report["imported"].as_array().unwrap()[..] else { panic!("{report:#}") };
    assert_eq!((&bot["originals"], bot.get("rows")), (&json!([original("bot")]), None));
    assert_eq!(of_three["originals"], json!(["docs", "shop", "site"].map(original)));
    assert_eq!(of_three["rows"], json!({ "file": "acme.ci.yaml", "yaml": ROWS }));

    let printed = import_checkouts(folder.path(), &[]);
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    let head = format!("---\n# policies/acme/ci.yaml\n# from {}\n# from {}\n", original("docs"), original("shop"));
    assert!(text.contains(&head) && text.ends_with(&format!("---\n# acme.ci.yaml\n{ROWS}")), "{text}");
    assert!(String::from_utf8_lossy(&printed.stderr).contains("4 imported, 0 not"), "{printed:?}");

    let written = import_checkouts(folder.path(), &["--to", "out"]);
    let text = String::from_utf8_lossy(&written.stdout).into_owned();
    assert!(text.contains(&format!("policies/acme/ci.yaml\nacme.ci.yaml\n  - from {}\n", original("docs"))), "{text}");
    let read = |file: &str| std::fs::read_to_string(folder.path().join("out").join(file)).unwrap();
    assert_eq!(read("acme.ci.yaml"), ROWS);
    assert!(
        read("policies/acme/ci.yaml").contains("\nfor_each: acme.ci.yaml\n")
            && !folder.path().join("out/policies/acme/docs").exists()
    );
    let mut check = Command::new(env!("CARGO_BIN_EXE_daypass"));
    check.current_dir(folder.path()).args(["policy", "check", "--config", "issuers.yaml", "--folder", "out", "--output", "json"]);
    let checked: Value = serde_json::from_slice(&check.output().unwrap().stdout).unwrap();
    let found: Vec<&str> = checked["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert!(found.iter().all(|code| ["no_owner", "no_tests"].contains(code)), "{checked:#}");
}

#[test]
fn neither_a_policy_with_rows_nor_its_rows_overwrite_anything() {
    let folder = tempfile::tempdir().unwrap();
    checkouts(folder.path());
    let (policy, rows) = ("policies/acme/ci.yaml", "acme.ci.yaml");
    for there in [policy, rows] {
        let out = folder.path().join(there.replace('/', "-"));
        put(&out, there, b"# mine\n");
        let arguments = ["--to", out.to_str().unwrap(), "--output", "json"];
        let refused = import_checkouts(folder.path(), &arguments);
        assert_eq!(refused.status.code(), Some(78));
        let report: Value = serde_json::from_slice(&refused.stdout).unwrap();
        let originals: Vec<&str> =
            report["refused"].as_array().unwrap().iter().map(|one| one["original"].as_str().unwrap()).collect();
        assert_eq!(originals, ["docs", "shop", "site"].map(original), "{report:#}");
        let reason = report["refused"][0]["reason"].as_str().unwrap();
        assert!(reason.contains(&format!("{there} is not written")), "{reason}");
        let left = [policy, rows].map(|file| std::fs::read_to_string(out.join(file)).ok());
        let expected = [policy, rows].map(|file| (file == there).then(|| "# mine\n".to_owned()));
        assert_eq!(left, expected, "neither without the other");
    }
    // One that was imported by itself, and perhaps changed since.
    let out = folder.path().join("before");
    put(&out, "policies/acme/shop/ci.yaml", b"# mine\n");
    let again = import_checkouts(folder.path(), &["--to", out.to_str().unwrap()]);
    let refused = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        refused.contains(&format!("not imported: {}:", original("shop"))) && refused.contains("3 imported, 1 not"),
        "{refused}"
    );
    assert_eq!(
        std::fs::read_to_string(out.join(rows)).unwrap(),
        ROWS.lines().filter(|row| !row.contains("shop")).map(|row| format!("{row}\n")).collect::<String>()
    );

    let out = folder.path().join("linked");
    std::fs::create_dir_all(&out).unwrap();
    std::os::unix::fs::symlink("../elsewhere.yaml", out.join(rows)).unwrap();
    let linked = import_checkouts(folder.path(), &["--to", out.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&linked.stderr).contains("acme.ci.yaml is a link"), "{linked:?}");
    assert!(!folder.path().join("elsewhere.yaml").exists() && !out.join(policy).exists());
}
