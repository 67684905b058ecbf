//! Exports that contradict each other, and incomplete exports.

use super::aws::own;
use super::azure::{application, principal};
use super::*;

fn refused(exports: &[Export], granted: &GrantedInClouds) -> String {
    ways_in(exports, granted).map(|ways| format!("{ways:#?}")).expect_err("it is refused").to_string()
}

#[test]
fn two_exports_that_differ_are_refused_with_both_names() {
    let clean = details(&json!([own(&json!({ "oidc.acme.com:sub": SUBJECT }))]));
    let open = details(&json!([{ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sts:AssumeRole" }]));
    let (one, two) = (export("account.json", &open), export("z.json", &clean));
    for order in [[one.clone(), two.clone()], [two.clone(), one]] {
        let message = refused(&order, &aws_grants());
        assert!(message.contains("account.json") && message.contains("z.json") && message.contains(ROLE), "{message}");
    }
    let again = Export { name: "again.json".to_owned(), ..two.clone() };
    assert_eq!(describe(&[two.clone(), again], &aws_grants()), describe(&[two], &aws_grants()));
    let mut twice = open.clone();
    let role = clean["RoleDetailList"][0].clone();
    twice["RoleDetailList"].as_array_mut().unwrap().push(role.clone());
    let message = refused(&[export("twice.json", &twice)], &aws_grants());
    assert!(message.contains("twice.json") && message.contains(ROLE), "{message}");
    // Also if they differ in what a user may do, or in how many keys it has.
    let mut more = clean.clone();
    more["UserDetailList"][2]["AttachedManagedPolicies"] = clean["UserDetailList"][1]["AttachedManagedPolicies"].clone();
    let message = refused(&[export("a.json", &clean), export("b.json", &more)], &aws_grants());
    assert!(message.contains("user/none"), "{message}");
    let report = |active: &str| Export {
        name: format!("{active}.csv"),
        owner: None,
        bytes: format!("user,arn,access_key_1_active,access_key_2_active\nbot,arn:aws:iam::1:user/bot,{active},false\n")
            .into_bytes(),
    };
    let message = refused(&[report("true"), report("false")], &aws_grants());
    assert!(message.contains("true.csv") && message.contains("false.csv"), "{message}");
}

#[test]
fn policies_and_roles_of_google_that_differ_are_refused() {
    let wide = policy(&[("roles/iam.serviceAccountTokenCreator", "allUsers")]);
    let of = |name: &str, content: &Value| Export { owner: Some(ACCOUNT.to_owned()), ..export(name, content) };
    let message = refused(&[of("wide.json", &wide), of("clean.json", &policy(&[]))], &gcp());
    assert!(message.contains("wide.json") && message.contains("clean.json") && message.contains(ACCOUNT), "{message}");
    let role =
        |permissions: &[&str]| json!({ "name": "organizations/1/roles/x", "stage": "GA", "includedPermissions": permissions });
    let message =
        refused(&[export("r1.json", &role(&["iam.serviceAccounts.signJwt"])), export("r2.json", &role(&["a.b.c"]))], &gcp());
    assert!(
        message.contains("r1.json") && message.contains("r2.json") && message.contains("organizations/1/roles/x"),
        "{message}"
    );
    // For projects and providers, every export counts.
    let project = |name: &str, content: &Value| Export { owner: Some("acme-prod".to_owned()), ..export(name, content) };
    let own = of("own.json", &policy(&[]));
    for order in [[&wide, &policy(&[])], [&policy(&[]), &wide]] {
        let found = describe(&[own.clone(), project("1.json", order[0]), project("2.json", order[1])], &gcp());
        has(&found, &["Anybody: allUsers", "by the project acme-prod"]);
    }
    let twice = describe(&[own, project("1.json", &wide), project("2.json", &wide)], &gcp());
    assert_eq!(twice.iter().filter(|one| one.contains("allUsers")).count(), 1, "{twice:#?}");
}

#[test]
fn what_an_incomplete_export_lacks_is_reported() {
    let own = export(&format!("{ACCOUNT}.json"), &policy(&[]));
    let above = |kinds: &[&str]| {
        let all: Vec<Value> =
            kinds.iter().map(|kind| json!({ "id": "acme-prod", "type": kind, "policy": policy(&[]) })).collect();
        describe(&[own.clone(), export("above.json", &all.into())], &gcp())
    };
    let project = describe(&[own.clone(), export("acme-prod.json", &policy(&[]))], &gcp());
    has(&project, &["NotSeen", "folders and the organization"]);
    has(&above(&["project", "folder"]), &["NotSeen", "organization"]);
    let whole = above(&["project", "folder", "organization"]);
    assert!(!whole.iter().any(|one| one.contains("organization")), "{whole:#?}");

    let ours = provider(&format!("{POOL}/providers/daypass"), "https://oidc.acme.com");
    let described = describe(&[export("p.json", &ours)], &gcp());
    has(&described, &["NotSeen: whether another provider of the pool"]);
    has(&described, &["Ours: the provider trusts"]);
    let listed = describe(&[export("p.json", &json!([ours]))], &gcp());
    assert!(!listed.iter().any(|one| one.contains("another provider")), "{listed:#?}");
    let hub = "projects/1/locations/global/workloadIdentityPools/ci";
    let member = format!("principalSet://iam.googleapis.com/{hub}/*");
    let account = export(&format!("{ACCOUNT}.json"), &policy(&[("roles/iam.workloadIdentityUser", &member)]));
    let one = provider(&format!("{hub}/providers/x"), "https://gitlab.acme.com");
    let described = describe(&[account.clone(), export("p.json", &one)], &gcp());
    has(&described, &["NotSeen: ", "other providers of its pool"]);
    // A disabled provider counts as seen, and lets nobody in.
    let mut off = one;
    off["disabled"] = true.into();
    let disabled = describe(&[account, export("p.json", &json!([off]))], &gcp());
    assert!(!disabled.iter().any(|one| one.contains("in no export here") && one.contains("providers")), "{disabled:#?}");
}

/// `az ad app credential list` and `az ad app federated-credential list` both print `[]`.
#[test]
fn nothing_is_concluded_from_an_empty_list() {
    let credential = json!({ "name": "x", "issuer": "https://oidc.acme.com", "subject": SUBJECT, "audiences": ["api://AzureADTokenExchange"] });
    let of_client = |name: &str, content: &Value| Export { owner: Some(CLIENT.to_owned()), ..export(name, content) };
    for empty in [json!([]), json!({ "value": [] })] {
        let found = describe(&[of_client("fic.json", &credential), of_client("creds.json", &empty)], &azure());
        has(&found, &["NotSeen: whether it has further federated credentials is in no export here"]);
        has(&found, &["NotSeen: an empty list does not say what it is of"]);
        has(&describe(&[of_client("creds.json", &empty)], &azure()), &["Missing: policies grant it, and no export"]);
    }
    let own = member(&format!("subject/{SUBJECT}"));
    let account = export(&format!("{ACCOUNT}.json"), &policy(&[("roles/iam.workloadIdentityUser", &own)]));
    let empty = |name: String| describe(&[account.clone(), Export { owner: Some(name), ..export("e.json", &json!([])) }], &gcp());
    for name in [ACCOUNT.to_owned(), "acme-prod".to_owned(), "keys".to_owned(), "acme-prod.keys".to_owned()] {
        let found = empty(name);
        has(&found, &["NotSeen: whether it has static keys is in no export here"]);
        has(&found, &["NotSeen: an empty list does not say what it is of"]);
    }
    // A name that ends with `.keys` says that the list is one of keys.
    let keys = empty(format!("{ACCOUNT}.keys"));
    has(&keys, &["Ours: it has no service account key"]);
    assert!(!keys.iter().any(|one| one.contains("an empty list")), "{keys:#?}");
}

#[test]
fn a_missing_half_of_an_application_is_reported() {
    let credential = json!({ "name": "x", "issuer": "https://oidc.acme.com", "subject": SUBJECT, "audiences": ["api://AzureADTokenExchange"] });
    let federated = export(&format!("{CLIENT}.json"), &json!([credential]));
    let of = |more: &[Export]| describe(&[std::slice::from_ref(&federated), more].concat(), &azure());
    let (app, sp) = (application(&json!([]), &json!([])), principal(&json!([])));
    let clean = "Ours: it has no secret and no certificate that counts";
    let expired = json!([{ "keyId": "s2", "displayName": "old", "endDateTime": "2020-01-01T00:00:00Z" }]);
    for (exports, unseen) in [
        (vec![export("app.json", &app)], &["az ad sp show"][..]),
        (vec![export("sp.json", &sp)], &["az ad app show"]),
        (vec![export(&format!("{CLIENT}.json"), &expired)], &["az ad app show", "az ad sp show"]),
        (vec![], &["az ad app show", "az ad sp show"]),
    ] {
        let ways = ways_in(&[std::slice::from_ref(&federated), &exports[..]].concat(), &azure()).unwrap();
        for command in unseen {
            let is_reported = |way: &WayIn| way.kind == WayInKind::NotSeen && way.advice.contains(command);
            assert!(ways.iter().any(is_reported), "{command} in {ways:#?}");
        }
        assert!(!ways.iter().any(|way| way.message == clean[6..]), "{ways:#?}");
    }
    has(&of(&[export("app.json", &app), export("sp.json", &sp)]), &[clean]);
    // A managed identity has no application.
    let mut managed = sp;
    managed["servicePrincipalType"] = "ManagedIdentity".into();
    has(&of(&[export("sp.json", &managed)]), &[clean]);
    // One federated credential says nothing of the others.
    let one = describe(&[export(&format!("{CLIENT}.json"), &credential)], &azure());
    has(&one, &["NotSeen: whether it has further federated credentials"]);
    has(&one, &["Ours: daypass, for exactly"]);
    assert!(!of(&[]).iter().any(|one| one.contains("further federated")));
    // A token for another listed audience gets in too. If the configuration has no audience, none counts as daypass's.
    let mut wide = credential.clone();
    wide["audiences"] = json!(["api://AzureADTokenExchange", "https://partner.example"]);
    has(&describe(&[export(&format!("{CLIENT}.json"), &json!([wide]))], &azure()), &["Others", "https://partner.example"]);
    let unset = GrantedInClouds { azure_audience: None, ..azure() };
    has(&describe(&[federated], &unset), &["Missing", "the configuration names no provider"]);
}
