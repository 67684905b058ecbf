//! The real sops and ours, in every file format: each reads what the other writes, and a change touches only its own value.

use super::sops::{keys, run};
use crate::support::peer;
use daypass::secrets::{
    Creations, Document, Identities, SopsFile, Unauthenticated, document_values, encrypt_document, encrypt_document_with, open,
};
use daypass::words::names::SecretPath;
use daypass::words::{Secret, UnixTime};
use proptest::prelude::{Strategy, prop, prop_oneof};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::Command;

const YAML: &str = include_str!("../../vectors/sops/all.yaml");
const JSON: &str = "{\n\t\"password\": \"hunter2\",\n\t\"port\": 5432,\n\t\"on\": false,\n\t\"none\": null,\n\t\"empty\": \"\",\n\t\"nested\": {\n\t\t\"list\": [\n\t\t\t\"a\",\n\t\t\t1.25,\n\t\t\t{},\n\t\t\t[]\n\t\t],\n\t\t\"esc\": \"<&> \\u2028 \\\"é\\\" \\\\ \\n\"\n\t},\n\t\"plain_unencrypted\": 7\n}\n";
const DOTENV: &str = "# a comment\nPASSWORD=hunter2\nMULTI=one\\ntwo\n\n#another\nEMPTY=\nexport QUOTED=\"x # y\"\n SPACED = z \nplain_unencrypted=seen\n";
const INI: &str = "; top\n# and second\nroot = 1\n\n[section]\n; comment\npassword = hunter2\nquoted = \"x y\"\nempty =\ncolon : c\nplain_unencrypted = seen\nticks = `a;b`\n\n[section.two]\nother = w\n";
const RULES: [&str; 7] = [
    "",
    "    mac_only_encrypted: true\n",
    "    encrypted_regex: ^(password|nested|PASSWORD|section)$\n",
    "    unencrypted_regex: ^(port|list|EMPTY|colon)$\n",
    "    encrypted_suffix: word\n",
    "    encrypted_comment_regex: ^ ?(a )?comment\n",
    "    unencrypted_comment_regex: ^ ?(a )?comment\n",
];

/// A file's name, its text, and the values to set, by pointer.
type Sets<'a> = (&'a str, &'a str, &'a [(&'a str, Value)]);

fn forms() -> [(&'static str, &'static str); 4] {
    [("a.yaml", YAML), ("a.json", JSON), ("a.env", DOTENV), ("a.ini", INI)]
}

fn path(name: &str) -> SecretPath {
    SecretPath::parse(name).unwrap()
}

fn now() -> UnixTime {
    UnixTime::from_seconds(1_795_000_000)
}

fn document(name: &str, sealed: &[u8], identities: &Identities) -> Document {
    let strays = SopsFile::parse(&path(name), sealed).unwrap().strays();
    assert!(strays.is_empty(), "{name}: {strays:?}\n{}", String::from_utf8_lossy(sealed));
    let unsealed = SopsFile::parse(&path(name), sealed).unwrap().unsealed();
    assert!(unsealed.is_empty(), "{name}: {unsealed:?}\n{}", String::from_utf8_lossy(sealed));
    let opened = SopsFile::parse(&path(name), sealed).and_then(|file| file.open(identities));
    opened.unwrap_or_else(|fault| panic!("{name}: {fault}\n{}", String::from_utf8_lossy(sealed)))
}

/// What the real sops decrypts a file to. It verifies the MAC.
fn theirs(sops: &Path, folder: &Path, name: &str, sealed: &[u8]) -> Value {
    std::fs::write(folder.join(name), sealed).unwrap();
    let output = run(sops, &["decrypt", "--output-type", "json", name], folder);
    // It reports comments that it could not decrypt. There may be none that is encrypted.
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!stderr.contains("comment=\"ENC["), "{name}: {stderr}");
    numbers(serde_json::from_slice(&output.stdout).unwrap())
}

/// Sops prints a float's `1.50` as `1.5` and `7.0` as `7`.
fn numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap()),
        Value::Array(items) => items.into_iter().map(numbers).collect(),
        Value::Object(members) => members.into_iter().map(|(key, value)| (key, numbers(value))).collect::<Map<_, _>>().into(),
        other => other,
    }
}

fn ours(name: &str, document: &Document) -> Value {
    let plain = document.render(Unauthenticated::Give).unwrap();
    numbers(document_values(&path(name), plain.expose()).unwrap_or_else(|fault| panic!("{name}: {fault}")).into())
}

#[test]
fn every_format_and_rule_goes_both_ways() {
    let Some(sops) = peer("sops") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (identities, recipient) = keys(folder.path());
    for rule in RULES {
        let rules = format!("creation_rules:\n  - age: {recipient}\n{rule}");
        std::fs::write(folder.path().join(".sops.yaml"), &rules).unwrap();
        let creations = Creations::parse(rules.as_bytes()).unwrap();
        for (name, text) in forms() {
            let plain = numbers(document_values(&path(name), text.as_bytes()).unwrap().into());
            std::fs::write(folder.path().join(name), text).unwrap();
            let by_them = run(&sops, &["encrypt", name], folder.path()).stdout;
            let opened = document(name, &by_them, &identities);
            let expected = theirs(&sops, folder.path(), name, &by_them);
            assert_eq!(ours(name, &opened), expected, "{name} {rule}");
            let by_us = encrypt_document_with(&path(name), text.as_bytes(), creations.for_path(name).unwrap(), now()).unwrap();
            assert_eq!(ours(name, &document(name, &by_us, &identities)), plain, "{name} {rule}");
            assert_eq!(
                theirs(&sops, folder.path(), name, &by_us),
                expected,
                "{name} {rule}\n{}",
                String::from_utf8_lossy(&by_us)
            );
            untouched(name, &opened, &by_them);
            untouched(name, &document(name, &by_us, &identities), &by_us);
        }
    }
}

/// Asserts that an unchanged file is written again byte for byte, and that a new comment changes only itself, the time and the MAC.
fn untouched(name: &str, opened: &Document, sealed: &[u8]) {
    let plain = opened.render(Unauthenticated::Give).unwrap();
    assert_eq!(opened.edit(&plain, now()).unwrap(), sealed, "{name}");
    let mut more = plain.expose().to_vec();
    if !name.ends_with("json") {
        more.extend_from_slice(b"\n#\n");
        let edited = opened.edit(&Secret::new(more), now()).unwrap();
        let changed = changed_lines(sealed, &edited);
        assert!(changed.iter().all(|line| allowed(line) || matches!(*line, "" | "#")), "{name}: {changed:?}");
    }
}

fn allowed(line: &str) -> bool {
    let line = line.trim().trim_start_matches("sops_").trim_start_matches('"');
    line.starts_with("mac") || line.starts_with("lastmodified")
}

fn changed_lines<'a>(before: &'a [u8], after: &'a [u8]) -> Vec<&'a str> {
    let [before, after] = [before, after].map(|bytes| std::str::from_utf8(bytes).unwrap());
    let only_in = |one: &'a str, other: &'a str| one.lines().filter(move |line| !other.lines().any(|other| other == *line));
    only_in(before, after).chain(only_in(after, before)).collect()
}

#[test]
fn our_edits_keep_the_rest_and_the_real_sops_verifies_them() {
    let Some(sops) = peer("sops") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (identities, recipient) = keys(folder.path());
    std::fs::write(folder.path().join(".sops.yaml"), format!("creation_rules:\n  - age: {recipient}\n")).unwrap();
    let changes: [Sets; 4] = [
        (
            "a.yaml",
            YAML,
            &[
                ("/password", json!("changed")),
                ("/nested/list/0", json!("z")),
                ("/nested/list/-", json!({"k": [1, true, null, "two\nlines\n"]})),
                ("/fresh/below", json!("new")),
                ("/list/1", json!({"now": "a mapping"})),
                ("/nested/multi", json!("three\nother\nlines")),
                ("/flow/b", json!("in braces")),
                ("/flow/c", json!([1, "x"])),
                ("/nothing", json!("something")),
                ("/nothing_written", json!(5)),
                ("/empty_map/x", json!("y")),
            ],
        ),
        (
            "a.json",
            JSON,
            &[
                ("/password", json!("changed")),
                ("/nested/list/-", json!("z")),
                ("/fresh/below", json!({"x": "new"})),
                ("/none", json!(1.5)),
            ],
        ),
        ("a.env", DOTENV, &[("/PASSWORD", json!("a\nb")), ("/FRESH", json!("new")), ("/EMPTY", json!("full"))]),
        (
            "a.ini",
            INI,
            &[
                ("/section/password", json!("p;q")),
                ("/section/fresh", json!("new")),
                ("/new/x", json!("y")),
                ("/section/empty", json!("full")),
            ],
        ),
    ];
    for (name, text, sets) in changes {
        std::fs::write(folder.path().join(name), text).unwrap();
        let mut sealed = run(&sops, &["encrypt", name], folder.path()).stdout;
        for (pointer, value) in sets {
            let before = document(name, &sealed, &identities);
            let after = before
                .set(pointer, &Secret::from(value.to_string()), now())
                .unwrap_or_else(|fault| panic!("{name} {pointer}: {fault}"));
            let read = theirs(&sops, folder.path(), name, &after);
            let at = pointer.strip_suffix("/-").map_or_else(
                || (*pointer).to_owned(),
                |list| format!("{list}/{}", read.pointer(list).unwrap().as_array().unwrap().len() - 1),
            );
            assert_eq!(read.pointer(&at), Some(&numbers(value.clone())), "{name} {pointer}\n{}", String::from_utf8_lossy(&after));
            assert_eq!(ours(name, &document(name, &after, &identities)), read, "{name} {pointer}");
            // Only the lines of that value, the MAC and its time are changed.
            let lost = changed_lines(&sealed, &after).len();
            let lines = changed_lines(&[], &after).len();
            assert!(lost <= 12 && lost < lines, "{name} {pointer}: {:?}", changed_lines(&sealed, &after));
            sealed = after;
        }
        let mut left = theirs(&sops, folder.path(), name, &sealed);
        for (pointer, _) in sets.iter().filter(|(pointer, _)| !pointer.ends_with('-')) {
            let opened = document(name, &sealed, &identities);
            sealed = opened.unset(pointer, now()).unwrap_or_else(|fault| panic!("{name} {pointer}: {fault}"));
            let (parent, last) = pointer.rsplit_once('/').unwrap();
            match left.pointer_mut(parent).unwrap() {
                Value::Array(items) => _ = items.remove(last.parse().unwrap()),
                other => _ = other.as_object_mut().unwrap().shift_remove(last),
            }
            assert_eq!(
                theirs(&sops, folder.path(), name, &sealed),
                left,
                "{name} {pointer}\n{}",
                String::from_utf8_lossy(&sealed)
            );
        }
    }
}

#[test]
fn the_real_sops_opens_files_with_changed_recipients_and_data_keys() {
    let Some(sops) = peer("sops") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (identities, recipient) = keys(folder.path());
    let (other_file, other) = Identities::generate();
    let other_keys = Identities::parse(&other_file).unwrap();
    std::fs::write(folder.path().join(".sops.yaml"), format!("creation_rules:\n  - age: {recipient}\n")).unwrap();
    for (name, text) in forms().into_iter().chain([("a.txt", "whole\n")]) {
        std::fs::write(folder.path().join(name), text).unwrap();
        let sealed = run(&sops, &["encrypt", name], folder.path()).stdout;
        let both = document(name, &sealed, &identities).update_recipients(&[recipient.clone(), other.clone()], None).unwrap();
        let file = SopsFile::parse(&path(name), &both).unwrap();
        assert_eq!(file.recipients(), [&recipient, &other]);
        assert!(both.len() > sealed.len() && changed_lines(&sealed, &both).iter().all(|line| !line.contains("ENC[")), "{name}");
        let plain = document(name, &both, &other_keys).render(Unauthenticated::Refuse).unwrap();
        std::fs::write(folder.path().join(name), &both).unwrap();
        let decrypted = run(&sops, &["decrypt", name], folder.path()).stdout;
        let rotated =
            document(name, &both, &identities).rotate_data_key(&[recipient.clone(), other.clone()], None, now()).unwrap();
        let text = String::from_utf8(rotated.clone()).unwrap();
        assert!(
            String::from_utf8(both.clone())
                .unwrap()
                .lines()
                .filter(|line| line.contains("ENC["))
                .all(|line| !text.contains(line)),
            "{name}"
        );
        std::fs::write(folder.path().join(name), &rotated).unwrap();
        assert_eq!(run(&sops, &["decrypt", name], folder.path()).stdout, decrypted, "{name}");
        assert_eq!(document(name, &rotated, &other_keys).render(Unauthenticated::Refuse).unwrap(), plain, "{name}");
        let left = document(name, &rotated, &identities).update_recipients(std::slice::from_ref(&other), None).unwrap();
        assert!(SopsFile::parse(&path(name), &left).unwrap().open(&identities).is_err());
        // Our code opens what the real sops rotates.
        let added = run(&sops, &["rotate", name], folder.path()).stdout;
        assert_eq!(document(name, &added, &identities).render(Unauthenticated::Refuse).unwrap(), plain, "{name}");
    }
}

#[test]
fn whole_files_go_both_ways() {
    let Some(sops) = peer("sops") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (identities, recipient) = keys(folder.path());
    std::fs::write(folder.path().join(".sops.yaml"), format!("creation_rules:\n  - age: {recipient}\n")).unwrap();
    for plain in [&b"hello\n"[..], b"\xff\x00\xfe bytes", b"{\"a\": 1}"] {
        std::fs::write(folder.path().join("a.pem"), plain).unwrap();
        let sealed = run(&sops, &["encrypt", "a.pem"], folder.path()).stdout;
        assert_eq!(open(&path("a.pem"), &sealed, None, &identities).unwrap().expose(), plain);
        let sealed = encrypt_document(&path("a.pem"), plain, std::slice::from_ref(&recipient), now()).unwrap();
        std::fs::write(folder.path().join("a.pem"), &sealed).unwrap();
        assert_eq!(run(&sops, &["decrypt", "a.pem"], folder.path()).stdout, plain);
        let edited = document("a.pem", &sealed, &identities).edit(&Secret::new(b"\xfe other".to_vec()), now()).unwrap();
        std::fs::write(folder.path().join("a.pem"), &edited).unwrap();
        assert_eq!(run(&sops, &["decrypt", "a.pem"], folder.path()).stdout, b"\xfe other");
    }
}

#[test]
fn values_that_no_mac_covers_are_refused_unless_allowed() {
    let Some(sops) = peer("sops") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (identities, recipient) = keys(folder.path());
    let rules = format!("creation_rules:\n  - age: {recipient}\n    mac_only_encrypted: true\n    encrypted_regex: ^data$\n");
    std::fs::write(folder.path().join(".sops.yaml"), rules).unwrap();
    std::fs::write(folder.path().join("a.yaml"), "kind: Secret\ndata:\n  password: hunter2\n").unwrap();
    let sealed = String::from_utf8(run(&sops, &["encrypt", "a.yaml"], folder.path()).stdout).unwrap().replace("Secret", "Forged");
    std::fs::write(folder.path().join("a.yaml"), &sealed).unwrap();
    run(&sops, &["decrypt", "a.yaml"], folder.path());
    let opened = document("a.yaml", sealed.as_bytes(), &identities);
    assert_eq!(opened.value("/data/password", Unauthenticated::Refuse).unwrap().expose(), b"hunter2");
    assert!(opened.value("/kind", Unauthenticated::Refuse).unwrap_err().to_string().contains("mac_only_encrypted"));
    assert!(opened.render(Unauthenticated::Refuse).is_err());
    assert_eq!(opened.value("/kind", Unauthenticated::Give).unwrap().expose(), b"Forged");
}

/// How many random documents are tried: few enough for every run.
const DOCUMENTS: usize = 40;

fn documents() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        "[a-z]{1,8}",
        "[\\PC\n\t]{0,16}",
        "(yes|null|1e3|0x1F|2001-01-01|- a|# b|: c|[*]x|[|]|'|\"|%|@|ENC\\[)"
    ];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        prop::num::i32::ANY.prop_map(Value::from),
        (-1000i32..1000).prop_map(|number| json!(f64::from(number) / 8.0)),
        prop::bool::ANY.prop_map(Value::from),
        proptest::strategy::Just(Value::Null),
    ];
    let inner = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_ .:-]{1,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    });
    prop::collection::btree_map("[a-z]{1,6}(_unencrypted)?", inner, 1..5).prop_map(|map| json!(map))
}

#[test]
fn random_documents_go_both_ways() {
    let Some(sops) = peer("sops") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (identities, recipient) = keys(folder.path());
    std::fs::write(folder.path().join(".sops.yaml"), format!("creation_rules:\n  - age: {recipient}\n")).unwrap();
    let (mut runner, strategy) = (TestRunner::default(), documents());
    for number in 0..DOCUMENTS {
        let plain = strategy.new_tree(&mut runner).unwrap().current();
        if plain.get("sops").is_some() {
            continue;
        }
        let name = if number % 2 == 0 { "r.yaml" } else { "r.json" };
        let text = serde_json::to_string_pretty(&plain).unwrap();
        // sops turns JSON into its own YAML first, which has no braces at its root.
        std::fs::write(folder.path().join("r.json"), &text).unwrap();
        std::fs::write(folder.path().join(name), &text).unwrap();
        let by_them = run(&sops, &["encrypt", name], folder.path()).stdout;
        let opened = document(name, &by_them, &identities);
        assert_eq!(ours(name, &opened), numbers(plain.clone()), "{}", String::from_utf8_lossy(&by_them));
        let plaintext = opened.render(Unauthenticated::Refuse).unwrap();
        let by_us = encrypt_document(&path(name), plaintext.expose(), std::slice::from_ref(&recipient), now()).unwrap();
        assert_eq!(theirs(&sops, folder.path(), name, &by_us), numbers(plain), "{}", String::from_utf8_lossy(plaintext.expose()));
        assert_eq!(ours(name, &document(name, &by_us, &identities)), ours(name, &opened));
    }
}

/// This reader verifies no MAC, so the test says nothing about integrity.
#[test]
fn a_reader_in_javascript_opens_what_we_encrypt() {
    let Some(module) = peer("sops-age-js") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (_, recipient) = keys(folder.path());
    // It supports no INI, no timestamps and no `export`.
    for (name, text) in [("a.yaml", YAML), ("a.json", JSON)] {
        let text = text.replace("date: 2001-12-14\n", "").replace("!thing ", "");
        let sealed = encrypt_document(&path(name), text.as_bytes(), std::slice::from_ref(&recipient), now()).unwrap();
        std::fs::write(folder.path().join(name), sealed).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/sops-age.mjs");
        let output =
            Command::new("node").arg(script).arg(&module).args([name, "key.txt"]).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let read: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(read.pointer("/password"), Some(&json!("hunter2")), "{name}: {read}");
    }
}
