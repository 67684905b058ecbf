use super::*;

fn held() -> Value {
    json!({
        "keys": [{ "kid": "old", "state": "retired" }, { "kid": "now", "state": "signing" }, { "kid": "next", "state": "published" }],
        "discovery": { "issuer": "https://oidc.example", "jwks_uri": "https://oidc.example/.well-known/jwks.json" },
        "jwks": { "keys": [{ "kid": "old", "x": "1" }, { "kid": "now", "x": "2" }, { "kid": "next", "x": "3" }] },
    })
}

#[test]
fn every_key_that_signs_or_will_sign_has_to_be_hosted_unchanged() {
    let held = held();
    assert!(compare(&held, &held["discovery"], &held["jwks"]).is_empty());
    let hosted = |keys: Value| compare(&held, &held["discovery"], &json!({ "keys": keys })).join("; ");
    let without_old = json!([{ "kid": "now", "x": "2" }, { "kid": "next", "x": "3" }, { "kid": "gone", "x": "0" }]);
    assert_eq!(hosted(without_old), "", "what only verifies need not be there");
    assert_eq!(hosted(json!([{ "kid": "now", "x": "2" }])), "the key next (published) is not hosted");
    assert!(hosted(json!([{ "kid": "now", "x": "9" }, { "kid": "next", "x": "3" }])).contains("other members"));
    let elsewhere = json!({ "issuer": "https://evil.example", "jwks_uri": "https://oidc.example/.well-known/jwks.json" });
    assert!(compare(&held, &elsewhere, &held["jwks"])[0].contains("`issuer`"));
}

#[test]
fn files_are_replaced_whole_and_can_be_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(JWKS);
    for text in ["one\n", "two\n"] {
        write(&path, text).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
}
