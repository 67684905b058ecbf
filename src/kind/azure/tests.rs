use super::*;

const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

#[test]
fn a_use_is_written_as_it_is_read() {
    for what in [
        "https://management.azure.com/.default",
        "api://acme/.default",
        "https://management.core.windows.net//.default",
        FEDERATED,
    ] {
        let text = format!("{CLIENT}/{what}");
        let target = AzureTarget::question(&text).unwrap();
        assert_eq!(target.to_string(), text);
        assert!(AzureTarget::looks_like(&text));
        let body = serde_json::to_value(&target).unwrap();
        assert_eq!(serde_json::from_value::<AzureTarget>(body).unwrap(), target);
    }
    let upper = AzureTarget::question(&format!("{}/{FEDERATED}", CLIENT.replace('1', "A"))).unwrap();
    assert_eq!(upper.to_string(), format!("{}/{FEDERATED}", CLIENT.replace('1', "a")), "Entra does not tell them apart");
}

#[test]
fn a_text_that_does_not_name_exactly_one_resource_is_refused() {
    let long = format!("{CLIENT}/https://{}/.default", "a".repeat(300));
    for text in [
        CLIENT.to_owned(),
        format!("{CLIENT}/"),
        format!("{CLIENT}//.default"),
        format!("{CLIENT}/https://graph.microsoft.com/User.Read"),
        format!("{CLIENT}/http://management.azure.com/.default"),
        format!("{CLIENT}/file://a/.default"),
        format!("{CLIENT}/https://a/.default https://b/.default"),
        format!("{CLIENT}/https://a\n/.default"),
        format!("{CLIENT}/https://a\0/.default"),
        format!("{CLIENT}/https://a\"/.default"),
        format!("{CLIENT}/https://\u{202e}a/.default"),
        format!("{CLIENT}/https://a/.default?x=/.default"),
        format!("{{{CLIENT}}}/https://a/.default"),
        "11111111222233334444555555555555/https://a/.default".to_owned(),
        "contoso.onmicrosoft.com/https://a/.default".to_owned(),
        long,
    ] {
        assert!(AzureTarget::question(&text).is_err() && !AzureTarget::looks_like(&text), "{text}");
    }
}

#[test]
fn a_body_names_application_and_scope_or_nothing() {
    let read = |body: Value| serde_json::from_value::<AzureTarget>(body);
    assert!(read(json!({})).unwrap().is_open());
    assert!(read(json!({ "client_id": CLIENT, "federated_token": true })).is_ok());
    for bad in [
        json!({ "client_id": CLIENT }),
        json!({ "scope": "https://a/.default" }),
        json!({ "client_id": CLIENT, "federated_token": false }),
        json!({ "client_id": CLIENT, "scope": "https://a/.default", "federated_token": true }),
        json!({ "client_id": null, "scope": null }),
        json!({ "client_id": CLIENT, "scope": "https://a/.default", "ttl": "1h" }),
        json!({ "tenant_id": CLIENT }),
    ] {
        let message = read(bad.clone()).unwrap_err().to_string();
        assert!(!message.contains("variant"), "{bad}: {message}");
    }
    for (bad, expected) in [
        (json!({ "client_id": CLIENT }), "either `scope` or `federated_token"),
        (json!({ "scope": "https://a/.default" }), "`client_id` is missing"),
        (json!({ "client_id": CLIENT, "federated_token": false }), "`federated_token` is `true`"),
        (json!({ "client_id": "x", "scope": "https://a/.default" }), "expected a GUID"),
        (json!({ "client_id": CLIENT, "scope": "https://A/.default" }), "write this resource as `https://a/.default`"),
        (json!({ "client_id": CLIENT, "ttl": "1h" }), "unknown field `ttl`"),
    ] {
        let message = read(bad).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

#[test]
fn a_resource_has_one_spelling() {
    let scope = |resource: &str| Scope::parse(&format!("{resource}/.default"));
    let vault = "https://vault.azure.net";
    for other in [
        "HTTPS://vault.azure.net",
        "https://Vault.Azure.Net",
        "https://vault.azure.net:443",
        "https://vault.azure.net.",
        "https://vault.azure.net/x/..",
        "https://vault.azure.net/%2e%2e",
        "https://vault.azure.net/.",
        "https://vault.azure.net///",
        "https://user:word@vault.azure.net",
        "https://vault.azure.net\t",
        "https://ⓥault.azure.net",
    ] {
        assert_eq!(scope(other), Err(ScopeError::Spelling(format!("{vault}/.default"))), "{other}");
    }
    for other in [
        "https://vault.azure.net/a%20b",
        "https://vault.azure.net:0443/x%41",
        "vault.azure.net",
        "urn:vault",
        "//vault.azure.net",
    ] {
        assert!(scope(other).is_err(), "{other}");
    }
    let upper = CLIENT.replace('1', "A");
    assert_eq!(scope(&upper), Err(ScopeError::Spelling(format!("{}/.default", upper.to_lowercase()))));
    assert_eq!(scope("https://münchen.example"), Err(ScopeError::Spelling("https://xn--mnchen-3ya.example/.default".to_owned())));
    for good in
        [vault, "https://vault.azure.net/", "https://acme.com/App/v1.0", "api://acme_app", CLIENT, &format!("api://{CLIENT}/x")]
    {
        assert!(scope(good).is_ok(), "{good}");
    }
    assert!(scope(CLIENT).unwrap().is_by_id() && !scope(vault).unwrap().is_by_id());
    assert!(scope(&format!("api://{CLIENT}/x")).unwrap().is_by_id());
}
