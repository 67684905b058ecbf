//! `secret import`: an export on standard input, of a real OpenBao too.

use super::{Checkout, with_input};
use crate::peers::openbao::Bao;
use crate::support::peer;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const EXPORT: &str = r#"{"request_id": "x", "data": {"data": {"user": "shop", "password": "tic: #tac\ntoe", "port": 5432, "hosts": ["a"]},
    "metadata": {"version": 7, "custom_metadata": null}}, "warnings": null}"#;
const SECRET: &str = "tic: #tac";

/// What the real sops makes of a file; `None` where it is not installed.
fn decrypted(checkout: &Checkout, file: &str) -> Option<Value> {
    let mut decrypt = Command::new(peer("sops")?);
    decrypt.args(["decrypt", "--output-type", "json", file]).current_dir(checkout.path());
    let plain = with_input(decrypt.env("SOPS_AGE_KEY_FILE", checkout.path().join("key.txt")), "");
    Some(serde_json::from_slice(&plain.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&plain.stderr))))
}

/// Files below a folder, hidden ones too.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

#[test]
fn an_export_becomes_a_file_that_sops_and_daypass_open() {
    let checkout = Checkout::new();
    let meant = json!({ "user": "shop", "password": "tic: #tac\ntoe", "port": 5432, "hosts": ["a"] });
    for file in ["secrets/shop/db.yaml", "secrets/shop/db.json"] {
        let told = checkout.run(&["import", "--from", "vault", "--to", file], EXPORT);
        let expected =
            format!("{file}: 4 values encrypted\n  left out: the metadata of version 7, and what other versions held\n");
        assert_eq!(told, expected);
        let encrypted = checkout.read(file);
        assert!(
            !encrypted.contains("tac") && !encrypted.contains("5432") && encrypted.contains(&checkout.recipient),
            "{encrypted}"
        );
        checkout.run(&["set", &format!("{file}#/user")], "web");
        checkout.run(&["set", &format!("{file}#/user")], "shop");
        if let Some(plain) = decrypted(&checkout, file) {
            assert_eq!(plain, meant, "{file}");
        }
    }
    let told =
        checkout.run(&["import", "--from", "dotenv", "--to", "secrets/a.env", "--output", "json"], "# x\nA=b\nexport C='d e'\n");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["values"], &told["replaced"], &told["left_out"]), (&json!(2), &json!(false), &json!(["1 comments"])));
    if let Some(plain) = decrypted(&checkout, "secrets/a.env") {
        assert_eq!(plain, json!({ "A": "b", "C": "d e" }));
    }
}

/// SOPS leaves a value in clear by the name of its key, and the export's keys are whatever somebody called them.
#[test]
fn an_export_of_which_something_would_stay_in_clear_is_refused() {
    let checkout = Checkout::new();
    for (input, file) in [
        (r#"{"a_unencrypted": "plainvalue", "b": "x"}"#, "secrets/clear.yaml"),
        (r#"{"db": {"x_unencrypted": "plainvalue"}, "b": "x"}"#, "secrets/clear.json"),
        (r#"{"a_unencrypted": "plainvalue"}"#, "secrets/clear.yaml"),
    ] {
        let output = with_input(&mut checkout.command(&["import", "--from", "json", "--to", file]), input);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(64) && told.contains("_unencrypted") && told.contains("stay in clear"), "{told}");
        assert!(!told.contains("plainvalue") && !checkout.path().join(file).exists(), "{told}");
    }
}

#[test]
fn what_is_refused_leaves_nothing_behind_and_tells_no_value() {
    let checkout = Checkout::new();
    let file = "secrets/shop/db.yaml";
    let import = ["import", "--from", "vault", "--to", file];
    let large = format!("{{\"request_id\": \"x\", \"data\": {{\"a\": \"{}\"}}}}", "hunter2".repeat(200_000));
    for (input, reason) in [
        ("", "holds no value"),
        (&EXPORT[..EXPORT.len() - 40], "was cut"),
        (&EXPORT[..60], "was cut"),
        (&large, "at most 1 MiB"),
        ("{\"request_id\": \"x\", \"data\": {\"a\": \"hunter2\", \"a\": \"hunter2\"}}", "has a name twice"),
        ("{\"request_id\": \"x\", \"data\": {\"a\": null}}", "/a is null"),
        ("{\"request_id\": \"x\", \"data\": {\"a\": 1.5}}", "/a is a number"),
        ("{\"a\": \"hunter2\"}", "--from json"),
        ("{\"request_id\": \"x\", \"data\": {\"sops\": {\"mac\": \"hunter2\"}}}", "`sops` is a name that SOPS keeps"),
    ] {
        let (status, told) = checkout.refused(&import, input);
        assert!(status == 64 && told.contains(reason) && !told.contains("hunter2") && !told.contains(SECRET), "{reason}: {told}");
        assert!(!checkout.path().join("secrets").exists(), "{reason}");
    }
    checkout.run(&import, EXPORT);
    let before = checkout.read(file);
    let (status, told) = checkout.refused(&import, EXPORT);
    assert!(status == 64 && told.contains("is there already: --force"), "{told}");
    assert_eq!(checkout.read(file), before);
    let forced = [&import[..], &["--force"]].concat();
    let (_, told) = checkout.refused(&forced, "{");
    assert!(told.contains("was cut") && checkout.read(file) == before, "{told}");
    assert!(checkout.run(&forced, EXPORT).starts_with("secrets/shop/db.yaml: 4 values") && checkout.read(file) != before);
    let (_, told) = checkout.refused(&["import", "--from", "vault", "--to", "secrets/x.ini"], EXPORT);
    assert!(told.contains(".yaml, .yml, .json or .env"), "{told}");
}

/// Each write of the command is looked at, not only what is there at its end.
#[test]
fn its_plaintext_is_written_nowhere() {
    let Some(strace) = peer("strace") else { return };
    let (checkout, temporary) = (Checkout::new(), tempfile::tempdir().unwrap());
    let trace = temporary.path().join("trace");
    let mut command = Command::new(strace);
    command
        .args(["-f", "-s", "100000", "-e", "trace=write,pwrite64,writev,pwritev,sendto,ftruncate,rename,link"])
        .arg("-o")
        .arg(&trace);
    command.arg(env!("CARGO_BIN_EXE_daypass")).args(["secret", "import", "--from", "vault", "--to", "secrets/a.yaml"]);
    command.current_dir(checkout.path()).env("TMPDIR", temporary.path()).env("RUST_LOG", "trace");
    let output = with_input(&mut command, EXPORT);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let traced = std::fs::read_to_string(&trace).unwrap();
    assert!(traced.contains("ENC[AES256_GCM") && !traced.contains(SECRET), "{traced}");
    for path in files(checkout.path()).into_iter().chain(files(temporary.path())) {
        assert!(!String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(SECRET), "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_openbao_prints_is_taken_and_what_it_has_deleted_is_refused() {
    let (Some(bao), Some(program)) = (Bao::start().await, peer("bao")) else { return };
    let checkout = Checkout::new();
    let meant = json!({ "password": "tic-tac-toe", "nested": { "a": [1, true] } });
    assert_eq!(bao.call("POST", "secret/data/shop/db", "root", json!({ "data": meant })).await.0, 200);
    let printed = || {
        let mut command = Command::new(&program);
        command.args(["kv", "get", "-format=json", "secret/shop/db"]).env("BAO_ADDR", &bao.url).env("BAO_TOKEN", "root");
        String::from_utf8(command.env("HOME", checkout.path()).output().unwrap().stdout).unwrap()
    };
    checkout.run(&["import", "--from", "vault", "--to", "secrets/shop/db.yaml"], &printed());
    if let Some(plain) = decrypted(&checkout, "secrets/shop/db.yaml") {
        assert_eq!(plain, meant);
    }
    assert_eq!(bao.call("DELETE", "secret/data/shop/db", "root", json!({})).await.0, 204);
    let (status, told) = checkout.refused(&["import", "--from", "vault", "--to", "secrets/b.yaml"], &printed());
    assert!(status == 64 && told.contains("was deleted or destroyed"), "{told}");
}
