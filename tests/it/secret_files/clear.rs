//! Values that stay in clear by a rule of `.sops.yaml`: reported when they are written, refused if nothing is encrypted.

use super::{Checkout, with_input};
use crate::support::git;
use serde_json::{Value, json};

const DOCUMENT: &str = "kind: Secret\ndata:\n  password: x\n";

fn with_setting(checkout: &Checkout, setting: &str) {
    let recipient = &checkout.recipient;
    checkout.put(".sops.yaml", &format!("creation_rules:\n  - path_regex: ^secrets/\n    age: {recipient}\n    {setting}\n"));
}

/// Runs a command that has to succeed. Returns its standard error.
fn said(checkout: &Checkout, arguments: &[&str], input: &str) -> String {
    let output = with_input(&mut checkout.command(arguments), input);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    stderr
}

#[test]
fn writing_a_value_that_stays_in_clear_is_reported() {
    let checkout = Checkout::new();
    let file = "secrets/db.yaml";
    let encrypt = |input: &str| said(&checkout, &["encrypt", "--sops", "--force", "-o", file], input);
    let set = |pointer: &str| said(&checkout, &["set", &format!("{file}#{pointer}")], "new");
    with_setting(&checkout, "encrypted_regex: ^data$");
    assert_eq!(encrypt(DOCUMENT), "", "what Kubernetes reads is in clear, as the rule means it");
    assert_eq!(set("/data/password"), "");
    let warning = set("/kind");
    assert!(warning.contains(file) && warning.contains("/kind") && warning.contains("`encrypted_regex: ^data$`"), "{warning}");
    with_setting(&checkout, "encrypted_regex: ^(date)$");
    let warning = encrypt(DOCUMENT);
    assert!(warning.contains("nothing of it is encrypted") && warning.contains("`encrypted_regex: ^(date)$`"), "{warning}");
    with_setting(&checkout, "unencrypted_regex: ^pass");
    let warning = said(&checkout, &["encrypt", "--sops", "-o", "secrets/new.yaml"], DOCUMENT);
    assert!(warning.contains("/data/password") && warning.contains("`unencrypted_regex: ^pass`"), "{warning}");
    with_setting(&checkout, "encrypted_regex: ^data$");
    encrypt(DOCUMENT);
    with_setting(&checkout, "encrypted_regex: ^kind$");
    let warning = encrypt(DOCUMENT);
    assert!(warning.contains("/data/password") && warning.contains("was encrypted"), "in the file's earlier form: {warning}");
    with_setting(&checkout, "");
    assert_eq!(encrypt(DOCUMENT), "");
    let warning = encrypt("note_unencrypted: x\npassword: y\n");
    let expected = "secrets/db.yaml: /note_unencrypted in clear, by `unencrypted_suffix: _unencrypted`\n";
    assert_eq!(warning, expected, "a name alone leaves it in clear, as sops does");
    assert_eq!(encrypt("note_unencrypted: z\npassword: y\n"), "", "it is known");
}

#[test]
fn the_hook_refuses_and_status_lists_a_file_in_which_nothing_is_encrypted() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/whole.yaml"], DOCUMENT);
    with_setting(&checkout, "encrypted_regex: ^data$");
    checkout.run(&["encrypt", "--sops", "-o", "secrets/kube.yaml"], DOCUMENT);
    checkout.run(&["encrypt", "--sops", "-o", "secrets/empty.yaml"], "{}\n");
    git(checkout.path(), &["add", "--all"]);
    assert_eq!(said(&checkout, &["hook"], ""), "");
    let status = || serde_json::from_str::<Value>(&checkout.run(&["status", "--output", "json"], "")).unwrap();
    assert_eq!(status()["nothing_encrypted"], json!([]));
    with_setting(&checkout, "unencrypted_regex: .*");
    checkout.run(&["encrypt", "--sops", "-o", "secrets/db.yaml"], &format!("# a note\n{DOCUMENT}"));
    git(checkout.path(), &["add", "--all"]);
    let (code, stderr) = checkout.refused(&["hook"], "");
    assert!(code == 78 && stderr.contains("secrets/db.yaml: nothing in it is encrypted"), "{stderr}");
    assert!(stderr.contains("`unencrypted_regex: .*`") && !stderr.contains("kube.yaml"), "{stderr}");
    let listed = status()["nothing_encrypted"].clone();
    let files: Vec<&str> = listed.as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["secrets/db.yaml", "secrets/kube.yaml", "secrets/whole.yaml"], "by itself, or as it is encrypted next");
    let (code, _) = {
        let output = with_input(&mut checkout.command(&["status", "--check"]), "");
        (output.status.code(), output.stdout)
    };
    assert_eq!(code, Some(78));
}
