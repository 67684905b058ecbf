use crate::kind::Scope;
use crate::policy::import::tests::{body, only};
use crate::policy::import::{Exported, ImportSettings, Imported, import_export};
use serde_json::{Value, json};

const FILE: &str = "applications/11111111-2222-3333-4444-555555555555.json";

fn read(content: &str, settings: &ImportSettings<'_>) -> Result<Imported, String> {
    only(import_export(&[Exported { path: FILE.to_owned(), bytes: content.as_bytes().to_vec() }], settings))
}

/// A credential for GitHub's tokens, with these members replaced.
fn imported(members: &Value) -> Result<Imported, String> {
    let mut credential = json!({
        "audiences": ["api://AzureADTokenExchange"], "description": "CI", "id": "x", "name": "shop-main",
        "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:acme/shop:ref:refs/heads/main",
    });
    credential.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    read(&json!([credential]).to_string(), &ImportSettings::default())
}

fn flexible(text: &str) -> Value {
    json!({ "subject": null, "claimsMatchingExpression": { "value": text, "languageVersion": 1 } })
}

#[test]
fn a_credential_becomes_a_policy_for_a_scope_that_is_chosen() {
    let found = imported(&json!({})).unwrap();
    assert_eq!(found.file, "policies/azure/shop-main.yaml");
    let expected = [
        "match:",
        "repository: acme/shop",
        "ref: refs/heads/main",
        "event: [push, manual]",
        "claims:",
        "/sub: \"repo:acme/shop:ref:refs/heads/main\"",
    ];
    assert_eq!(body(&found), expected);
    assert!(found.yaml.contains("# azure: [{ client_id: \"11111111-"), "{}", found.yaml);
    let settings =
        ImportSettings { scope: Scope::parse("https://management.azure.com/.default").ok(), ..ImportSettings::default() };
    let one = json!([{ "name": "a", "issuer": "https://gitlab.com", "subject": "project_path:g/p:ref_type:branch:ref:main", "audiences": ["x"] }]);
    let chosen = read(&one.to_string(), &settings).unwrap();
    let grant = "grant:\n  azure: [{ client_id: \"11111111-2222-3333-4444-555555555555\", scope: \"https://management.azure.com/.default\" }]\n";
    assert!(chosen.yaml.ends_with(grant), "{}", chosen.yaml);
}

#[test]
fn flexible_credentials_are_read_where_they_are_simple() {
    let found = imported(&flexible("claims['sub'] matches 'repo:acme/shop:ref:refs/heads/*' and claims['job_workflow_ref'] eq 'acme/ci/.github/workflows/a.yml@refs/heads/main'")).unwrap();
    assert!(
        found.yaml.contains("/sub: \"repo:acme/shop:ref:refs/heads/**\"")
            && found.yaml.contains("workflow: acme/ci/.github/workflows/a.yml@refs/heads/main\n"),
        "{}",
        found.yaml
    );
    for (members, reason) in [
        (flexible("claims['sub'] matches 'repo:acme/sho?:*'"), "no pattern expresses `?`"),
        (flexible("claims['sub'] eq 'a' or claims['sub'] eq 'b'"), "expected claims['NAME'] eq"),
        (flexible("claims['sub'] startsWith 'a'"), "expected claims['NAME'] eq"),
        (flexible("claims['sub'] eq 'a"), "expected claims['NAME'] eq"),
        (flexible("claims['sub'] eq 'a\\'b'"), "expected claims['NAME'] eq"),
        (json!({ "claimsMatchingExpression": { "value": "claims['sub'] eq 'a'", "languageVersion": 1 } }), "it stands beside"),
        (
            json!({ "subject": null, "claimsMatchingExpression": { "value": "claims['sub'] eq 'a'", "languageVersion": 2 } }),
            "`languageVersion: 1`",
        ),
        (json!({ "subject": null }), "`subject`: it is missing"),
        (json!({ "subject": "repo:acme/*" }), "is always a wildcard"),
        (json!({ "audiences": [] }), "`audiences`: it is empty"),
        (json!({ "trustedSubjects": [] }), "`trustedSubjects` is not known here"),
        (json!({ "issuer": "http://x" }), "the issuer `http://x`"),
    ] {
        let refused = imported(&members).expect_err(&members.to_string());
        assert!(refused.contains(reason), "{members}: {refused}");
    }
    assert!(read("[{\"issuer\"", &ImportSettings::default()).unwrap_err().contains("was it cut?"));
    assert!(read("[]", &ImportSettings::default()).unwrap_err().contains("the list is empty"));
    assert!(read("{}", &ImportSettings::default()).unwrap_err().contains("a list of credentials"));
    let shop = Exported { path: "applications/shop.json".to_owned(), bytes: b"[]".to_vec() };
    assert!(import_export(&[shop], &ImportSettings::default())[0].as_ref().unwrap_err().reason.contains("client id"));
}
