//! Made with a writer of our own, which only tests have; files of the real sops are in the integration tests.

use super::*;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aws_lc_rs::digest::{SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

const KEY: [u8; 32] = [7; 32];
const MODIFIED: &str = "2026-11-23T00:00:00Z";

fn seal(text: &str, path: &str, kind: &str) -> String {
    let cipher = aes_gcm::AesGcm::<aes_gcm::aes::Aes256, aes_gcm::aead::consts::U32>::new_from_slice(&KEY).unwrap();
    let nonce = [9; 32];
    let sealed =
        cipher.encrypt(aes_gcm::Nonce::from_slice(&nonce), Payload { msg: text.as_bytes(), aad: path.as_bytes() }).unwrap();
    let (data, tag) = sealed.split_at(sealed.len() - 16);
    format!(
        "ENC[AES256_GCM,data:{},iv:{},tag:{},type:{kind}]",
        STANDARD.encode(data),
        STANDARD.encode(nonce),
        STANDARD.encode(tag)
    )
}

fn file(identities: &Identities) -> Value {
    let enc = String::from_utf8(age_file::encrypt(&KEY, &identities.recipients(), true).unwrap()).unwrap();
    let mac: String = digest(&SHA512, b"hunter25True1.5x").as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    json!({
        "password": seal("hunter2", "password:", "str"), "port": seal("5", "port:", "int"), "on": seal("True", "on:", "bool"),
        "nested": {"list": [seal("1.5", "nested:list:", "float")], "empty": "", "nothing": null}, "plain_unencrypted": "x",
        "sops": {"age": [{"recipient": "age1other", "enc": "-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n"}, {"enc": enc}],
            "hc_vault": [{"vault_address": "https://attacker.example"}], "lastmodified": MODIFIED, "mac": seal(&mac, MODIFIED, "str"), "version": "3.11.0"}
    })
}

fn keys() -> Identities {
    Identities::parse(&Identities::generate().0).unwrap()
}

fn open(file: &Value, key: Option<&str>, identities: &Identities) -> Result<String, String> {
    let path = SecretPath::parse("a/b.json").unwrap();
    crate::secrets::open(&path, file.to_string().as_bytes(), key, identities)
        .map(|secret| secret.expose_text().unwrap().to_owned())
}

#[test]
fn opens_values_by_pointer_and_the_document_without_its_metadata() {
    let identities = keys();
    let file = file(&identities);
    for (key, value) in [
        ("/password", "hunter2"),
        ("/port", "5"),
        ("/on", "true"),
        ("/nested/list/0", "1.5"),
        ("/plain_unencrypted", "x"),
        ("/nested/empty", ""),
    ] {
        assert_eq!(open(&file, Some(key), &identities).as_deref(), Ok(value), "{key}");
    }
    assert!(open(&file, Some("/sops"), &identities).is_err());
    assert!(open(&file, Some("/nope"), &identities).unwrap_err().contains("/nope"));
    let whole: Value = serde_json::from_str(&open(&file, None, &identities).unwrap()).unwrap();
    assert_eq!(whole["password"], "hunter2");
    assert!(whole.get("sops").is_none());
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let identities = keys();
    let changes: [fn(&mut Value); 7] = [
        |file| file["plain_unencrypted"] = "y".into(),
        |file| file["new"] = file["password"].clone(),
        |file| file["password"] = "hunter2".into(),
        |file| file["port"] = 5.into(),
        |file| _ = file.as_object_mut().unwrap().shift_remove("on"),
        |file| _ = file["sops"].as_object_mut().unwrap().shift_remove("mac"),
        |file| file["sops"]["lastmodified"] = "2026-11-24T00:00:00Z".into(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = file(&identities);
        change(&mut changed);
        let fault = open(&changed, Some("/password"), &identities).unwrap_err();
        assert!(!fault.contains("hunter2"), "{number}: {fault}");
    }
}

#[test]
fn foreign_keys_are_refused_with_what_to_do() {
    let identities = keys();
    let mut kms = file(&identities);
    kms["sops"]["age"] = json!([]);
    kms["sops"]["kms"] = json!([{"arn": "arn:aws:kms:x"}]);
    assert!(open(&kms, None, &identities).unwrap_err().contains("updatekeys"));
    let mut groups = file(&identities);
    groups["sops"]["shamir_threshold"] = 2.into();
    assert!(open(&groups, None, &identities).unwrap_err().contains("Shamir"));
    assert!(open(&file(&identities), None, &keys()).unwrap_err().contains("none of this source's"));
    assert!(open(&json!({"a": "plain"}), None, &identities).unwrap_err().contains("no `sops` section"));
}
