//! Keys of other kinds than age's, and unknown members that may name a recipient.

use super::tests::{change, files};
use super::{UNKNOWN, reader_changes, widened};
use crate::secrets::{Identities, encrypt_document};
use crate::words::names::SecretPath;
use crate::words::{Gain, UnixTime};

/// Each key counts, not only its kind.
#[test]
fn another_key_of_a_foreign_kind_in_the_rules_is_reported_by_name() {
    let (_, ours) = Identities::generate();
    let rules = |keys: &str| files(&[(".sops.yaml", format!("creation_rules: [ {{ {keys} }} ]\n").as_bytes())]);
    let group = |keys: &str| rules(&format!("key_groups: [ {{ age: [{ours}], {keys} }} ]"));
    let vault = |vault: &str, name: &str| format!("{{ vaultUrl: https://{vault}, key: {name}, version: \"\" }}");
    let azure = |keys: &[String]| group(&format!("azure_keyvault: [{}]", keys.join(", ")));
    let one = azure(&[vault("a", "k1"), vault("b", "k2")]);
    let two = azure(&[vault("a", "k1"), vault("b", "k2"), vault("a", "k2")]);
    assert!(reader_changes(&one, &two).iter().any(|change| change.gains), "a pair of a known vault and a known name");
    for (kind, one, two) in [
        ("pgp", "AA", "BB"),
        ("kms", "arn:aws:kms:eu-central-1:1:key/x", "arn:aws:kms:eu-central-1:1:key/y"),
        ("gcp_kms", "projects/x", "projects/y"),
        ("azure_keyvault", "https://x.example/keys/a/b", "https://x.example/keys/a/c"),
        ("hc_vault_transit_uri", "https://v.example/v1/transit/keys/x", "https://v.example/v1/transit/keys/y"),
        ("hckms", "eu-west:x", "eu-west:y"),
    ] {
        let alone = rules(&format!("age: {ours}, {kind}: [\"{one}\"]"));
        for keys in [format!("[\"{one}\", \"{two}\"]"), format!("[\"{two}\", \"{one}\"]"), format!("\"{two}, {one}\"")] {
            let both = rules(&format!("age: {ours}, {kind}: {keys}"));
            assert_eq!(reader_changes(&alone, &both), [change(true, &format!("{kind} {two}"), &[], &[])], "{keys}");
        }
    }
    for (kind, one, two) in [
        ("pgp", "AA", "BB"),
        ("kms", "{ arn: a, role: r }", "{ arn: a, role: s }"),
        ("gcp_kms", "{ resource_id: a }", "{ resource_id: b }"),
        ("hc_vault", "https://v.example/x", "https://v.example/y"),
        ("hckms", "{ key_id: a }", "{ key_id: b }"),
    ] {
        let (alone, both) = (group(&format!("{kind}: [{one}]")), group(&format!("{kind}: [{one}, {two}]")));
        let changes = reader_changes(&alone, &both);
        assert!(changes.len() == 1 && changes[0].gains && changes[0].recipient.starts_with(kind), "{kind}: {changes:?}");
    }
    let merged = group("merge: [ { pgp: [AA], merge: [ { pgp: [BB] } ] } ]");
    let changes = reader_changes(&group("pgp: [AA]"), &merged);
    assert_eq!(changes, [change(true, "pgp BB", &[], &[])]);
}

#[test]
fn another_key_of_a_foreign_kind_in_a_file_is_reported_by_name() {
    let (_, ours) = Identities::generate();
    let path = SecretPath::parse("a.json").unwrap();
    let now = UnixTime::from_seconds(1_795_000_000);
    let sealed = encrypt_document(&path, b"{\"a\": 1}", &[ours], now).unwrap();
    let with = |kind: &str, keys: &[serde_json::Value]| {
        let mut document: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
        document["sops"][kind] = keys.to_vec().into();
        files(&[("secrets/a.json", document.to_string().as_bytes())])
    };
    let key = |fields: &[(&str, &str)], enc: &str| {
        let mut key = serde_json::json!({ "created_at": enc, "enc": enc });
        fields.iter().for_each(|(name, text)| key[*name] = (*text).into());
        key
    };
    for (kind, one, two, expected) in [
        ("pgp", &[("fp", "AA")][..], &[("fp", "BB")][..], "pgp BB"),
        ("kms", &[("arn", "a"), ("aws_profile", "")], &[("arn", "b"), ("aws_profile", "")], "kms b"),
        ("gcp_kms", &[("resource_id", "a")], &[("resource_id", "b")], "gcp_kms b"),
        (
            "azure_kv",
            &[("vault_url", "v"), ("name", "a")],
            &[("vault_url", "v"), ("name", "b")],
            "azure_kv name: b, vault_url: v",
        ),
        (
            "hc_vault",
            &[("engine_path", "e"), ("key_name", "a")],
            &[("engine_path", "e"), ("key_name", "b")],
            "hc_vault engine_path: e, key_name: b",
        ),
        ("hckms", &[("key_id", "a")], &[("key_id", "b")], "hckms b"),
    ] {
        let alone = with(kind, &[key(one, "1")]);
        assert_eq!(reader_changes(&alone, &with(kind, &[key(one, "2")])), [], "{kind}: wrapped anew");
        let both = with(kind, &[key(one, "1"), key(two, "1")]);
        assert_eq!(reader_changes(&alone, &both), [change(true, expected, &["secrets/a.json"], &[])], "{kind}");
        let waits = widened(&alone, &both);
        assert!(waits.len() == 1 && waits[0].gain == Gain::Recipient && waits[0].why.contains(expected), "{waits:?}");
    }
    let known = with("age_next", &[]);
    let changes = reader_changes(&known, &with("age_next", &[key(&[("recipient", "x")], "1")]));
    assert!(changes.len() == 1 && changes[0].recipient == UNKNOWN && changes[0].unread[0].contains("age_next"), "{changes:?}");
}

#[test]
fn an_unknown_member_of_a_rule_may_name_a_recipient() {
    let (_, ours) = Identities::generate();
    let rules = |rule: &str| files(&[(".sops.yaml", format!("creation_rules: [ {rule} ]\n").as_bytes())]);
    let old = rules(&format!("{{ age: {ours} }}"));
    for rule in [
        format!("{{ age: {ours}, plugins: [ {{ binary_name: x }} ] }}"),
        format!("{{ key_groups: [ {{ age: [{ours}], plugins: [ {{ binary_name: x }} ] }} ] }}"),
        format!("{{ key_groups: [ {{ age: [{ours}], merge: [ {{ plugins: [ x ] }} ] }} ] }}"),
        format!("{{ age: {ours}, <<: {{ plugins: [ x ] }} }}"),
    ] {
        let changes = reader_changes(&old, &rules(&rule));
        let unread: Vec<&str> = changes.iter().flat_map(|change| &change.unread).map(String::as_str).collect();
        assert!(
            unread.len() == 1 && unread[0].starts_with(".sops.yaml, rule 1: ") && unread[0].contains("plugins"),
            "{rule}: {changes:?}"
        );
        assert_eq!(widened(&old, &rules(&rule)).first().map(|file| file.gain), Some(Gain::Unread), "{rule}");
    }
    // `sops publish` encrypts a file anew for its destination.
    let published = |rule: &str| {
        let text = format!(
            "creation_rules: [ {{ age: {ours} }} ]\ndestination_rules: [ {{ s3_bucket: b, recreation_rule: {rule} }} ]\n"
        );
        reader_changes(&old, &files(&[(".sops.yaml", text.as_bytes())]))
    };
    assert_eq!(published("{}"), []);
    assert_eq!(published("{ age: age1theirs, pgp: AA }"), ["age1theirs", "pgp AA"].map(|one| change(true, one, &[], &[])));
    assert!(published("{ pgp: AA }")[0].unread[0].starts_with(".sops.yaml, destination rule 1: "));
    let known = format!("{{ path_regex: x, age: {ours}, aws_profile: p, mac_only_encrypted: true, encrypted_regex: ^data$ }}");
    assert!(reader_changes(&old, &rules(&known)).iter().all(|change| change.unread.is_empty()), "what sops 3.11 knows");
}
