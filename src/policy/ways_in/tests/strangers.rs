//! Issuers that sign for strangers too: which conditions keep them out, in AWS and in Entra.

use super::aws::{of_role, web};
use super::azure::of_credential;
use super::*;

const HOST: &str = "token.actions.githubusercontent.com";

fn provider_at(host: &str) -> String {
    format!("arn:aws:iam::111122223333:oidc-provider/{host}")
}

/// The kind of way in that a statement with this condition is.
fn kind(provider: &str, condition: &Value) -> String {
    let found = of_role(&json!([web(provider, condition)]));
    let other = found.iter().find(|one| !one.starts_with("Missing")).unwrap_or_else(|| panic!("{condition}: {found:#?}"));
    other.split(':').next().unwrap().to_owned()
}

fn key(host: &str, claim: &str, value: &Value) -> Value {
    json!({ format!("{host}:{claim}"): value })
}

#[test]
fn a_pattern_binds_where_it_pins_a_whole_name() {
    let of = |operator: &str, claim: &str, value: Value| kind(GITHUB, &json!({ operator: key(HOST, claim, &value) }));
    for pattern in [
        "*",
        "r*",
        "repo*",
        "repo:*",
        "rep?:*",
        "repo:a*",
        "repo:acme*",
        "repo:?cme/shop:*",
        "repo:/*",
        "${foo}",
        "repo:${foo}/x",
        "repo:acm${foo}/x",
        "*acme/shop*",
        "",
        "environment:prod",
        "ref:refs/heads/main",
        "repository_visibility:public",
        "job_workflow_ref:acme/ci/.github/workflows/a.yml@refs/heads/main",
        "acme/shop",
    ] {
        assert_eq!(of("StringLike", "sub", json!(pattern)), "Anybody", "{pattern}");
        assert_eq!(of("StringLike", "sub", json!(["repo:acme/shop:*", pattern])), "Anybody", "{pattern}");
    }
    for pattern in ["environment:prod", "repo:acme*", "repo:*/x", "${foo}", ""] {
        assert_eq!(of("StringEquals", "sub", json!(pattern)), "Anybody", "{pattern}");
    }
    for pattern in [
        "repo:acme/*",
        "repo:acme/sh?p:*",
        "repo:acme@*/shop@*:*",
        "repository_owner:acme:*",
        "repository_id:7:*",
        "repository_owner:acme",
    ] {
        assert_eq!(of("StringLike", "sub", json!(pattern)), "Others", "{pattern}");
    }
    for (claim, value, expected) in [
        ("ref", "refs/heads/main", "Anybody"),
        ("environment", "prod", "Anybody"),
        ("repository_visibility", "public", "Anybody"),
        ("actor", "lea", "Anybody"),
        ("job_workflow_ref", "acme/ci/.github/workflows/a.yml@refs/heads/main", "Anybody"),
        ("aud", "sts.amazonaws.com", "Anybody"),
        ("repository_owner", "acme*", "Anybody"),
        ("repository_owner_id", "12*", "Anybody"),
        ("repository", "acme*", "Anybody"),
        ("repository", "acme/*", "Others"),
        ("repository_owner", "acme", "Others"),
        ("REPOSITORY_OWNER_ID", "12", "Others"),
    ] {
        assert_eq!(of("StringLike", claim, json!(value)), expected, "{claim} {value}");
    }
    for operator in ["StringNotEquals", "StringLikeIfExists", "ForAllValues:StringLike", "Null", "ArnLike"] {
        assert_eq!(of(operator, "sub", json!("repo:acme/shop:*")), "Anybody", "{operator}");
    }
    assert_eq!(of("StringEquals", "sub", json!([])), "Anybody");
    assert_eq!(of("StringEqualsIgnoreCase", "sub", json!("repo:Acme/shop:ref:refs/heads/main")), "Others");
    let capitals = provider_at("Token.Actions.GitHubUserContent.com");
    assert_eq!(kind(&capitals, &json!({ "StringLike": key(HOST, "sub", &json!("repo:*")) })), "Anybody");
    // The issuer of one enterprise has no other tenants, so a visibility keeps strangers out there.
    let (acme, visibility) = (format!("{HOST}/acme"), json!("private"));
    let condition = json!({ "StringEquals": key(&acme, "repository_visibility", &visibility) });
    assert_eq!(kind(&provider_at(&acme), &condition), "Others");
}

/// Nobody can list the issuers that sign for strangers.
#[test]
fn a_trust_that_asks_nothing_of_the_claims_lets_in_anybody() {
    for host in [
        "login.microsoftonline.com/common/v2.0",
        "api.pulumi.com/oidc",
        "oidc.cirrus-ci.com",
        "securetoken.google.com/acme",
        "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a",
        "token.actions.githubusercontent.com/acme",
        "gitlab.acme.com",
    ] {
        let provider = provider_at(host);
        let aud = key(host, "aud", &json!("sts.amazonaws.com"));
        let sub = |value: Value| key(host, "sub", &value);
        for condition in [
            json!({}),
            json!({ "StringEquals": aud }),
            json!({ "StringEquals": key(host, "amr", &json!("pwd")) }),
            json!({ "StringEquals": { "aws:SourceVpc": "vpc-1", "sts:RoleSessionName": "x" } }),
            json!({ "StringEquals": key("another.example", "sub", &json!("x")) }),
            json!({ "StringEquals": aud, "StringLike": sub(json!("*")) }),
            json!({ "StringLike": sub(json!("?*")) }),
            json!({ "StringLike": sub(json!(["acme", "*"])) }),
            json!({ "StringLike": sub(json!("${aws:PrincipalTag/x}")) }),
            json!({ "StringEquals": sub(json!([])) }),
            json!({ "StringEqualsIfExists": sub(json!("acme")) }),
            json!({ "ForAllValues:StringEquals": sub(json!("acme")) }),
            json!({ "StringNotLike": sub(json!("evil/*")) }),
            json!({ "Null": sub(json!("false")) }),
        ] {
            assert_eq!(kind(&provider, &condition), "Anybody", "{host} {condition}");
        }
        for condition in [
            json!({ "StringEquals": aud, "StringLike": sub(json!("acme/*")) }),
            json!({ "StringLike": sub(json!("*:acme")) }),
            json!({ "StringEquals": key(host, "department", &json!("ops")) }),
        ] {
            assert_eq!(kind(&provider, &condition), "Others", "{host} {condition}");
        }
        let issuer = format!("https://{host}");
        let entra = |expression: &str| {
            let expression = json!({ "value": expression, "languageVersion": 1 });
            of_credential(&json!({ "issuer": issuer, "subject": null, "claimsMatchingExpression": expression }))
        };
        has(&entra("claims['sub'] matches '*'"), &["Anybody: ", host]);
        has(&entra("claims['aud'] eq 'x'"), &["Anybody: ", host]);
        has(&entra("claims['sub'] matches 'acme/*'"), &["Others: ", host]);
        has(&entra("claims['sub'] matches 'acme/*' or claims['sub'] matches '*'"), &["NotUnderstood: ", host]);
    }
}

#[test]
fn issuers_that_mappings_call_shared_are() {
    for name in crate::identity::Mapping::built_in_names() {
        for issuer in crate::identity::Mapping::built_in(name).unwrap().shared_issuers() {
            let host = issuer.strip_prefix("https://").unwrap();
            let provider = provider_at(host);
            assert_eq!(kind(&provider, &json!({})), "Anybody", "{name}");
            assert_eq!(kind(&provider, &json!({ "StringLike": key(host, "sub", &json!("*")) })), "Anybody", "{name}");
        }
    }
    for (host, sub, expected) in [
        ("gitlab.com", "project_path:acme/*", "Others"),
        ("gitlab.com", "project_path:acme*", "Anybody"),
        ("codeberg.org/api/actions", "repo:acme/shop:*", "Others"),
        ("codeberg.org/api/actions", "repo:acm*/shop:*", "Anybody"),
        ("oidc.codefresh.io", "account:64f:pipeline:*", "Others"),
        ("oidc.codefresh.io", "account:64f*", "Anybody"),
        ("app.terraform.io", "organization:acme:project:*", "Others"),
        ("app.terraform.io", "organization:acme*", "Anybody"),
        ("agent.buildkite.com", "organization:acme:pipeline:*", "Others"),
        ("agent.buildkite.com", "organization:acm?:pipeline:*", "Anybody"),
        ("oidc.circleci.com", "org/0f6a/project/*", "Others"),
        ("oidc.circleci.com", "org/0f6a*", "Anybody"),
        ("oidc.vercel.com", "owner:acme:project:*", "Others"),
        ("oidc.vercel.com", "owner:acm*", "Anybody"),
    ] {
        assert_eq!(kind(&provider_at(host), &json!({ "StringLike": key(host, "sub", &json!(sub)) })), expected, "{host} {sub}");
    }
}

#[test]
fn guests_and_users_of_any_pool_are_anybody() {
    let cognito = "cognito-identity.amazonaws.com";
    let of = |aud: &[&str], amr: &[&str]| {
        let amr = json!({ format!("{cognito}:amr"): amr });
        let mut condition = json!({ "ForAnyValue:StringLike": amr });
        if !aud.is_empty() {
            condition["StringEquals"] = json!({ format!("{cognito}:aud"): aud });
        }
        kind(cognito, &condition)
    };
    assert_eq!(of(&[], &["unauthenticated"]), "Anybody");
    assert_eq!(of(&[], &["authenticated"]), "Anybody");
    assert_eq!(of(&["eu-west-1:pool"], &["unauthenticated"]), "Anybody");
    assert_eq!(of(&["eu-west-1:pool"], &["*"]), "Anybody");
    assert_eq!(of(&["eu-west-1:pool"], &["authenticated"]), "Others");
    for (host, claim, expected) in [
        ("accounts.google.com", "aud", "Anybody"),
        ("accounts.google.com", "email", "Anybody"),
        ("accounts.google.com", "sub", "Others"),
        ("graph.facebook.com", "app_id", "Anybody"),
        ("graph.facebook.com", "id", "Others"),
        ("www.amazon.com", "app_id", "Anybody"),
        ("www.amazon.com", "user_id", "Others"),
    ] {
        assert_eq!(kind(host, &json!({ "StringEquals": key(host, claim, &json!("1234")) })), expected, "{host} {claim}");
    }
}

#[test]
fn strangers_are_reported_in_entra_too() {
    let github = "https://token.actions.githubusercontent.com";
    let of = |subject: Value, expression: Option<&str>| {
        let expression = expression.map(|text| json!({ "value": text, "languageVersion": 1 }));
        of_credential(&json!({ "issuer": github, "subject": subject, "claimsMatchingExpression": expression }))
    };
    for (subject, expression) in [
        (Value::Null, "claims['sub'] matches '*'"),
        (json!(""), "claims['sub'] matches '*'"),
        (json!(""), "claims['sub'] matches 'repo:a*'"),
        (json!(""), "claims['repository_visibility'] eq 'public'"),
        (json!(""), "claims['sub'] matches 'repo:acme/*' or claims['sub'] matches '*'"),
        (json!("environment:prod"), "claims['sub'] matches '*'"),
    ] {
        has(&of(subject, Some(expression)), &["Anybody: GitHub Actions directly", expression]);
    }
    has(&of(json!("environment:prod"), None), &["Anybody: GitHub Actions directly", "environment:prod"]);
    has(&of(json!(""), Some("claims['sub'] matches 'repo:acme/*'")), &["Others: GitHub Actions", "repo:acme/*"]);
    let both = "claims['sub'] matches '*' and claims['repository_owner'] eq 'acme'";
    has(&of(Value::Null, Some(both)), &["Others: GitHub Actions", both]);
    has(&of(json!("repo:acme/shop:ref:refs/heads/main"), None), &["Others: GitHub Actions directly"]);
    has(&of(json!(""), None), &["NotUnderstood: GitHub Actions directly", "nobody can tell whom"]);
}
