//! Applications of Entra.

use super::*;

pub(super) fn azure() -> GrantedInClouds {
    GrantedInClouds { applications: BTreeMap::from([(Guid::parse(CLIENT).unwrap(), subjects())]), ..granted() }
}

fn credential(members: &Value) -> Value {
    let mut one = json!({ "name": "x", "issuer": "https://oidc.acme.com", "subject": SUBJECT, "audiences": ["api://AzureADTokenExchange"], "description": "", "id": "1" });
    one.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    one
}

/// What `az ad app show` prints of the application.
pub(super) fn application(secrets: &Value, keys: &Value) -> Value {
    json!({ "appId": CLIENT, "displayName": "shop", "identifierUris": [], "publisherDomain": "acme.com", "signInAudience": "AzureADMyOrg",
        "passwordCredentials": secrets, "keyCredentials": keys })
}

/// What `az ad sp show` prints of it.
pub(super) fn principal(secrets: &Value) -> Value {
    json!({ "appId": CLIENT, "displayName": "shop", "servicePrincipalType": "Application", "servicePrincipalNames": [CLIENT],
        "signInAudience": "AzureADMyOrg", "passwordCredentials": secrets, "keyCredentials": [] })
}

/// What is reported of the application with one more federated credential.
pub(super) fn of_credential(members: &Value) -> Vec<String> {
    let (bare, principal) = (application(&json!([]), &json!([])), principal(&json!([])));
    let name = format!("{CLIENT}.json");
    let federated = json!([credential(&json!({})), credential(members)]);
    describe(&[export(&name, &federated), export("app.json", &bare), export("sp.json", &principal)], &azure())
}

#[test]
fn whoever_else_uses_an_application_is_reported() {
    let name = format!("{CLIENT}.json");
    let ours = credential(&json!({}));
    assert_eq!(
        of_credential(&json!({})),
        ["Ours: daypass, for exactly root/shop/deploy", "Ours: it has no secret and no certificate that counts"]
    );
    for (members, parts) in [
        (
            json!({ "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:acme/shop:ref:refs/heads/main" }),
            &["Others: GitHub Actions directly", "repo:acme/shop"][..],
        ),
        (
            json!({ "issuer": "https://gitlab.com", "subject": null, "claimsMatchingExpression": { "value": "claims['sub'] matches 'project_path:acme/*'", "languageVersion": 1 } }),
            &["Others: GitLab.com directly", "claims['sub']"],
        ),
        (json!({ "issuer": "https://vault.acme.com/v1/identity/oidc/plugins" }), &["Others: Vault or OpenBao"]),
        (
            json!({ "subject": null, "claimsMatchingExpression": { "value": "claims['sub'] matches '*'", "languageVersion": 1 } }),
            &["NotUnderstood: it may let in more of daypass"],
        ),
        (json!({ "subject": "root/old" }), &["Others: daypass for the subject root/old"]),
        (json!({ "issuer": null }), &["NotUnderstood: it may let others in"]),
        (json!({ "audiences": ["api://other"] }), &["Missing: it takes daypass", "another audience"]),
    ] {
        has(&of_credential(&members), parts);
    }
    let secret = json!({ "keyId": "s1", "endDateTime": "2028-01-01T00:00:00Z" });
    let ended = json!({ "keyId": "s2", "endDateTime": "2020-01-01T00:00:00Z" });
    let with = application(&json!([secret, ended]), &json!([{ "keyId": "c1", "type": "AsymmetricX509Cert" }]));
    let found = describe(&[export(&name, &json!({ "value": [ours] })), export("app.json", &json!([with]))], &azure());
    has(&found, &["Others: whoever has one of client secret s1 until 2028", "certificate c1"]);
    assert!(!found.iter().any(|one| one.contains("s2")), "{found:#?}");
}
