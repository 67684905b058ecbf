use crate::policy::import::{ImportSettings, Imported, NotImported, import};
use crate::words::names::RoleArn;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/shop";

fn document(repository: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow",
        "Principal": { "Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": { "StringLike": { "token.actions.githubusercontent.com:sub": format!("repo:{repository}:*") } },
    } })
}

fn all(original: &Value, role: Option<&str>) -> Vec<Result<Imported, NotImported>> {
    let role = role.map(|arn| RoleArn::parse(arn).unwrap());
    import("x/shop.json", original.to_string().as_bytes(), &ImportSettings { role, ..ImportSettings::default() })
}

fn files(found: &[Result<Imported, NotImported>]) -> Vec<Result<&str, &str>> {
    found.iter().map(|one| one.as_ref().map(|one| one.file.as_str()).map_err(|refused| refused.reason.as_str())).collect()
}

fn resource(name: &str, mode: &str, values: Value) -> Value {
    json!({ "address": format!("aws_iam_role.{name}"), "mode": mode, "type": "aws_iam_role", "values": values })
}

#[test]
fn a_described_role_brings_its_arn() {
    let encoded: String = document("acme/shop").to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    for document in [document("acme/shop"), Value::String(encoded)] {
        let role = json!({ "RoleName": "shop", "Arn": ROLE, "AssumeRolePolicyDocument": document });
        for original in [json!({ "Role": role }), json!({ "Roles": [role] })] {
            let found = all(&original, None);
            assert_eq!(files(&found), [Ok("policies/aws/shop.yaml")]);
            assert!(found[0].as_ref().unwrap().yaml.contains(ROLE));
        }
    }
    let broken = json!({ "Role": { "RoleName": "shop", "Arn": ROLE, "AssumeRolePolicyDocument": "%7" } });
    assert!(files(&all(&broken, None))[0].unwrap_err().contains("does not decode"));
}

#[test]
fn a_document_that_says_a_thing_twice_is_not_read() {
    let twice = br#"{ "Statement": [], "Statement": [] }"#;
    let found = import("x.json", twice, &ImportSettings::default());
    assert!(files(&found)[0].unwrap_err().contains("twice"), "{found:?}");
}

#[test]
fn every_managed_role_of_a_plan_is_found() {
    let text = |repository: &str| document(repository).to_string();
    let plan = json!({ "format_version": "1.2", "planned_values": { "root_module": {
        "resources": [
            resource("a", "managed", json!({ "name": "a", "assume_role_policy": text("acme/a") })),
            resource("b", "managed", json!({ "name": "b", "assume_role_policy": null })),
            resource("c", "data", json!({ "name": "c", "assume_role_policy": text("acme/c") })),
            { "address": "aws_s3_bucket.x", "type": "aws_s3_bucket", "values": {} },
        ],
        "child_modules": [{ "child_modules": [{ "resources": [
            resource("d", "managed", json!({ "name": "d", "arn": ROLE, "assume_role_policy": text("acme/d") })),
        ] }] }],
    } } });
    let found = all(&plan, None);
    let expected =
        [Ok("policies/aws/a.yaml"), Err("its trust policy is known only after it was applied"), Ok("policies/aws/d.yaml")];
    assert_eq!(files(&found), expected);
    let imported = found[0].as_ref().unwrap();
    assert!(imported.yaml.contains("# choose a grant") && imported.yaml.contains("the ARN of a"), "{}", imported.yaml);
    assert!(found[2].as_ref().unwrap().yaml.contains(ROLE));
    assert!(files(&all(&plan, Some(ROLE)))[0].unwrap_err().contains("several here have no ARN"));
}

#[test]
fn what_trusts_no_provider_is_told() {
    let service = json!({ "Statement": { "Effect": "Allow", "Principal": { "Service": "x" }, "Action": "sts:AssumeRole" } });
    assert_eq!(files(&all(&service, Some(ROLE))), [Err("no role here trusts an OIDC provider")]);
}
