use crate::policy::import::tests::{body, only};
use crate::policy::import::{Exported, ImportSettings, Imported, import_export};
use serde_json::{Value, json};

const POOL: &str = "projects/123456/locations/global/workloadIdentityPools/ci";
const ACCOUNT: &str = "service-accounts/deploy@acme-prod.iam.gserviceaccount.com.json";

fn file(path: &str, content: &Value) -> Exported {
    Exported { path: path.to_owned(), bytes: content.to_string().into_bytes() }
}

/// A provider for GitHub's tokens, with these members replaced.
fn provider(members: &Value) -> Value {
    let mut provider = json!({
        "name": format!("{POOL}/providers/github"), "state": "ACTIVE", "displayName": "GitHub",
        "oidc": { "issuerUri": "https://token.actions.githubusercontent.com" },
        "attributeMapping": { "google.subject": "assertion.sub", "attribute.repository": "assertion.repository", "attribute.owner": "assertion['repository_owner']" },
        "attributeCondition": "attribute.owner == 'acme'",
    });
    provider.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    provider
}

fn policy(role: &str, member: &str) -> Value {
    json!({ "bindings": [{ "role": role, "members": [member, "user:lea@acme.com"] }], "etag": "x", "version": 1 })
}

fn member(rest: &str) -> String {
    format!("{}//iam.googleapis.com/{POOL}/{rest}", if rest.starts_with("subject/") { "principal:" } else { "principalSet:" })
}

fn imported(members: &Value, rest: &str) -> Result<Imported, String> {
    let account = policy("roles/iam.workloadIdentityUser", &member(rest));
    let mut found =
        import_export(&[file("providers/github.json", &provider(members)), file(ACCOUNT, &account)], &ImportSettings::default());
    // If the provider is refused, so is each of its members.
    found.truncate(1);
    only(found)
}

#[test]
fn a_member_of_an_account_becomes_a_policy() {
    let found = imported(&json!({}), "attribute.repository/acme/shop").unwrap();
    assert_eq!(found.file, "policies/gcp/deploy.yaml");
    let expected = ["match:", "repository: acme/shop", "owner: acme", "event: [push, manual]", "claims:"];
    assert_eq!(body(&found)[..5], expected, "{}", found.yaml);
    assert!(
        found.yaml.ends_with("grant:\n  gcp: [{ service_account: deploy@acme-prod.iam.gserviceaccount.com }]\n"),
        "{}",
        found.yaml
    );
    let notes = found.notes.join("\n");
    assert!(
        notes.contains("127 bytes") && notes.contains("the audience is left out") && notes.contains("gcp bootstrap"),
        "{notes}"
    );
    let whole = imported(
        &json!({ "attributeCondition": "assertion.sub.startsWith('repo:acme/shop:') && attribute.owner in ['acme', 'b']" }),
        "*",
    )
    .unwrap();
    assert!(whole.yaml.contains("/sub: \"repo:acme/shop:**\""), "{}", whole.yaml);
    let subject = imported(&json!({ "attributeCondition": null }), "subject/repo:acme/shop:ref:refs/heads/main").unwrap();
    assert!(
        subject.yaml.contains("/sub: \"repo:acme/shop:ref:refs/heads/main\"") && subject.yaml.contains("/repository: \"**\""),
        "{}",
        subject.yaml
    );
}

#[test]
fn what_no_policy_expresses_is_refused_by_its_name() {
    for (members, rest, reason) in [
        (json!({ "attributeCondition": "assertion.ref != 'x'" }), "*", "`attributeCondition`: `!=` is not imported"),
        (
            json!({ "attributeCondition": "attribute.team == 'x'" }),
            "*",
            "`attribute.team`, which `attributeMapping` does not have",
        ),
        (
            json!({ "attributeMapping": { "google.subject": "assertion.sub.extract('{x}')" } }),
            "*",
            "`attributeMapping, google.subject`: `(`",
        ),
        (json!({ "attributeMapping": { "google.subject": "'x'" } }), "*", "expected a claim"),
        (json!({ "attributeMapping": { "attribute.a": "assertion.a" } }), "*", "`google.subject` is missing"),
        (
            json!({ "attributeMapping": { "google.subject": "assertion.sub", "google.groups": "assertion.groups" } }),
            "*",
            "`google.groups` is a list",
        ),
        (json!({ "disabled": true }), "*", "`state`: it is disabled"),
        (json!({ "state": "DELETED" }), "*", "`state`: it is disabled"),
        (json!({ "oidc": null, "aws": {} }), "*", "`aws` is not known here"),
        (json!({ "oidc": null }), "*", "`oidc`: it is missing"),
        (json!({ "x509": {} }), "*", "`x509` is not known here"),
        (json!({ "attributeCondition": null }), "*", "shared by tenants"),
        (json!({}), "group/x", "a group is one of a list"),
        (json!({}), "attribute.team/x", "`attribute.team`, which `attributeMapping` does not have"),
        (json!({}), "attribute.repository/acme%2Fshop", "`%` may be an escape"),
        (json!({}), "attribute.owner/other", "exclude each other"),
        (json!({}), "subject/repo:a*", "is always a wildcard"),
    ] {
        let found = imported(&members, rest);
        let refused = found.expect_err(&members.to_string());
        assert!(refused.contains(reason), "{members} {rest}: {refused}");
    }
}

#[test]
fn members_and_providers_that_are_not_imported_are_reported() {
    let all = |account: &Value| {
        let found = import_export(
            &[file("providers/github.json", &provider(&json!({}))), file(ACCOUNT, account)],
            &ImportSettings::default(),
        );
        found.into_iter().filter_map(Result::err).map(|one| one.reason).collect::<Vec<_>>().join("\n")
    };
    let repository = member("attribute.repository/acme/shop");
    let reasons = all(&policy("roles/editor", &repository));
    assert!(reasons.contains("its role is neither") && !reasons.contains("names its pool"), "{reasons}");
    let mut conditional = policy("roles/iam.workloadIdentityUser", &repository);
    conditional["bindings"][0]["condition"] = json!({ "expression": "request.time < timestamp('2027-01-01')" });
    assert!(all(&conditional).contains("a condition of IAM's own"));
    let elsewhere = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/other/*";
    let reasons = all(&policy("roles/iam.workloadIdentityUser", elsewhere));
    assert!(
        reasons.contains("no provider of its pool is imported")
            && reasons.contains("no file below service-accounts/ names its pool"),
        "{reasons}"
    );
    assert!(all(&json!({ "bindings": [] })).contains("no member of a workload identity pool"));
    assert!(all(&json!({ "bindings": [], "new": 1 })).contains("`new` is not known here"));
    let cut = Exported { path: ACCOUNT.to_owned(), bytes: b"{\"bindings\": [{".to_vec() };
    assert!(import_export(&[cut], &ImportSettings::default())[0].as_ref().unwrap_err().reason.contains("was it cut?"));
}
