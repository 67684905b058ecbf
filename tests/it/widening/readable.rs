//! Values that were encrypted and are now in clear, and rules of `.sops.yaml` that leave more in clear.

use super::{OWN, confirm, daypass, diff, held_world, own_password, put_back};
use daypass::secrets::{Creations, Identities, Origins, changed_keys, encrypt_document_with, widened};
use daypass::words::names::{SecretPath, SourceName};
use daypass::words::{UnixTime, WidenedFile};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

type Files = BTreeMap<String, Arc<[u8]>>;

fn files(files: &[(&str, &[u8])]) -> Files {
    files.iter().map(|(name, bytes)| ((*name).to_owned(), Arc::from(*bytes))).collect()
}

fn rules(recipient: &str, setting: &str) -> String {
    format!("creation_rules:\n  - path_regex: ^secrets/\n    age: {recipient}\n    {setting}\n")
}

/// A document, encrypted by a rule with this setting, as sops does it.
fn sealed(recipient: &str, setting: &str, name: &str, text: &str) -> Vec<u8> {
    let rules = Creations::parse(rules(recipient, setting).as_bytes()).unwrap();
    let creation = rules.for_path("secrets/x").unwrap();
    encrypt_document_with(&SecretPath::parse(name).unwrap(), text.as_bytes(), creation, UnixTime::from_seconds(1_800_000_000))
        .unwrap()
}

/// The reported permission increases because of readable values.
fn readable(old: &Files, new: &Files) -> Vec<WidenedFile> {
    let changed = changed_keys(old, new);
    let mut found = widened(&SourceName::root(), old, new, &changed, &mut Origins::default());
    found.retain(|file| serde_json::to_value(file.gain).unwrap() == "readable");
    found
}

#[test]
fn a_rule_that_leaves_more_in_clear_is_reported_and_a_narrower_one_is_not() {
    let (_, ours) = Identities::generate();
    let file = sealed(&ours, "", "a.yaml", "password: x\n");
    for (old, new, is_reported) in [
        ("", "unencrypted_regex: .*", true),
        ("", "encrypted_regex: ^(data|stringData)$", true),
        ("", "encrypted_suffix: _secret", true),
        ("", "unencrypted_suffix: d", true),
        ("", "encrypted_comment_regex: enc", true),
        ("", "unencrypted_comment_regex: clear", true),
        ("", "<<: { unencrypted_regex: .* }", true),
        ("", "unencrypted_suffix: _unencrypted", false),
        ("", "unencrypted_suffix: _really_unencrypted", false),
        ("unencrypted_suffix: _really_unencrypted", "", true),
        ("encrypted_regex: ^(data|stringData)$", "encrypted_regex: ^(data|stringData)$", false),
        ("encrypted_regex: ^data$", "encrypted_regex: ^(data|stringData)$", false),
        ("encrypted_regex: ^(data|stringData)$", "encrypted_regex: ^(stringData)$", true),
        ("encrypted_regex: ^(data|stringData)$", "encrypted_regex: ^(date|stringData)$", true),
        ("encrypted_regex: ^data$", "encrypted_regex: data", true),
        ("unencrypted_regex: ^(kind|metadata)$", "unencrypted_regex: ^kind$", false),
        ("unencrypted_regex: ^kind$", "unencrypted_regex: ^(kind|metadata)$", true),
        ("encrypted_suffix: _secret", "encrypted_suffix: secret", false),
        ("encrypted_suffix: secret", "encrypted_suffix: _secret", true),
        ("encrypted_comment_regex: enc", "encrypted_comment_regex: encrypt", true),
    ] {
        let [old, new] = [old, new].map(|setting| rules(&ours, setting));
        for known in [&[("secrets/a.yaml", &file[..])][..], &[]] {
            let of = |rules: &str| files(&[known, &[(".sops.yaml", rules.as_bytes())]].concat());
            let found = readable(&of(&old), &of(&new));
            assert_eq!(!found.is_empty(), is_reported, "{old}{new}: {found:?}");
            assert!(found.iter().all(|found| found.file == ".sops.yaml"), "{found:?}");
        }
    }
}

/// The rule that applies to a file depends on the rules before it.
#[test]
fn reordered_and_nearer_rules_are_reported() {
    let (_, ours) = Identities::generate();
    let file = sealed(&ours, "", "a.yaml", "password: x\n");
    let prod = format!("  - path_regex: ^secrets/prod/\n    age: {ours}\n");
    let cluster = format!("  - path_regex: ^secrets/\n    age: {ours}\n    encrypted_regex: ^data$\n");
    let text = |rules: &[&str]| format!("creation_rules:\n{}", rules.concat());
    let whole = text(&[&prod, &cluster]);
    for known in [&[("secrets/prod/a.yaml", &file[..])][..], &[]] {
        let of = |rules: &[(&str, &str)]| {
            let rules: Vec<(&str, &[u8])> = rules.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
            files(&[known, &rules].concat())
        };
        let old = of(&[(".sops.yaml", &whole)]);
        let further = text(&[&prod, "  - path_regex: ^transit/\n    age: age1x\n", &cluster]);
        assert_eq!(readable(&old, &of(&[(".sops.yaml", &further)])), [], "a further rule that encrypts all");
        for rules in [text(&[&cluster, &prod]), text(&[&cluster])] {
            assert_eq!(readable(&old, &of(&[(".sops.yaml", &rules)])).len(), 1, "{rules}");
        }
        let nearer = format!("creation_rules: [{{ age: {ours}, unencrypted_regex: . }}]\n");
        let nearer = of(&[(".sops.yaml", &whole), ("secrets/prod/.sops.yaml", &nearer)]);
        let found = readable(&old, &nearer);
        assert!(found.len() == 1 && found[0].file == "secrets/prod/.sops.yaml", "{found:?}");
        assert!(found[0].why.contains("unencrypted_regex: .`"), "{found:?}");
        let nearer_and_whole = format!("creation_rules: [{{ age: {ours} }}]\n");
        let guarded = of(&[(".sops.yaml", &text(&[&cluster])), ("secrets/prod/.sops.yaml", &nearer_and_whole)]);
        let found = readable(&guarded, &of(&[(".sops.yaml", &text(&[&cluster]))]));
        assert!(found.len() == 1 && found[0].file == "secrets/prod/.sops.yaml", "rules that are gone: {found:?}");
    }
}

#[test]
fn a_value_that_is_now_in_clear_is_reported_with_its_place() {
    let (_, ours) = Identities::generate();
    let document = "kind: Secret\ndata:\n  user: app\n  password: x\nlist: [a, b]\n";
    let whole = sealed(&ours, "", "a.yaml", document);
    let cluster = sealed(&ours, "encrypted_regex: ^data$", "a.yaml", document);
    let another = sealed(&ours, "encrypted_regex: ^data$", "a.yaml", &document.replace("app", "other").replace("Secret", "Map"));
    let shorter = sealed(&ours, "encrypted_regex: ^password$", "a.yaml", document);
    let clear = sealed(&ours, "unencrypted_regex: .*", "a.yaml", document);
    let commented = sealed(&ours, "", "a.yaml", "# a note\npassword: x\n");
    let annotated = sealed(&ours, "encrypted_regex: ^password$", "a.yaml", "# a note\npassword: x\n");
    let age = daypass::secrets::encrypt(b"x", std::slice::from_ref(&ours), true).unwrap();
    let places = "has in clear what was encrypted";
    for (what, old, new, expected) in [
        ("all", &whole, &clear, "/data/password, /data/user, /kind and 1 more"),
        ("some", &whole, &cluster, "/kind, /list"),
        ("one", &cluster, &shorter, "/data/user"),
        ("nothing", &cluster, &another, ""),
        ("less", &clear, &whole, ""),
        ("the same", &clear, &sealed(&ours, "unencrypted_regex: .*", "a.yaml", document), ""),
        ("a comment", &commented, &annotated, "a comment"),
        ("a plaintext", &whole, &document.as_bytes().to_vec(), "is not encrypted any more"),
        ("an age file", &age, &cluster, "/kind, /list"),
        ("values by another form", &whole, &forged(&whole), "/data/password"),
    ] {
        let [old, new] = [old, new].map(|bytes| files(&[("secrets/a.yaml", bytes)]));
        let found = readable(&old, &new);
        let why = found.first().map(|found| found.why.as_str()).unwrap_or_default();
        assert_eq!(found.len(), usize::from(!expected.is_empty()), "{what}: {found:?}");
        assert!(
            why.contains(expected) && (expected.is_empty() || expected.starts_with("is ") || why.starts_with(places)),
            "{what}: {why}"
        );
    }
}

/// The document with one value overwritten in clear. Its MAC does not fit any more, but readers of the repository see the value.
fn forged(document: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(document.to_vec()).unwrap();
    let start = text.find("password: ").unwrap() + "password: ".len();
    let end = start + text[start..].find('\n').unwrap();
    format!("{}x{}", &text[..start], &text[end..]).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_and_rules_that_make_a_value_readable_are_held() {
    let world = held_world().await;
    let clear = sealed(&world.recipient, "unencrypted_regex: .*", "own.yaml", "password: shown\n");
    let ready = world.commit_and_wait(&[(OWN, &clear)]).await;
    assert_eq!((&ready["held"], own_password(&world).await), (&json!([OWN]), json!("own")), "{ready}");
    let (status, output) = diff(&world).await;
    assert!(status == 2 && output.contains(&format!("{OWN} has in clear what was encrypted: /password")), "{status} {output}");
    let (_, output) = daypass(&world, &["status"]).await;
    assert!(output.contains("has in clear what was encrypted"), "{output}");
    confirm(&world).await;
    assert_eq!(own_password(&world).await, "shown");
    put_back(&world, OWN, &format!("HEAD~1:{OWN}"));
    world.commit_and_wait(&[]).await;
    let rules = format!("creation_rules: [{{ age: {}, unencrypted_regex: .* }}]\n", world.recipient);
    let ready = world.commit_and_wait(&[(".sops.yaml", rules.as_bytes())]).await;
    assert_eq!(ready["held"], json!([".sops.yaml"]), "{ready}");
    let (status, output) = diff(&world).await;
    assert!(status == 2 && output.contains(".sops.yaml leaves more in clear") && output.contains(OWN), "{status} {output}");
    confirm(&world).await;
    // A value that was in clear before is not reported.
    let sealed =
        |kind: &str| sealed(&world.recipient, "encrypted_regex: ^password$", "x.yaml", &format!("kind: {kind}\npassword: x\n"));
    world.commit_and_wait(&[("secrets/team-a/kube.yaml", &sealed("one"))]).await;
    confirm(&world).await;
    let ready = world.commit_and_wait(&[("secrets/team-a/kube.yaml", &sealed("two"))]).await;
    assert_eq!((&ready["held"], diff(&world).await.0), (&json!([]), 0), "{ready}");
}
