//! `secret decrypt`: prints a file's plaintext for whoever has a key, and nothing for anybody else.

use super::{Checkout, with_input};
use crate::support::peer;
use serde_json::{Value, json};
use std::process::{Command, Output};

const DOCUMENTS: [(&str, &str); 5] = [
    ("secrets/db.yaml", "# who knows\ndatabase:\n    user: app\n    password: hunter2\nport: 5432\n"),
    ("secrets/db.json", "{\n\t\"password\": \"hunter2\",\n\t\"port\": 5432\n}\n"),
    ("secrets/db.env", "# who knows\npassword=hunter2\n"),
    ("secrets/db.ini", "[db]\npassword = hunter2\n"),
    ("secrets/key.pem", "hunter2\n"),
];

fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = with_input(command, "");
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn every_format_decrypts_to_its_plaintext_as_with_the_real_sops() {
    let checkout = Checkout::new();
    for (file, plain) in DOCUMENTS {
        checkout.run(&["encrypt", "--sops", "-o", file], plain);
        let (status, printed, stderr) = run(&mut checkout.command(&["decrypt", file]));
        assert_eq!((status, stderr.as_str()), (0, ""), "{file}");
        let Some(sops) = peer("sops") else { continue };
        let mut decrypt = Command::new(sops);
        decrypt.args(["decrypt", file]).current_dir(checkout.path());
        let (_, by_sops, _) = run(decrypt.env("SOPS_AGE_KEY_FILE", checkout.path().join("key.txt")));
        // The two end an INI file differently.
        assert_eq!(printed.trim_end(), by_sops.trim_end(), "{file}");
    }
    checkout.run(&["encrypt", "-o", "secrets/password.age"], "hunter2");
    assert_eq!(run(&mut checkout.command(&["decrypt", "secrets/password.age"])), (0, "hunter2".to_owned(), String::new()));
    let whole = run(&mut checkout.command(&["decrypt", "secrets/db.yaml"])).1;
    assert_eq!(whole, DOCUMENTS[0].1);
    let left = std::fs::read_dir(checkout.path().join("secrets")).unwrap().count();
    assert_eq!(left, DOCUMENTS.len() + 1, "nothing is written beside the files");
}

#[test]
fn json_output_names_the_file_and_the_encoding() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "-o", "secrets/password.age"], "hunter2");
    std::fs::write(checkout.path().join("bytes"), [0, 159, 146, 150]).unwrap();
    checkout.run(&["encrypt", "bytes", "-o", "secrets/bytes.age"], "");
    let document = |file: &str| -> Value {
        let (status, printed, stderr) = run(&mut checkout.command(&["decrypt", file, "--output", "json"]));
        assert_eq!((status, stderr.as_str()), (0, ""));
        serde_json::from_str(&printed).unwrap()
    };
    let text = json!({ "file": "secrets/password.age", "value": "hunter2", "encoding": null, "unauthenticated": false });
    assert_eq!(document("secrets/password.age"), text);
    assert_eq!(
        (&document("secrets/bytes.age")["value"], &document("secrets/bytes.age")["encoding"]),
        (&json!("AJ+Slg=="), &json!("base64"))
    );
}

#[test]
fn without_a_matching_key_nothing_is_printed() {
    let checkout = Checkout::new();
    let (other, _) = checkout.another("other");
    checkout.run(&["encrypt", "--sops", "-o", "secrets/db.yaml"], DOCUMENTS[0].1);
    checkout.run(&["encrypt", "-o", "secrets/password.age"], "hunter2");
    checkout.put("secrets/open.yaml", "password: hunter2\n");
    let other = other.display().to_string();
    for file in ["secrets/db.yaml", "secrets/password.age"] {
        let (status, printed, stderr) = run(&mut checkout.command(&["decrypt", file, "--identity", &other]));
        assert_eq!((status, printed.as_str()), (78, ""), "{stderr}");
        assert!(stderr.contains(file) && !stderr.contains("hunter2"), "{stderr}");
        let without = &mut checkout.command(&["decrypt", file]);
        let (status, printed, stderr) = run(without.env_remove("SOPS_AGE_KEY_FILE"));
        assert_eq!((status, printed.as_str()), (64, ""), "{stderr}");
        assert!(stderr.contains("--identity FILE"), "{stderr}");
    }
    for (file, expected, words) in
        [("secrets/open.yaml", 78, "the file is not encrypted"), ("secrets/none.yaml", 64, "there is no such file")]
    {
        let (status, printed, stderr) = run(&mut checkout.command(&["decrypt", file]));
        assert_eq!((status, printed.as_str()), (expected, ""), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn nothing_of_a_tampered_file_is_printed() {
    let checkout = Checkout::new();
    for (file, plain) in &DOCUMENTS[..4] {
        checkout.run(&["encrypt", "--sops", "-o", file], plain);
        let sealed = checkout.read(file);
        let key = sealed.find("password").unwrap();
        let start = key + sealed[key..].find("ENC[").unwrap();
        let end = start + sealed[start..].find(']').unwrap() + 1;
        let stray = sealed.replacen(
            &sealed[start..end],
            "ENC[AES256_GCM,data:AAAA,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]",
            1,
        );
        let in_clear = sealed.replacen(&sealed[start..end], "hunter3", 1);
        for (what, text) in [("another value", stray), ("a value in clear", in_clear)] {
            checkout.put(file, &text);
            for output in ["text", "json"] {
                let (status, printed, stderr) = run(&mut checkout.command(&["decrypt", file, "--output", output]));
                let is_empty = output == "json" || printed.is_empty();
                assert!(status == 78 && is_empty && !printed.contains("hunter2"), "{file}, {what}: {printed}{stderr}");
                assert!(!stderr.contains("hunter2"), "{stderr}");
            }
        }
    }
    checkout.run(&["encrypt", "-o", "secrets/password.age"], &"hunter2 ".repeat(20_000));
    let sealed = checkout.read("secrets/password.age");
    let middle = sealed.len() - sealed.len() / 4;
    let cut: String = sealed
        .char_indices()
        .map(|(at, one)| if at == middle && one != '\n' { if one == 'A' { 'B' } else { 'A' } } else { one })
        .collect();
    checkout.put("secrets/password.age", &cut);
    let (status, printed, stderr) = run(&mut checkout.command(&["decrypt", "secrets/password.age"]));
    assert_eq!((status, printed.as_str()), (78, ""), "{stderr}");
}

#[test]
fn unauthenticated_values_are_reported_with_the_output() {
    let checkout = Checkout::new();
    let rule = format!("age: {}\n    encrypted_regex: ^stringData$\n    mac_only_encrypted: true", checkout.recipient);
    checkout.put(".sops.yaml", &format!("creation_rules:\n  - path_regex: ^secrets/\n    {rule}\n"));
    let plain = "kind: Secret\nstringData:\n    password: hunter2\n";
    checkout.run(&["encrypt", "--sops", "-o", "secrets/mixed.yaml"], plain);
    let (status, printed, stderr) = run(&mut checkout.command(&["decrypt", "secrets/mixed.yaml"]));
    assert_eq!((status, printed.as_str()), (0, plain));
    assert!(stderr.contains("mac_only_encrypted"), "{stderr}");
    let (_, printed, _) = run(&mut checkout.command(&["decrypt", "secrets/mixed.yaml", "--output", "json"]));
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap()["unauthenticated"], true);
}

#[test]
fn a_job_of_github_actions_masks_each_value_first() {
    let checkout = Checkout::new();
    checkout.run(&["encrypt", "--sops", "-o", "secrets/db.yaml"], DOCUMENTS[0].1);
    let (status, printed, stderr) = run(checkout.command(&["decrypt", "secrets/db.yaml"]).env("GITHUB_ACTIONS", "true"));
    assert_eq!((status, printed.as_str()), (0, DOCUMENTS[0].1));
    assert!(
        stderr.lines().any(|line| line == "::add-mask::hunter2") && stderr.lines().all(|line| line.starts_with("::add-mask::")),
        "{stderr}"
    );
}
