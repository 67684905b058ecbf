//! Workload identity pools: keys, audiences and conditions of providers, and what roles of Google Cloud lead to.

use super::*;

const USER: &str = "roles/iam.workloadIdentityUser";
const HUB: &str = "projects/1/locations/global/workloadIdentityPools/ci";
const OWN_AUDIENCE: &str = "iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/daypass/providers/daypass";

fn key(x: &str) -> Value {
    json!({ "kty": "EC", "crv": "P-256", "x": x, "y": "abc", "kid": x, "use": "sig" })
}

/// What is reported of daypass's own provider with these members of `oidc`.
fn own_provider(oidc: &Value, more: &[Export]) -> Vec<String> {
    let mut ours = provider(&format!("{POOL}/providers/daypass"), "https://oidc.acme.com");
    ours["oidc"].as_object_mut().unwrap().extend(oidc.as_object().unwrap().clone());
    describe(&[&[export("providers.json", &json!([ours]))], more].concat(), &gcp())
}

const OURS: &str = "Ours: the provider trusts daypass's own issuer";

#[test]
fn uploaded_keys_are_compared_with_those_of_the_issuer() {
    let jwks = |keys: &[&str]| json!({ "keys": keys.iter().map(|x| key(x)).collect::<Vec<_>>() });
    let uploaded = |keys: &[&str]| json!({ "jwksJson": jwks(keys).to_string() });
    let unknown = own_provider(&uploaded(&["evil"]), &[]);
    has(&unknown, &["NotUnderstood", "uploaded", "evil"]);
    assert!(!unknown.iter().any(|one| one == OURS), "{unknown:#?}");
    let ours = export("jwks.json", &jwks(&["a", "b"]));
    has(&own_provider(&uploaded(&["a"]), std::slice::from_ref(&ours)), &[OURS]);
    for foreign in [uploaded(&["evil"]), uploaded(&["a", "evil"]), json!({ "jwksJson": "x" }), json!({ "jwksJson": 7 })] {
        let found = own_provider(&foreign, std::slice::from_ref(&ours));
        has(&found, &["NotUnderstood: ", "uploaded"]);
        assert!(!found.iter().any(|one| one == OURS), "{found:#?}");
    }
    for odd in [json!([{}]), json!([{ "kty": "oct", "k": "a" }]), json!([])] {
        let found = own_provider(&json!({ "jwksJson": json!({ "keys": odd }).to_string() }), std::slice::from_ref(&ours));
        assert!(!found.iter().any(|one| one == OURS), "{odd}: {found:#?}");
    }
    // A set of keys counts as daypass's only if the operator says so.
    let nobodys = Export { owner: Some("github".to_owned()), ..ours };
    assert!(matches!(ways_in(&[nobodys], &gcp()).unwrap_err().fault, ExportFault::Nameless { .. }));
}

#[test]
fn an_audience_of_others_is_reported() {
    for (audiences, is_ours) in [
        (json!([]), true),
        (json!([format!("https://{OWN_AUDIENCE}")]), true),
        (json!([format!("https://{OWN_AUDIENCE}"), format!("//{OWN_AUDIENCE}")]), true),
        (json!([format!("https://{OWN_AUDIENCE}"), "https://partner.example"]), false),
        (json!(["https://partner.example"]), false),
        (json!([format!("//{OWN_AUDIENCE}")]), false),
        (json!("https://partner.example"), false),
    ] {
        let found = own_provider(&json!({ "allowedAudiences": audiences }), &[]);
        assert_eq!(found.iter().any(|one| one == OURS), is_ours, "{audiences}: {found:#?}");
    }
    let partner = json!({ "allowedAudiences": [format!("https://{OWN_AUDIENCE}"), "https://partner.example"] });
    has(&own_provider(&partner, &[]), &["Others", "https://partner.example"]);
    let lacks = own_provider(&json!({ "allowedAudiences": ["https://partner.example"] }), &[]);
    has(&lacks, &["Missing", "audience"]);
}

/// What is reported of a member of another pool with one provider.
fn of_hub(member: &str, issuer: &str, members: &Value) -> Vec<String> {
    let mut hub = provider(&format!("{HUB}/providers/x"), issuer);
    hub.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let (kind, rest) = member.split_once(' ').unwrap();
    let member = format!("{kind}://iam.googleapis.com/{HUB}/{rest}");
    describe(&[export(&format!("{ACCOUNT}.json"), &policy(&[(USER, &member)])), export("hub.json", &json!([hub]))], &gcp())
}

#[test]
fn a_condition_that_strangers_can_satisfy_lets_in_anybody() {
    let mapping = json!({ "google.subject": "assertion.sub", "attribute.repository": "assertion.repository", "attribute.ref": "assertion.ref",
        "attribute.repository_visibility": "assertion.repository_visibility", "attribute.repo": "assertion.repository.lowerAscii()",
        "attribute.owner": "assertion.repository_owner" });
    let github = "https://token.actions.githubusercontent.com";
    for (member, condition, kind) in [
        ("principalSet *", "true", "Anybody"),
        ("principalSet *", "", "Anybody"),
        ("principalSet attribute.repository_visibility/public", "", "Anybody"),
        ("principalSet attribute.ref/refs/heads/main", "", "Anybody"),
        ("principalSet attribute.repo/acme/shop", "", "Anybody"),
        ("principalSet attribute.nothing/acme", "", "Anybody"),
        ("principalSet group/acme", "", "Anybody"),
        ("principal subject/environment:prod", "", "Anybody"),
        ("principalSet *", "assertion.repository_owner == 'acme' || true", "Anybody"),
        ("principalSet *", "assertion.repository_owner != 'evil'", "Anybody"),
        ("principalSet *", "assertion.repository_owner.startsWith('acme')", "Anybody"),
        ("principalSet *", "assertion.repository.startsWith('acme')", "Anybody"),
        ("principalSet *", "assertion.job_workflow_ref == 'acme/ci/.github/workflows/a.yml@refs/heads/main'", "Anybody"),
        ("principalSet *", "assertion.repository_owner in ['acme', '']", "Anybody"),
        ("principalSet *", "assertion.repository_owner in []", "Anybody"),
        ("principalSet *", "assertion.repository.startsWith('acme/')", "Others"),
        ("principalSet *", "assertion.ref == 'main' && assertion.repository_owner == 'acme'", "Others"),
        ("principalSet *", "attribute.owner == 'acme'", "Others"),
        ("principalSet *", "google.subject.startsWith('repo:acme/')", "Others"),
        ("principalSet *", "assertion.repository_owner_id in ['1', '2']", "Others"),
        ("principalSet attribute.repository/acme/shop", "", "Others"),
        ("principal subject/repo:acme/shop:ref:refs/heads/main", "", "Others"),
        ("principalSet attribute.ref/main", "assertion.repository_owner == 'acme'", "Others"),
    ] {
        let found = of_hub(member, github, &json!({ "attributeMapping": mapping, "attributeCondition": condition }));
        has(&found, &[&format!("{kind}: "), "GitHub Actions directly", member.split_once(' ').unwrap().1]);
    }
    let mapping = json!({ "google.subject": "assertion.sub", "google.groups": "assertion.groups", "attribute.all": "'x'",
        "attribute.aud": "assertion.aud", "attribute.team": "assertion.sub.extract('{team}/')" });
    for (member, condition, kind) in [
        ("principalSet *", "", "Anybody"),
        ("principalSet *", "true", "Anybody"),
        ("principalSet *", "assertion.aud == 'x'", "Anybody"),
        ("principalSet *", "assertion.aud in ['x'] && assertion.email_verified == true", "Anybody"),
        ("principalSet *", "assertion.sub.startsWith('')", "Anybody"),
        ("principalSet attribute.all/x", "", "Anybody"),
        ("principalSet attribute.aud/x", "", "Anybody"),
        ("principalSet attribute.nothing/x", "", "Anybody"),
        ("principalSet *", "assertion.sub.matches('^acme/')", "NotUnderstood"),
        ("principalSet *", "assertion.sub == 'acme' || true", "NotUnderstood"),
        ("principalSet *", "assertion.sub.startsWith('acme/')", "Others"),
        ("principalSet attribute.team/acme", "", "Others"),
        ("principalSet group/acme", "", "Others"),
        ("principal subject/acme/shop", "assertion.sub.matches('x')", "Others"),
    ] {
        let found =
            of_hub(member, "https://gitlab.acme.com", &json!({ "attributeMapping": mapping, "attributeCondition": condition }));
        has(&found, &[&format!("{kind}: "), "GitLab directly (gitlab.acme.com)", member.split_once(' ').unwrap().1]);
    }
    let uploaded = of_hub(
        "principal subject/repo:acme/shop:ref:refs/heads/main",
        github,
        &json!({ "oidc": { "issuerUri": github, "jwksJson": "{\"keys\":[]}" } }),
    );
    has(&uploaded, &["NotUnderstood", "uploaded"]);
}

#[test]
fn direct_access_is_not_checked_and_its_pool_is() {
    let direct = GrantedInClouds { gcp: GcpUse { direct: subjects(), ..GcpUse::default() }, ..granted() };
    let found = describe(&[export("p.json", &json!([provider(&format!("{POOL}/providers/x"), "https://gitlab.com")]))], &direct);
    has(&found, &["NotSeen: which resources members of the pool get at directly"]);
    has(&found, &["Anybody: its provider x shows subjects too"]);
    assert!(!direct.is_empty());
}

#[test]
fn every_permission_that_leads_to_an_account_is_reported() {
    let custom = "projects/acme-prod/roles/custom";
    let of = |permission: &str| {
        let role = json!({ "name": custom, "stage": "GA", "includedPermissions": ["a.b.c", permission] });
        let account = export(&format!("{ACCOUNT}.json"), &policy(&[(custom, "user:lea@acme.com")]));
        describe(&[account, export("role.json", &role)], &gcp())
    };
    for permission in [
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.getOpenIdToken",
        "iam.serviceAccounts.implicitDelegation",
        "iam.serviceAccounts.signBlob",
        "iam.serviceAccounts.signJwt",
        "iam.serviceAccounts.actAs",
        "iam.serviceAccounts.setIamPolicy",
        "iam.serviceAccountKeys.create",
        "iam.serviceAccountKeys.enable",
        "iam.serviceAccountApiKeyBindings.create",
        "iam.serviceAccountApiKeyBindings.undelete",
        "storage.hmacKeys.create",
        "resourcemanager.projects.setIamPolicy",
        "resourcemanager.folders.setIamPolicy",
        "resourcemanager.organizations.setIamPolicy",
        "iam.roles.update",
        "iam.workloadIdentityPools.update",
        "iam.workloadIdentityPools.undelete",
        "iam.workloadIdentityPoolProviders.create",
        "iam.workloadIdentityPoolProviders.update",
        "iam.workloadIdentityPoolProviders.undelete",
    ] {
        has(&of(permission), &["Others: user:lea@acme.com "]);
    }
    for harmless in ["iam.serviceAccounts.get", "iam.workloadIdentityPools.list", "orgpolicy.policy.set"] {
        assert!(!of(harmless).iter().any(|one| one.contains("lea")), "{harmless}");
    }
}
