mod aws;
mod azure;
mod exports;
mod pools;
mod strangers;

use super::{Export, ExportFault, GrantedInClouds, WayIn, WayInKind, ways_in};
use crate::kind::{Guid, ServiceAccount};
use crate::policy::{GcpUse, Impersonators, RoleUse};
use crate::words::UnixTime;
use crate::words::names::{Audience, IssuerUrl, RoleArn};
use aws::{aws_grants, details};
use azure::azure;
use base64::Engine;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ROLE: &str = "arn:aws:iam::111122223333:role/shop-deploy";
const OWN: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.acme.com";
const GITHUB: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
const ACCOUNT: &str = "deploy@acme-prod.iam.gserviceaccount.com";
const POOL: &str = "projects/123456/locations/global/workloadIdentityPools/daypass";
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
const SUBJECT: &str = "root/shop/deploy";

fn granted() -> GrantedInClouds {
    GrantedInClouds {
        issuer: IssuerUrl::parse("https://oidc.acme.com").unwrap(),
        aws_audience: Some("sts.amazonaws.com"),
        roles: BTreeMap::new(),
        gcp: GcpUse::default(),
        gcp_provider: Some(format!("{POOL}/providers/daypass")),
        applications: BTreeMap::new(),
        azure_audience: Audience::parse("api://AzureADTokenExchange").ok(),
        further: vec!["team-a".to_owned()],
        now: UnixTime::from_rfc3339("2026-11-29T00:00:00Z").unwrap(),
    }
}

fn subjects() -> BTreeSet<String> {
    BTreeSet::from([SUBJECT.to_owned()])
}

fn export(name: &str, content: &Value) -> Export {
    let owner = name.strip_suffix(".json").map(str::to_owned);
    Export { name: name.to_owned(), owner, bytes: content.to_string().into_bytes() }
}

/// `kind: says` of each.
fn describe(exports: &[Export], granted: &GrantedInClouds) -> Vec<String> {
    let ways = ways_in(exports, granted).unwrap();
    let has_advice = |way: &WayIn| matches!(way.kind, WayInKind::Ours) || !way.advice.is_empty();
    assert!(ways.iter().all(has_advice), "{ways:#?}");
    ways.into_iter().map(|way| format!("{:?}: {}", way.kind, way.message)).collect()
}

fn has(messages: &[String], parts: &[&str]) {
    assert!(messages.iter().any(|one| parts.iter().all(|part| one.contains(part))), "{parts:?} in {messages:#?}");
}

#[test]
fn an_export_that_was_cut_is_refused() {
    let fault = |bytes: &[u8]| {
        let export = Export { name: "x".to_owned(), owner: None, bytes: bytes.to_vec() };
        ways_in(&[export], &aws_grants()).unwrap_err().fault
    };
    let whole = details(&json!([])).to_string();
    assert!(matches!(fault(&whole.as_bytes()[..whole.len() / 2]), ExportFault::Json(_)));
    assert!(matches!(fault(b""), ExportFault::Json(_)));
    for (member, value) in [("IsTruncated", json!(true)), ("NextToken", json!("x")), ("Marker", json!("x"))] {
        let mut cut = details(&json!([]));
        cut[member] = value;
        assert!(matches!(fault(cut.to_string().as_bytes()), ExportFault::Cut { .. }), "{member}");
    }
    assert!(matches!(fault(br#"{"value":[],"@odata.nextLink":"https://graph.microsoft.com/x"}"#), ExportFault::Cut { .. }));
    let mut part = details(&json!([]));
    part.as_object_mut().unwrap().remove("Policies");
    assert!(matches!(fault(part.to_string().as_bytes()), ExportFault::Member { member: "Policies", .. }));
    let mut role = details(&json!([]));
    role["RoleDetailList"][0]["AssumeRolePolicyDocument"] = "%7B%22Statem".into();
    assert!(matches!(fault(role.to_string().as_bytes()), ExportFault::TrustPolicy { .. }));
    assert!(matches!(fault(b"{}"), ExportFault::Unknown));
    assert!(matches!(fault(br#"{"bindings":[]}"#), ExportFault::Nameless { .. }));
    assert!(matches!(fault(b"user,arn,access_key_1_active,access_key_2_active\na,arn:x,tr"), ExportFault::Report(_)));
}

fn gcp() -> GrantedInClouds {
    let acts = Impersonators { subjects: subjects(), ..Impersonators::default() };
    let accounts = BTreeMap::from([(ServiceAccount::parse(ACCOUNT).unwrap(), acts)]);
    GrantedInClouds { gcp: GcpUse { accounts, ..GcpUse::default() }, ..granted() }
}

fn member(rest: &str) -> String {
    format!("principal://iam.googleapis.com/{POOL}/{rest}")
}

fn policy(bindings: &[(&str, &str)]) -> Value {
    let bindings: Vec<Value> = bindings.iter().map(|(role, member)| json!({ "role": role, "members": [member] })).collect();
    json!({ "bindings": bindings, "etag": "BwYx", "version": 1 })
}

fn provider(name: &str, issuer: &str) -> Value {
    json!({ "name": name, "state": "ACTIVE", "oidc": { "issuerUri": issuer }, "attributeMapping": { "google.subject": "assertion.sub" } })
}

#[test]
fn whoever_else_acts_as_an_account_is_reported() {
    let (user, own) = ("roles/iam.workloadIdentityUser", member(&format!("subject/{SUBJECT}")));
    let name = format!("{ACCOUNT}.json");
    let ours = provider(&format!("{POOL}/providers/daypass"), "https://oidc.acme.com");
    let mut hub = provider(
        "projects/1/locations/global/workloadIdentityPools/ci/providers/github",
        "https://token.actions.githubusercontent.com",
    );
    hub["attributeMapping"]["attribute.repository"] = "assertion.repository".into();
    let above = json!([
        { "id": "acme-prod", "type": "project", "policy": policy(&[]) },
        { "id": "1", "type": "organization", "policy": policy(&[]) },
    ]);
    let of = |more: &[(&str, &str)]| {
        let all = [&[(user, own.as_str())], more].concat();
        describe(
            &[export(&name, &policy(&all)), export("providers.json", &json!([ours, hub])), export("above.json", &above)],
            &gcp(),
        )
    };
    let alone = of(&[]);
    has(&alone, &["Ours: daypass, for exactly root/shop/deploy"]);
    has(&alone, &["Ours: the provider trusts daypass's own issuer"]);
    assert_eq!(alone.iter().filter(|one| !one.starts_with("Ours")).count(), 1, "{alone:#?}");
    has(&alone, &["NotSeen: whether it has static keys"]);
    let github = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/";
    let (whole, one) = (format!("{github}*"), format!("{github}attribute.repository/acme/shop"));
    let all = format!("principalSet://iam.googleapis.com/{POOL}/*");
    let extra = member("subject/root/old");
    for (role, member, parts) in [
        ("projects/acme-prod/roles/workloadIdentityUser", own.as_str(), &["Others: daypass for"][..]),
        (user, one.as_str(), &["Others", "GitHub Actions directly", "acme/shop"][..]),
        (user, &whole, &["Anybody", "GitHub Actions directly"]),
        (
            user,
            "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/x/*",
            &["Others", "whose providers are in no export"],
        ),
        (user, &all, &["NotUnderstood", "more of daypass's pool than one subject"]),
        (user, &extra, &["Others: daypass for the subject root/old"]),
        ("roles/iam.serviceAccountTokenCreator", "user:lea@acme.com", &["Others: user:lea@acme.com gets tokens of it"]),
        ("roles/iam.serviceAccountKeyAdmin", "group:ops@acme.com", &["Others: group:ops@acme.com makes keys of it"]),
        ("roles/iam.serviceAccountTokenCreator", "allUsers", &["Anybody: allUsers"]),
        ("projects/acme-prod/roles/custom", "user:lea@acme.com", &["Others: user:lea@acme.com may get at it"]),
        (user, "martian:x", &["NotUnderstood", "martian:x"]),
    ] {
        has(&of(&[(role, member)]), parts);
    }
    assert_eq!(of(&[("roles/viewer", "allUsers")]), alone);
}

#[test]
fn projects_pools_and_static_keys_of_accounts_are_checked() {
    let (user, own) = ("roles/iam.workloadIdentityUser", member(&format!("subject/{SUBJECT}")));
    let account = export(&format!("{ACCOUNT}.json"), &policy(&[(user, &own)]));
    let custom = "organizations/1/roles/custom";
    let above = json!([
        { "id": "acme-prod", "type": "project", "policy": policy(&[("roles/owner", "user:lea@acme.com"), (user, &own)]) },
        { "id": "77", "type": "folder", "policy": policy(&[(custom, "user:sam@acme.com")]) },
    ]);
    let keys = json!([
        { "name": format!("projects/acme-prod/serviceAccounts/{ACCOUNT}/keys/abc"), "keyType": "USER_MANAGED", "validBeforeTime": "9999-12-31T23:59:59Z" },
        { "name": format!("projects/acme-prod/serviceAccounts/{ACCOUNT}/keys/sys"), "keyType": "SYSTEM_MANAGED", "validBeforeTime": "2027-12-31T23:59:59Z" },
        { "name": format!("projects/acme-prod/serviceAccounts/{ACCOUNT}/keys/old"), "keyType": "USER_MANAGED", "validBeforeTime": "2020-12-31T23:59:59Z" },
    ]);
    let pool = json!([
        provider(&format!("{POOL}/providers/daypass"), "https://evil.example"),
        provider(&format!("{POOL}/providers/x"), "https://gitlab.com")
    ]);
    let role = json!({ "name": custom, "stage": "GA", "includedPermissions": ["iam.serviceAccounts.signJwt"] });
    let all = [account.clone(), export("x.json", &above), export("k.json", &keys), export("p.json", &pool)];
    let found = describe(&all, &gcp());
    has(&found, &["Others: user:lea@acme.com acts as it, makes keys", "roles/owner by the project acme-prod"]);
    has(&found, &["Others: daypass for root/shop/deploy", "by the project acme-prod"]);
    has(&found, &["NotUnderstood: the folder 77 may let others in by roles", custom]);
    has(&found, &["Others: whoever has one of its static keys: abc"]);
    assert!(!found.iter().any(|one| one.contains("sys") || one.contains("keys: old")), "{found:#?}");
    has(&found, &["Anybody: the provider that the configuration names trusts https://evil.example"]);
    has(&found, &["Anybody: its provider x shows subjects too: GitLab.com directly"]);
    has(&describe(&[&all[..], &[export("r.json", &role)]].concat(), &gcp()), &["Others: user:sam@acme.com gets tokens of it"]);
    let empty = export(&format!("{ACCOUNT}.json"), &json!({ "etag": "ACAB" }));
    has(&describe(&[empty, export(&format!("{ACCOUNT}.json"), &json!([]))], &gcp()), &["Missing: it does not let daypass in"]);
}
