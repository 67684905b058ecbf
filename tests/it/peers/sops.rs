//! The real sops and Debian's age: files that one side encrypts and the other decrypts.

use crate::support::peer;
use daypass::secrets::{Identities, SopsError, SopsFile, Unauthenticated, Unopened, encrypt, open};
use daypass::words::Secret;
use daypass::words::names::SecretPath;
use std::path::Path;
use std::process::{Command, Output};

const YAML: &str = "# a comment\npassword: hunter2\nport: 5432\nratio: 1.5\non: true\nempty: \"\"\nnothing: null\nnested:\n    list:\n        - a\n        - 2\n        - deep: x\n    multi: |\n        one\n        two\nplain_unencrypted: seen\n";
const JSON: &str =
    "{\"password\": \"hunter2\", \"port\": 5432, \"on\": false, \"nested\": {\"list\": [\"a\", 1.25], \"nothing\": null}}";
const DOTENV: &str = "# a comment\nPASSWORD=hunter2\nMULTI=one\\ntwo\n";

/// A file's name, its text, and the values to find in it.
type Case<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>);

pub(super) fn run(program: &Path, arguments: &[&str], folder: &Path) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("SOPS_AGE_KEY_FILE", folder.join("key.txt"))
        .env("SOPS_DISABLE_VERSION_CHECK", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

pub(super) fn keys(folder: &Path) -> (Identities, String) {
    let (file, recipient) = Identities::generate();
    std::fs::write(folder.join("key.txt"), file.expose()).unwrap();
    (Identities::parse(&file).unwrap(), recipient)
}

#[test]
fn files_of_the_real_sops_open_and_changed_ones_do_not() {
    let Some(sops) = peer("sops") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (identities, recipient) = keys(folder.path());
    let values = [("/password", "hunter2"), ("/port", "5432"), ("/nested/list/0", "a")];
    let more = [
        ("/ratio", "1.5"),
        ("/on", "true"),
        ("/empty", ""),
        ("/nothing", "null"),
        ("/nested/multi", "one\ntwo\n"),
        ("/nested/list/2/deep", "x"),
        ("/plain_unencrypted", "seen"),
    ];
    let cases: [Case; 3] = [
        ("a.yaml", YAML, values.iter().chain(&more).copied().collect()),
        ("a.json", JSON, values.iter().chain(&[("/on", "false"), ("/nested/list/1", "1.25")]).copied().collect()),
        ("a.env", DOTENV, vec![("/PASSWORD", "hunter2"), ("/MULTI", "one\ntwo")]),
    ];
    for rule in ["", "    mac_only_encrypted: true\n", "    encrypted_regex: ^(password|nested|PASSWORD)$\n"] {
        std::fs::write(folder.path().join(".sops.yaml"), format!("creation_rules:\n  - age: {recipient}\n{rule}")).unwrap();
        for (name, text, expected) in &cases {
            std::fs::write(folder.path().join(name), text).unwrap();
            let sealed = run(&sops, &["encrypt", name], folder.path()).stdout;
            let path = SecretPath::parse(name).unwrap();
            assert_eq!(SopsFile::parse(&path, &sealed).unwrap().unsealed(), [""; 0], "{name} {rule:?}");
            for (key, value) in expected {
                let opened = open(&path, &sealed, Some(key), &identities)
                    .or_else(|fault| unauthenticated(rule, &path, &sealed, key, &identities, &fault));
                assert_eq!(opened.unwrap().expose_text().unwrap(), *value, "{name} {rule:?} {key}");
            }
            // Only the dotenv document has nothing that is not encrypted.
            assert!(open(&path, &sealed, None, &identities).is_ok() || rule.contains("mac_only"), "{name} {rule:?}");
            // The first value is changed, not a comment before it: no MAC covers comments, in the real sops neither.
            let text = String::from_utf8(sealed).unwrap();
            let at = text.find("assword").or_else(|| text.find("ASSWORD")).unwrap();
            let changed = format!("{}{}", &text[..at], text[at..].replacen("data:", "data:AA", 1));
            assert!(open(&path, changed.as_bytes(), Some(expected[0].0), &identities).is_err(), "{name} {rule:?}");
        }
    }
}

/// With `mac_only_encrypted` a value that is not encrypted is refused, and given only on request.
fn unauthenticated(
    rule: &str,
    path: &SecretPath,
    sealed: &[u8],
    key: &str,
    identities: &Identities,
    fault: &Unopened,
) -> Result<Secret, SopsError> {
    assert!(rule.contains("mac_only") && fault.to_string().contains("mac_only_encrypted"), "{rule:?} {key}: {fault}");
    Ok(SopsFile::parse(path, sealed)?.open(identities)?.value(key, Unauthenticated::Give)?)
}

#[test]
fn our_files_open_in_the_real_sops_and_changed_ones_do_not() {
    let Some(sops) = peer("sops") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (identities, recipient) = keys(folder.path());
    let (_, other) = Identities::generate();
    for (name, text, kind) in [("b.yaml", YAML, "yaml"), ("b.json", JSON, "json"), ("b.env", DOTENV, "dotenv")] {
        std::fs::write(folder.path().join("plain"), text).unwrap();
        let arguments = ["secret", "encrypt", "--sops", "-r", &other, "-r", &recipient, "plain", "--to", name];
        run(Path::new(env!("CARGO_BIN_EXE_daypass")), &arguments, folder.path());
        let sealed = std::fs::read(folder.path().join(name)).unwrap();
        let encrypted = String::from_utf8(sealed.clone()).unwrap();
        assert!(!encrypted.contains("hunter2") && encrypted.contains("ENC[AES256_GCM,data:"), "{encrypted}");
        // The real sops decrypts our file to the same JSON as its own file of the same text.
        let theirs = run(&sops, &["decrypt", "--output-type", "json", name], folder.path()).stdout;
        let theirs: serde_json::Value = serde_json::from_slice(&theirs).unwrap();
        std::fs::write(folder.path().join(format!("c.{}", name.split_once('.').unwrap().1)), text).unwrap();
        let rules = format!("creation_rules:\n  - age: {recipient}\n");
        std::fs::write(folder.path().join(".sops.yaml"), rules).unwrap();
        let own = format!("c.{}", name.split_once('.').unwrap().1);
        run(&sops, &["encrypt", "--in-place", &own], folder.path());
        let expected = run(&sops, &["decrypt", "--output-type", "json", &own], folder.path()).stdout;
        assert_eq!(theirs, serde_json::from_slice::<serde_json::Value>(&expected).unwrap(), "{name}");
        assert!(open(&SecretPath::parse(name).unwrap(), &sealed, None, &identities).is_ok());
        let changed = encrypted.replacen("data:", "data:AA", 1);
        std::fs::write(folder.path().join("changed"), changed).unwrap();
        let refused = Command::new(&sops)
            .args(["decrypt", "--input-type", kind, "changed"])
            .current_dir(folder.path())
            .env("SOPS_AGE_KEY_FILE", folder.path().join("key.txt"))
            .output()
            .unwrap();
        assert!(!refused.status.success(), "{name}");
    }
}

#[test]
fn age_files_go_both_ways() {
    let (Some(age), Some(_)) = (peer("age"), peer("age-keygen")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (identities, recipient) = keys(folder.path());
    std::fs::write(folder.path().join("plain"), "hunter2").unwrap();
    for armor in [&["--armor"][..], &[]] {
        let mut arguments = vec!["--encrypt", "-r", &recipient];
        arguments.extend(armor);
        arguments.push("plain");
        let sealed = run(&age, &arguments, folder.path()).stdout;
        assert_eq!(open(&SecretPath::parse("a.age").unwrap(), &sealed, None, &identities).unwrap().expose(), b"hunter2");
        std::fs::write(
            folder.path().join("ours"),
            encrypt(b"hunter3", std::slice::from_ref(&recipient), !armor.is_empty()).unwrap(),
        )
        .unwrap();
        assert_eq!(run(&age, &["--decrypt", "-i", "key.txt", "ours"], folder.path()).stdout, b"hunter3");
    }
}
