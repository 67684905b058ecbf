use super::*;

fn held() -> IssuerKeys {
    let at = "2027-01-15T08:00:00Z";
    let key = |kid: &str, state: &str| {
        json!({
            "kid": kid, "algorithm": "ES256", "state": state, "since": at, "signs_from": null, "hosted_at": null,
            "waits_to_be_hosted": false,
        })
    };
    let written = json!({
        "keys": [key("old", "retired"), key("now", "signing"), key("next", "published")], "next_key_at": at, "host_before": at,
        "issuer": "https://oidc.example", "hosted_elsewhere": true,
        "discovery": {
            "issuer": "https://oidc.example", "jwks_uri": "https://oidc.example/.well-known/jwks.json",
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"], "claims_supported": ["iss"],
        },
        "jwks": { "keys": [{ "kid": "old", "x": "1" }, { "kid": "now", "x": "2" }, { "kid": "next", "x": "3" }] },
    });
    let held: IssuerKeys = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(json!(held).to_string(), written.to_string(), "it is written as it was read");
    held
}

#[test]
fn every_key_that_signs_or_will_sign_has_to_be_hosted_unchanged() {
    let held = held();
    let discovery = |document: Value| serde_json::from_value::<HostedDiscovery>(document).unwrap();
    let ours = || discovery(json!(held.discovery));
    assert!(compare(&held, &ours(), &held.jwks).is_empty());
    let hosted = |keys: Value| compare(&held, &ours(), &serde_json::from_value(json!({ "keys": keys })).unwrap()).join("; ");
    let without_old = json!([{ "kid": "now", "x": "2" }, { "kid": "next", "x": "3" }, { "kid": "gone", "x": "0" }]);
    assert_eq!(hosted(without_old), "", "what only verifies need not be there");
    assert_eq!(hosted(json!([{ "kid": "now", "x": "2" }])), "the key next (published) is not hosted");
    assert!(hosted(json!([{ "kid": "now", "x": "9" }, { "kid": "next", "x": "3" }])).contains("other members"));
    let elsewhere = json!({ "issuer": "https://evil.example", "jwks_uri": "https://oidc.example/.well-known/jwks.json" });
    assert!(compare(&held, &discovery(elsewhere), &held.jwks)[0].contains("`issuer`"));
    assert_eq!(compare(&held, &discovery(json!({})), &Jwks::default()).len(), 4, "nothing is there");
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
