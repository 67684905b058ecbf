use super::super::tests::{body, only};
use super::super::{ImportSettings, Imported, NotImported, import};
use crate::words::names::RoleArn;
use serde_json::{Value, json};

const GITHUB: &str = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
const ROLE: &str = "arn:aws:iam::123456789012:role/shop-deploy";

fn all(document: &Value) -> Vec<Result<Imported, NotImported>> {
    let settings = ImportSettings { role: Some(RoleArn::parse(ROLE).unwrap()), ..ImportSettings::default() };
    import("shop-deploy.json", document.to_string().as_bytes(), &settings)
}

fn statement(condition: &Value) -> Value {
    json!({ "Effect": "Allow", "Principal": { "Federated": GITHUB }, "Action": super::ACTION, "Condition": condition })
}

fn github(condition: &Value) -> Result<Imported, String> {
    only(all(&json!({ "Version": "2012-10-17", "Statement": [statement(condition)] })))
}

/// A condition on `sub` alone.
fn subject(operator: &str, subject: &str) -> Value {
    json!({ operator: { "token.actions.githubusercontent.com:sub": subject } })
}

#[test]
fn a_role_becomes_a_policy_that_grants_it() {
    let imported = github(&json!({
        "StringEquals": { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
        "StringLike": { "token.actions.githubusercontent.com:sub": ["repo:acme/shop:ref:refs/heads/*", "repo:acme/shop:environment:prod"] },
        "ForAnyValue:StringEquals": { "token.actions.githubusercontent.com:repository_owner_id": "9" },
    }))
    .unwrap();
    assert_eq!(imported.file, "policies/aws/shop-deploy.yaml");
    let expected = [
        "match:",
        "repository: acme/shop",
        "owner: acme@9",
        "event: [push, manual]",
        "claims:",
        "/sub: [\"repo:acme/shop:ref:refs/heads/**\", \"repo:acme/shop:environment:prod\"]",
    ];
    assert_eq!(body(&imported), expected);
    assert!(imported.yaml.ends_with(&format!("grant:\n  aws: [{{ role: \"{ROLE}\" }}]\n")), "{}", imported.yaml);
    let notes = imported.notes.join("\n");
    assert!(notes.contains("the audience is left out") && notes.contains("trust daypass's own issuer"), "{notes}");
}

#[test]
fn what_a_policy_would_widen_is_refused() {
    let key = "token.actions.githubusercontent.com:sub";
    for (condition, reason) in [
        (json!({}), "nothing but the audience is bound"),
        (subject("StringLike", "repo:*"), "shared by tenants"),
        (subject("StringLike", "repo:acme*"), "would match nobody"),
        (subject("StringLike", "repo:acme/shop*"), "name the repositories"),
        (subject("StringEquals", "repo:acme/shop:*"), "always a wildcard"),
        (subject("StringLike", "repo:acme/sho?:*"), "no pattern expresses `?`"),
        (subject("StringNotEquals", "repo:acme/x:*"), "only StringEquals and StringLike"),
        (subject("ForNoValue:StringEquals", "x"), "only StringEquals and StringLike"),
        (json!({ "StringEquals": { "aws:SourceIp": "10.0.0.1" } }), "no claim of"),
        (json!({ "StringEquals": { "gitlab.com:sub": "x" } }), "no claim of"),
        (json!({ "StringEquals": { key: [] } }), "no value"),
        (json!({ "StringEquals": { key: 7 } }), "expected text"),
        (
            json!({ "StringLike": { key: "repo:acme/a:*" }, "ForAnyValue:StringLike": { key: "repo:acme/b:*" } }),
            "which no line expresses",
        ),
        (json!({ "StringLike": { key: "repo:acme/a:*" }, "StringEquals": { key: "repo:acme/b" } }), "exclude each other"),
    ] {
        let refused = github(&condition).expect_err(&condition.to_string());
        assert!(refused.contains(reason), "{condition}: {refused}");
    }
}

#[test]
fn two_conditions_on_a_claim_have_to_hold_both() {
    let key = "token.actions.githubusercontent.com:sub";
    let both = json!({
        "StringLike": { key: "repo:acme/shop:*" },
        "StringEquals": { key: ["repo:acme/shop:pull_request", "repo:evil/shop:pull_request"] },
    });
    let imported = github(&both).unwrap();
    assert!(body(&imported).contains(&"/sub: \"repo:acme/shop:pull_request\""), "{}", imported.yaml);
}

#[test]
fn a_condition_that_holds_without_the_claim_becomes_narrower() {
    for operator in ["ForAllValues:StringLike", "StringLikeIfExists", "ForAnyValue:StringLikeIfExists"] {
        let imported = github(&subject(operator, "repo:acme/shop:*")).unwrap();
        assert!(imported.notes.iter().any(|note| note.contains("without this claim")), "{operator}: {:?}", imported.notes);
    }
}

#[test]
fn a_statement_that_takes_away_or_is_not_understood_refuses_the_whole() {
    let good = statement(&subject("StringLike", "repo:acme/shop:*"));
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        changed
    };
    for (bad, reason) in [
        (with("Effect", json!("Deny")), "statement 2: it denies"),
        (with("NotPrincipal", json!({ "AWS": "x" })), "`NotPrincipal` is not imported"),
        (with("NotAction", json!("x")), "`NotAction` is not imported"),
        (with("Principal", json!("*")), "anybody"),
        (with("Principal", json!({ "Federated": "accounts.google.com" })), "no OIDC provider"),
        (with("Principal", json!({ "Federated": "arn:aws:iam::1:saml-provider/x" })), "no OIDC provider"),
    ] {
        let refused = only(all(&json!({ "Statement": [good, bad] }))).expect_err(reason);
        assert!(refused.contains(reason), "{bad}: {refused}");
    }
    let refused = only(all(&json!({ "Statement": good, "Extra": 1 }))).unwrap_err();
    assert!(refused.contains("`Extra`"), "{refused}");
}

#[test]
fn each_statement_and_provider_is_a_policy_and_others_are_left_out() {
    let mut several =
        statement(&json!({ "StringEquals": { "oidc.eks.eu-west-1.amazonaws.com/id/A1:sub": "system:serviceaccount:shop:api" } }));
    several["Principal"]["Federated"] = json!(["arn:aws:iam::1:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1"]);
    let service = json!({ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" });
    let first = statement(&subject("StringLike", "repo:acme/shop:*"));
    let found = all(&json!({ "Statement": [first, service, several] }));
    let imported: Vec<_> = found.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        imported.iter().map(|one| one.file.as_str()).collect::<Vec<_>>(),
        ["policies/aws/shop-deploy.yaml", "policies/aws/shop-deploy-2.yaml"]
    );
    assert!(imported[0].notes.iter().any(|note| note.contains("statement 2 is for no OIDC provider")));
    let expected = ["match:", "namespace: shop", "service_account: api", "claims:", "/sub: \"system:serviceaccount:shop:api\""];
    assert_eq!(body(&imported[1]), expected);
}

/// If a token has `azp`, AWS compares that claim with what `ISSUER:aud` lists.
#[test]
fn a_note_names_a_client_that_was_bound_by_azp() {
    let notes = |host: &str| {
        let provider = format!("arn:aws:iam::123456789012:oidc-provider/{host}");
        let condition = json!({ "StringEquals": { format!("{host}:aud"): "client-7", format!("{host}:sub"): "a" } });
        let statement =
            json!({ "Effect": "Allow", "Principal": { "Federated": provider }, "Action": super::ACTION, "Condition": condition });
        only(all(&json!({ "Version": "2012-10-17", "Statement": [statement] }))).unwrap().notes.join("\n")
    };
    let output = notes("id.acme.example");
    assert!(output.contains("`azp`") && output.contains("client-7"), "{output}");
    assert!(!notes("oidc.eks.eu-west-1.amazonaws.com/id/ABC").contains("`azp`"));
}
