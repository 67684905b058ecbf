//! Values that somebody wrote in clear into an encrypted file. The hook and `status` report them, and the file does not open.

use super::{Checkout, with_input};
use crate::support::git;
use daypass::secrets::{Identities, encrypted_path, open};
use daypass::words::Secret;
use serde_json::Value;

const PLAIN: &str = "hunter2";

/// A document, the change of its encrypted form, and how the place is reported.
struct Case {
    file: &'static str,
    setting: &'static str,
    document: &'static str,
    change: fn(&str) -> String,
    told: &'static str,
    /// Whether the file still opens: no MAC covers a comment, and it is no value.
    opens: bool,
}

/// Replaces the first ciphertext after this text.
fn in_place(text: &str, after: &str, plain: &str) -> String {
    let start = text.find(after).unwrap_or_else(|| panic!("{after} in {text}")) + after.len();
    let start = start + text[start..].find("ENC[").unwrap();
    let end = start + text[start..].find(']').unwrap() + 1;
    format!("{}{plain}{}", &text[..start], &text[end..])
}

fn cases() -> Vec<Case> {
    let case = |file, setting, document, change, expected| Case { file, setting, document, change, told: expected, opens: false };
    // No MAC covers the section `sops`, so such a file opens.
    let stray = |file, document, change, expected| Case { opens: true, ..case(file, "", document, change, expected) };
    vec![
        case("secrets/a.yaml", "", "password: x\nkey: y\n", |text| in_place(text, "password: ", PLAIN), "/password"),
        case("secrets/b.yaml", "", "password: x\n", |text| format!("new: {PLAIN}\n{text}"), "/new"),
        case("secrets/c.yaml", "", "list:\n  - x\n  - y\n", |text| in_place(text, "  - ", PLAIN), "/list"),
        case("secrets/d.yaml", "", "a: x\n---\nb: y\n", |text| in_place(text, "b: ", PLAIN), "/b"),
        case(
            "secrets/e.yaml",
            "encrypted_regex: ^data$",
            "kind: x\ndata:\n  p: y\n",
            |text| in_place(text, "p: ", PLAIN),
            "/data/p",
        ),
        case(
            "secrets/f.yaml",
            "unencrypted_suffix: _clear",
            "a_clear: x\nport: 1\n",
            |text| in_place(text, "port: ", "5432"),
            "/port",
        ),
        case("secrets/g.yaml", "", "p: x\nk: y\n", |text| in_place(text, "p: ", "ENC[AES256_GCM,hunter2]"), "/p"),
        case("secrets/h.yaml", "", "p: x\nk: y\n", |text| text.replacen(",type:str]", ",type:str,note:hunter2]", 1), "/p"),
        case("secrets/a.json", "", "{\"a\": {\"p\": \"x\", \"k\": 1}}", |text| in_place(text, "\"p\": \"", PLAIN), "/a/p"),
        case("secrets/a.env", "", "P=x\nK=y\n", |text| in_place(text, "P=", PLAIN), "/P"),
        case("secrets/a.ini", "", "[db]\np = x\nk = y\n", |text| in_place(text, "p = ", PLAIN), "/db/p"),
        case("secrets/a.bin", "", "bytes", |text| in_place(text, "\"data\": \"", PLAIN), "/data"),
        case("secrets/b.bin", "", "bytes", |text| text.replacen('{', "{ \"p\": \"hunter2\",", 1), "/p"),
        stray("secrets/s.yaml", "p: x\n", |text| format!("{text}    note: {PLAIN}\n"), "/sops/note"),
        stray(
            "secrets/s.json",
            "{\"p\": \"x\"}",
            |text| text.replacen("\"mac\"", "\"note\": \"hunter2\", \"mac\"", 1),
            "/sops/note",
        ),
        stray("secrets/s.env", "P=x\n", |text| format!("{text}sops_password={PLAIN}\n"), "/sops/password"),
        stray("secrets/t.env", "P=x\n", |text| format!("{text}sops_mac__map_x={PLAIN}\n"), "/sops/mac__map_x"),
        stray("secrets/s.ini", "[db]\np = x\n", |text| format!("{text}password = {PLAIN}\n"), "/sops/password"),
        stray("secrets/s.bin", "bytes", |text| text.replacen("\"enc\"", "\"note\": \"hunter2\", \"enc\"", 1), "/note"),
        Case {
            opens: true,
            ..case("secrets/i.yaml", "", "# note\np: x\n", |text| in_place(text, "#", " hunter2"), "a comment in /")
        },
        Case { opens: true, ..case("secrets/b.env", "", "#note\nP=x\n", |text| in_place(text, "#", PLAIN), "a comment in /") },
    ]
}

#[test]
fn a_value_in_clear_that_the_files_own_rule_encrypts_is_refused() {
    let checkout = Checkout::new();
    let identities = Identities::parse(&Secret::new(checkout.read("key.txt").into_bytes())).unwrap();
    let key = checkout.recipient.clone();
    for case in cases() {
        let file = case.file;
        checkout.put(".sops.yaml", &format!("creation_rules:\n  - age: {key}\n    {}\n", case.setting));
        checkout.run(&["encrypt", "--sops", "-o", file], case.document);
        git(checkout.path(), &["add", "--all"]);
        checkout.run(&["hook"], "");
        checkout.run(&["status", "--check"], "");
        checkout.put(file, &(case.change)(&checkout.read(file)));
        git(checkout.path(), &["add", "--all"]);
        let (code, stderr) = checkout.refused(&["hook"], "");
        let is_reported = |text: &str| text.contains(file) && text.contains(case.told) && text.contains("restore");
        assert!(code == 78 && is_reported(&stderr) && !stderr.contains(PLAIN), "{file}: {stderr}");
        let output = with_input(&mut checkout.command(&["status", "--check"]), "");
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.code() == Some(78) && is_reported(&stdout) && !stdout.contains(PLAIN), "{file}: {stdout}");
        let found: Value = serde_json::from_str(&checkout.run(&["status", "--output", "json"], "")).unwrap();
        assert_eq!(found["in_clear_against_rule"][0]["file"], file, "{found}");
        let opened = open(&encrypted_path(file).unwrap(), checkout.read(file).as_bytes(), None, &identities);
        assert_eq!(opened.is_ok(), case.opens, "{file}");
        std::fs::remove_file(checkout.path().join(file)).unwrap();
    }
}
