//! `secret import` of an export on standard input, also of a real OpenBao's.

use super::{Checkout, with_input};
use crate::peers::openbao::Bao;
use crate::support::peer;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const EXPORT: &str = r#"{"request_id": "x", "data": {"data": {"user": "shop", "password": "tic: #tac\ntoe", "port": 5432, "hosts": ["a"]},
    "metadata": {"version": 7, "custom_metadata": null}}, "warnings": null}"#;
const SECRET: &str = "tic: #tac";

/// A file decrypted by the real sops; `None` if that is not installed.
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
    let values = json!({ "user": "shop", "password": "tic: #tac\ntoe", "port": 5432, "hosts": ["a"] });
    for file in ["secrets/shop/db.yaml", "secrets/shop/db.json"] {
        let output = checkout.run(&["import", "--from", "vault", "--to", file], EXPORT);
        let expected =
            format!("{file}: 4 values encrypted\n  left out: the metadata of version 7, and what other versions held\n");
        assert_eq!(output, expected);
        let encrypted = checkout.read(file);
        assert!(
            !encrypted.contains(SECRET) && !encrypted.contains(" 5432") && encrypted.contains(&checkout.recipient),
            "{encrypted}"
        );
        checkout.run(&["set", &format!("{file}#/user")], "web");
        checkout.run(&["set", &format!("{file}#/user")], "shop");
        if let Some(plain) = decrypted(&checkout, file) {
            assert_eq!(plain, values, "{file}");
        }
    }
    let output =
        checkout.run(&["import", "--from", "dotenv", "--to", "secrets/a.env", "--output", "json"], "# x\nA=b\nexport C='d e'\n");
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((&report["values"], &report["replaced"], &report["left_out"]), (&json!(2), &json!(false), &json!(["1 comment"])));
    if let Some(plain) = decrypted(&checkout, "secrets/a.env") {
        assert_eq!(plain, json!({ "A": "b", "C": "d e" }));
    }
}

/// SOPS may leave a value in clear because of its key's name, and an export may have any keys.
#[test]
fn an_export_with_a_value_that_would_stay_in_clear_is_refused() {
    let checkout = Checkout::new();
    for (input, file) in [
        (r#"{"a_unencrypted": "plainvalue", "b": "x"}"#, "secrets/clear.yaml"),
        (r#"{"db": {"x_unencrypted": "plainvalue"}, "b": "x"}"#, "secrets/clear.json"),
        (r#"{"a_unencrypted": "plainvalue"}"#, "secrets/clear.yaml"),
    ] {
        let output = with_input(&mut checkout.command(&["import", "--from", "json", "--to", file]), input);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(64) && stderr.contains("_unencrypted") && stderr.contains("stay in clear"),
            "{stderr}"
        );
        assert!(!stderr.contains("plainvalue") && !checkout.path().join(file).exists(), "{stderr}");
    }
}

#[test]
fn a_refused_import_writes_nothing_and_prints_no_value() {
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
        let (status, output) = checkout.refused(&import, input);
        assert!(
            status == 64 && output.contains(reason) && !output.contains("hunter2") && !output.contains(SECRET),
            "{reason}: {output}"
        );
        assert!(!checkout.path().join("secrets").exists(), "{reason}");
    }
    checkout.run(&import, EXPORT);
    let before = checkout.read(file);
    let (status, output) = checkout.refused(&import, EXPORT);
    assert!(status == 64 && output.contains("is there already: --force"), "{output}");
    assert_eq!(checkout.read(file), before);
    let forced = [&import[..], &["--force"]].concat();
    let (_, output) = checkout.refused(&forced, "{");
    assert!(output.contains("was cut") && checkout.read(file) == before, "{output}");
    assert!(checkout.run(&forced, EXPORT).starts_with("secrets/shop/db.yaml: 4 values") && checkout.read(file) != before);
    let (_, output) = checkout.refused(&["import", "--from", "vault", "--to", "secrets/x.ini"], EXPORT);
    assert!(output.contains(".yaml, .yml, .json or .env"), "{output}");
}

/// Checks every write of the command, and not only the files at its end.
#[test]
fn the_plaintext_is_never_written() {
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
async fn an_export_of_openbao_is_imported_and_a_deleted_secret_is_refused() {
    let (Some(bao), Some(program)) = (Bao::start().await, peer("bao")) else { return };
    let checkout = Checkout::new();
    let values = json!({ "password": "tic-tac-toe", "nested": { "a": [1, true] } });
    assert_eq!(bao.call("POST", "secret/data/shop/db", "root", json!({ "data": values })).await.0, 200);
    let printed = || {
        let mut command = Command::new(&program);
        command.args(["kv", "get", "-format=json", "secret/shop/db"]).env("BAO_ADDR", &bao.url).env("BAO_TOKEN", "root");
        String::from_utf8(command.env("HOME", checkout.path()).output().unwrap().stdout).unwrap()
    };
    checkout.run(&["import", "--from", "vault", "--to", "secrets/shop/db.yaml"], &printed());
    if let Some(plain) = decrypted(&checkout, "secrets/shop/db.yaml") {
        assert_eq!(plain, values);
    }
    assert_eq!(bao.call("DELETE", "secret/data/shop/db", "root", json!({})).await.0, 204);
    let (status, output) = checkout.refused(&["import", "--from", "vault", "--to", "secrets/b.yaml"], &printed());
    assert!(status == 64 && output.contains("was deleted or destroyed"), "{output}");
}
