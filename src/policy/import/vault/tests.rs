use crate::policy::import::tests::{body, only};
use crate::policy::import::{Exported, ImportSettings, Imported, import_export};
use serde_json::{Value, json};

fn answer(data: &Value) -> String {
    json!({ "request_id": "x", "lease_id": "", "renewable": false, "data": data, "warnings": null }).to_string()
}

fn file(path: &str, text: &str) -> Exported {
    Exported { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

/// A role for GitLab's tokens, with these members replaced.
fn role(members: &Value) -> Value {
    let mut role = json!({
        "role_type": "jwt", "user_claim": "project_path", "bound_audiences": ["https://vault.acme.com"], "bound_subject": "",
        "bound_claims_type": "glob", "bound_claims": { "project_path": "acme/shop", "ref": "release-*", "ref_type": "branch" },
        "token_policies": ["Shop"], "token_ttl": 0, "token_bound_cidrs": [], "groups_claim": "", "claim_mappings": null,
    });
    role.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    role
}

const SHOP: &str =
    "path \"secret/data/shop/*\" { capabilities = [\"read\"] }\npath \"pki/issue/web\" { capabilities = [\"update\"] }\n";

fn export(role: &str, policy: &str) -> Vec<Exported> {
    let config = json!({ "bound_issuer": "https://gitlab.com", "oidc_discovery_url": "https://gitlab.com", "provider_config": {}, "status": "valid" });
    vec![
        file("auth/gitlab/config.json", &answer(&config)),
        file("auth/gitlab/role/shop-deploy.json", role),
        file("policies/default.hcl", "path \"auth/token/lookup-self\" { capabilities = [\"read\"] }"),
        file("policies/shop.hcl", policy),
    ]
}

fn imported(members: &Value, policy: &str) -> Result<Imported, String> {
    only(import_export(&export(&answer(&role(members)), policy), &ImportSettings::default()))
}

#[test]
fn a_role_becomes_a_policy_of_its_name() {
    let imported = imported(&json!({ "token_ttl": 900 }), SHOP).unwrap();
    assert_eq!(imported.file, "policies/shop-deploy.yaml");
    let expected = [
        "match:",
        "repository: acme/shop",
        "event: [push, manual]",
        "claims:",
        "/project_path: acme/shop",
        "/ref: release-*",
        "/ref_type: branch",
    ];
    assert_eq!(body(&imported), expected, "{}", imported.yaml);
    assert!(imported.yaml.ends_with("grant:\n  secrets: [shop/**]\n"), "{}", imported.yaml);
    let notes = imported.notes.join("\n");
    for note in [
        "the audience is left out",
        "`secret/data/NAME` is taken for `secrets/NAME.yaml`",
        "`pki/issue/web` is left out",
        "`token_ttl` is left out",
        "entities and groups",
    ] {
        assert!(notes.contains(note), "{note}: {notes}");
    }
    assert!(!notes.contains("lookup-self"), "{notes}");
}

#[test]
fn a_role_that_says_more_than_a_policy_is_refused_by_its_field() {
    for (members, reason) in [
        (json!({ "role_type": "oidc" }), "`role_type`: a login in a browser"),
        (json!({ "bound_audiences": [] }), "`bound_audiences`: it is empty"),
        (json!({ "bound_claims": { "aud": "x" } }), "`bound_audiences`: it alone is bound"),
        (json!({ "bound_claims": null }), "`bound_audiences`: it alone is bound"),
        (json!({ "bound_audiences": "a" }), "`bound_audiences`: expected a list of texts"),
        (json!({ "token_bound_cidrs": ["10.0.0.0/8"] }), "`token_bound_cidrs`: no policy says from where"),
        (json!({ "bound_cidrs": ["10.0.0.0/8"] }), "`bound_cidrs`: no policy says from where"),
        (json!({ "groups_claim": "groups" }), "`groups_claim`"),
        (json!({ "token_policies_template_claims": true }), "`token_policies_template_claims`"),
        (json!({ "max_age": 60 }), "`max_age`"),
        (json!({ "user_claim": "" }), "`user_claim`: it is missing"),
        (json!({ "token_policies": ["root"] }), "`root` grants everything"),
        (json!({ "token_policies": ["gone"] }), "policies/gone.hcl is missing: `vault policy read gone`"),
        (json!({ "policies": ["other"] }), "`policies`: it differs from"),
        (json!({ "bound_claims_type": "regex" }), "`bound_claims_type`: expected string or glob"),
        (json!({ "bound_ip": "10.0.0.1" }), "`bound_ip` is not known here"),
        (json!({ "bound_claims": { "ref": [] } }), "`bound_claims`, ref: no value"),
        (json!({ "bound_claims": { "ref": 7 } }), "`bound_claims`, ref: expected texts"),
        (json!({ "bound_claims": { "ref": { "a": 1 } } }), "`bound_claims`, ref: expected texts"),
        (json!({ "bound_claims": { "ref": "" } }), "`bound_claims`, ref: the empty text"),
        (json!({ "bound_claims": { "/a~": "x" } }), "no JSON pointer"),
        (json!({ "bound_claims": "a" }), "`bound_claims`: expected an object"),
        (json!({ "bound_claims_type": "string" }), "`*` is always a wildcard here"),
        (json!({ "bound_claims_type": "string", "bound_claims": { "x": 1.5 } }), "cuts off"),
        (json!({ "bound_claims_type": "string", "bound_claims": { "x": 9_007_199_254_740_993_i64 } }), "cuts off"),
        (json!({ "bound_claims": { "project_path": "acme/shop", "/project_path": "acme/web" } }), "exclude each other"),
        (json!({ "bound_claims": { "ref": "main" } }), "shared by tenants"),
    ] {
        let refused = imported(&members, SHOP).expect_err(&members.to_string());
        assert!(refused.contains(reason), "{members}: {refused}");
    }
}

#[test]
fn policies_that_no_list_of_documents_expresses_are_refused_by_their_path() {
    let read = |path: &str| format!("path \"{path}\" {{ capabilities = [\"read\"] }}\n");
    let deny = |path: &str| format!("path \"{path}\" {{ capabilities = [\"read\", \"deny\"] }}\n");
    for (policy, reason) in [
        (read("secret/data/shop/*") + &deny("secret/data/shop/private/*"), "`secret/data/shop/private/*` counts before it"),
        (read("secret/data/shop/*") + "path \"secret/data/shop/x\" { capabilities = [\"list\"] }", "`secret/data/shop/x` counts"),
        (read("secret/data/+/*") + &deny("secret/data/shop/*"), "counts before it"),
        (read("secret/data/shop/*") + &deny("secret/data/shop/*"), "let nothing be read below `secret/data/`"),
        (read("kv/data/shop/*"), "let nothing be read below `secret/data/`"),
        (read("secret/data/{{identity.entity.name}}/*"), "is filled in from who logs in"),
        (read("secret/data/shop/*") + &read("{{identity.entity.name}}/*"), "is filled in"),
        (read("secret/data/*/db"), "no document here is called `*`"),
        (read("secret/data/.hidden"), "no document here is called `.hidden`"),
        (
            "path \"secret/data/shop/*\" { capabilities = [\"read\"] required_parameters = [\"version\"] }".to_owned(),
            "`required_parameters` restricts it",
        ),
        ("path \"secret/data/shop/*\" { capabilities = [\"read\"".to_owned(), "policies/shop.hcl: line 1: the policy ends here"),
    ] {
        let refused = imported(&json!({}), &policy).expect_err(&policy);
        assert!(refused.contains(reason), "{policy}: {refused}");
    }
    let apart = read("secret/data/shop/*") + &deny("secret/data/web/*") + &deny("secret/data/+/db*");
    assert!(imported(&json!({}), &apart).is_ok(), "a rule that covers other documents, or has a lower rank, takes nothing away");
}

#[test]
fn an_export_that_was_cut_or_holds_more_is_refused_with_its_file() {
    let whole = answer(&role(&json!({})));
    let refused = |files: &[Exported]| {
        let found = import_export(files, &ImportSettings::default());
        found
            .into_iter()
            .filter_map(Result::err)
            .map(|one| format!("{}: {}", one.original, one.reason))
            .collect::<Vec<_>>()
            .join("\n")
    };
    for length in 0..whole.len() {
        assert!(!refused(&export(&whole[..length], SHOP)).is_empty(), "{length}");
    }
    assert!(refused(&export(&whole[..60], SHOP)).contains("auth/gitlab/role/shop-deploy.json: EOF"));
    assert!(refused(&export(&role(&json!({})).to_string(), SHOP)).contains("expected what `vault read -format=json` prints"));
    let without = |path: &str| export(&whole, SHOP).into_iter().filter(|file| file.path != path).collect::<Vec<_>>();
    assert!(refused(&without("auth/gitlab/config.json")).contains("`vault read -format=json auth/gitlab/config` prints it"));
    assert!(refused(&without("policies/default.hcl")).contains("`vault policy read default` prints it"));
    assert!(refused(&without("auth/gitlab/role/shop-deploy.json")).contains("auth/gitlab/role/NAME.json is missing"));
    let mut twice = export(&whole, SHOP);
    twice.push(file("policies/SHOP.hcl", ""));
    assert!(refused(&twice).starts_with("policies/SHOP.hcl: nothing reads this file"));
    let mut more = export(&whole, SHOP);
    more.push(file("policies/shop.txt", "x"));
    assert!(refused(&more).starts_with("policies/shop.txt: nothing reads this file"));
    for (config, reason) in [
        (json!({ "bound_issuer": "", "jwks_url": "https://x" }), "`bound_issuer`: it is empty"),
        (json!({ "bound_issuer": "https://gitlab.com", "provider_config": { "provider": "gsuite" } }), "`provider_config`"),
        (json!({ "bound_issuer": "https://gitlab.com", "new": 1 }), "`new` is not known here"),
    ] {
        let mut files = export(&whole, SHOP);
        files[0] = file("auth/gitlab/config.json", &answer(&config));
        assert!(refused(&files).contains(reason), "{config}: {}", refused(&files));
    }
}
