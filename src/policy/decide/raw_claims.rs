//! How lines of `claims` compare raw claims, in a denial and in a policy.

use super::denials::{open, reason, under};
use super::tests::{github, good};
use crate::words::Reason;
use serde_json::json;

/// A raw claim may have any JSON type, and what a denial cannot compare must not let anybody pass.
#[test]
fn a_denial_looks_into_a_list_and_refuses_a_claim_of_another_type() {
    let (denied, unreadable) = (Some(Reason::Denied), Some(Reason::ClaimUnreadable));
    for (line, claim, expected) in [
        ("contractor", json!("contractor"), denied),
        ("contractor", json!(["contractor"]), denied),
        ("contractor", json!(["staff", "contractor"]), denied),
        ("contractor", json!([7, "contractor"]), denied),
        ("contractor", json!(["staff"]), None),
        ("contractor", json!([]), None),
        ("contractor", json!(null), None),
        ("contractor", json!(["staff", 7]), unreadable),
        ("contractor", json!([["contractor"]]), unreadable),
        ("contractor", json!({ "name": "contractor" }), unreadable),
        ("contractor", json!(7), unreadable),
        ("\"7\"", json!(7), unreadable),
        ("7", json!("7"), unreadable),
        ("[\"7\", 7]", json!(8), None),
        ("7", json!(7), denied),
        ("7", json!(7.0), unreadable),
        ("7", json!(1e300), unreadable),
        ("7", json!(18_446_744_073_709_551_615_u64), None),
        ("true", json!("true"), unreadable),
        ("true", json!(1), unreadable),
        ("{ not: staff }", json!("staff"), None),
        ("{ not: staff }", json!(["staff"]), denied),
        ("{ not: staff }", json!("other"), denied),
        ("{ not: staff }", json!(["other"]), denied),
        ("{ not: staff }", json!(null), denied),
        ("{ not: staff }", json!(7), denied),
    ] {
        let rails = format!("denials:\n  - description: d\n    issuer: github\n    claims: {{ /unit: {line} }}\n");
        assert_eq!(under(&rails, &github(json!({ "unit": claim }))), expected, "{line} {claim}");
    }
}

#[test]
fn not_in_a_policy_holds_for_no_claim_of_another_type() {
    for (line, claim, holds) in [
        ("contractor", json!("staff"), true),
        ("contractor", json!("contractor"), false),
        ("contractor", json!(["contractor"]), false),
        ("contractor", json!(["staff"]), false),
        ("contractor", json!(null), false),
        ("contractor", json!({}), false),
        ("\"0\"", json!(0), false),
        ("0", json!("0"), false),
        ("0", json!(1), true),
        ("0", json!(0.5), false),
        ("0", json!(1e300), false),
        ("true", json!("true"), false),
        ("true", json!(false), true),
        ("[contractor, 7]", json!(8), true),
        ("[contractor, 7]", json!("staff"), true),
        ("[contractor, 7]", json!(true), false),
    ] {
        let policy = format!("{}claims: {{ /unit: {{ not: {line} }} }}\n", open());
        let decided = reason(&good(&[("policies/a.yaml", &policy)]), &github(json!({ "unit": claim })));
        assert_eq!(decided, (!holds).then_some(Reason::NoMatchingPolicy), "{line} {claim}");
    }
}
