//! Roles of AWS: who else may assume them.

use super::*;

pub(super) fn aws_grants() -> GrantedInClouds {
    let used = RoleUse { subjects: subjects(), ..RoleUse::default() };
    GrantedInClouds { roles: BTreeMap::from([(RoleArn::parse(ROLE).unwrap(), used)]), ..granted() }
}

/// What `aws iam get-account-authorization-details` prints of an account with these statements on the role.
pub(super) fn details(statements: &Value) -> Value {
    let may_assume = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:Assume*", "Resource": "arn:aws:iam::111122223333:role/shop-*" }] });
    let policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    json!({
        "UserDetailList": [
            { "Path": "/", "UserName": "lea", "UserId": "AIDAEXAMPLE1", "Arn": "arn:aws:iam::111122223333:user/lea", "GroupList": ["ops"], "AttachedManagedPolicies": [], "Tags": [] },
            { "Path": "/", "UserName": "bot", "UserId": "AIDAEXAMPLE2", "Arn": "arn:aws:iam::111122223333:user/bot", "GroupList": [], "AttachedManagedPolicies": [{ "PolicyName": "AdministratorAccess", "PolicyArn": policy }] },
            { "Path": "/", "UserName": "none", "UserId": "AIDAEXAMPLE3", "Arn": "arn:aws:iam::111122223333:user/none", "GroupList": [], "AttachedManagedPolicies": [] },
        ],
        "GroupDetailList": [{ "Path": "/", "GroupName": "ops", "GroupId": "AGPAEXAMPLE", "Arn": "arn:aws:iam::111122223333:group/ops", "GroupPolicyList": [{ "PolicyName": "assume", "PolicyDocument": may_assume }], "AttachedManagedPolicies": [] }],
        "RoleDetailList": [
            { "Path": "/", "RoleName": "shop-deploy", "RoleId": "AROAEXAMPLE", "Arn": ROLE, "CreateDate": "2026-01-01T00:00:00+00:00",
              "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": statements }, "InstanceProfileList": [], "RolePolicyList": [], "AttachedManagedPolicies": [], "Tags": [], "RoleLastUsed": {} },
        ],
        "Policies": [{ "PolicyName": "AdministratorAccess", "PolicyId": "ANPAEXAMPLE", "Arn": policy, "Path": "/", "DefaultVersionId": "v1", "AttachmentCount": 1, "IsAttachable": true,
            "PolicyVersionList": [{ "Document": { "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] }, "VersionId": "v1", "IsDefaultVersion": true }] }],
    })
}

pub(super) fn web(provider: &str, condition: &Value) -> Value {
    json!({ "Effect": "Allow", "Principal": { "Federated": provider }, "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], "Condition": condition })
}

pub(super) fn own(condition: &Value) -> Value {
    let mut all = json!({ "oidc.acme.com:aud": "sts.amazonaws.com" });
    all.as_object_mut().unwrap().extend(condition.as_object().unwrap().clone());
    web(OWN, &json!({ "StringEquals": all }))
}

pub(super) fn of_role(statements: &Value) -> Vec<String> {
    describe(&[export("account.json", &details(statements))], &aws_grants())
}

#[test]
fn a_role_that_only_daypass_assumes_has_one_way_in() {
    let only = of_role(&json!([own(&json!({ "oidc.acme.com:sub": [SUBJECT] }))]));
    assert_eq!(only, ["Ours: daypass, for exactly root/shop/deploy"]);
    // The API answers with an encoded document, and `aws iam get-role` with one role.
    let document = json!({ "Statement": own(&json!({ "oidc.acme.com:sub": SUBJECT })) }).to_string().replace('"', "%22");
    let role =
        json!({ "Role": { "RoleName": "shop-deploy", "Arn": ROLE, "AssumeRolePolicyDocument": format!("%20{document}") } });
    assert_eq!(describe(&[export("role.json", &role)], &aws_grants()), only);
}

#[test]
fn whoever_else_may_assume_a_role_is_reported() {
    let ours = own(&json!({ "oidc.acme.com:sub": SUBJECT }));
    for (statement, parts) in [
        (
            web(GITHUB, &json!({ "StringLike": { "token.actions.githubusercontent.com:sub": "repo:acme/shop:*" } })),
            &["Others: GitHub Actions directly", "repo:acme/shop:*"][..],
        ),
        (
            web(GITHUB, &json!({ "StringEquals": { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" } })),
            &["Anybody: GitHub Actions directly"],
        ),
        (
            web(GITHUB, &json!({ "StringLike": { "token.actions.githubusercontent.com:sub": ["repo:acme/a", "repo:*"] } })),
            &["Anybody: GitHub Actions"],
        ),
        (
            web(GITHUB, &json!({ "StringNotLike": { "token.actions.githubusercontent.com:sub": "repo:evil/*" } })),
            &["Anybody: GitHub Actions"],
        ),
        (
            web("arn:aws:iam::111122223333:oidc-provider/vault.acme.com/v1/identity/oidc/plugins", &json!({})),
            &["Anybody: Vault or OpenBao", "without a condition"],
        ),
        (
            web(
                "arn:aws:iam::111122223333:oidc-provider/gitlab.acme.com",
                &json!({ "StringLike": { "gitlab.acme.com:sub": "project_path:acme/*" } }),
            ),
            &["Others: GitLab directly"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole" }),
            &["Anybody: anybody at AWS, without a condition"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "*", "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-1" } } }),
            &["Anybody: anybody at AWS, where aws:PrincipalOrgID"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": "999988887777" }, "Action": "sts:AssumeRole" }),
            &["Others: whoever the account 999988887777 allows to", "no export of it"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "sts:AssumeRole" }),
            &["Others: the IAM user arn:aws:iam::111122223333:user/lea", "own policies allow"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "sts:AssumeRole" }),
            &["Others: the IAM user arn:aws:iam::111122223333:user/bot"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:user/bot" }, "Action": "sts:AssumeRole" }),
            &["Others: the IAM user", "in no export here"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:role/ci" }, "Action": "sts:AssumeRole" }),
            &["Others: the role", "whoever may assume that one"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "Service": "rolesanywhere.amazonaws.com" }, "Action": "sts:AssumeRole" }),
            &["Others: whoever holds a certificate"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" }),
            &["Others: the AWS service ec2"],
        ),
        (
            json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "arn:aws:iam::111122223333:user/lea" }, "Action": "sts:AssumeRole" }),
            &["NotUnderstood: statement 2 may let others in: `NotPrincipal`"],
        ),
        (
            json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:user/*" }, "Action": "sts:AssumeRole" }),
            &["NotUnderstood: statement 2 may let others in"],
        ),
        (json!({ "Effect": "Allow", "Principal": { "New": "x" }, "Action": "sts:AssumeRole" }), &["NotUnderstood", "New `x`"]),
        (json!({ "Effect": "Allow", "Principal": { "AWS": "x" }, "NotAction": "sts:TagSession" }), &["NotUnderstood", "`x`"]),
        (json!({ "Effect": "Permit", "Principal": "*", "Action": "sts:AssumeRole" }), &["NotUnderstood", "`Effect`"]),
        (
            json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Unless": {} }),
            &["NotUnderstood", "`Unless`"],
        ),
        (json!({ "Effect": "Deny", "Principal": "*", "Action": "*" }), &["NotSeen: statement 2 denies"]),
        (
            web(OWN, &json!({ "StringLike": { "oidc.acme.com:sub": "root/*" } })),
            &["NotUnderstood: statement 2 lets in daypass for subjects that it does not list"],
        ),
        (
            web(OWN, &json!({ "StringFuzzy": { "oidc.acme.com:sub": SUBJECT } })),
            &["NotUnderstood: statement 2 lets in daypass", "StringFuzzy"],
        ),
        (
            web(OWN, &json!({ "StringEquals": { "oidc.acme.com:sub": SUBJECT } })),
            &["Others: it takes tokens of daypass for other audiences too"],
        ),
        (
            own(&json!({ "oidc.acme.com:sub": "root/old" })),
            &["Others: daypass for the subject root/old, which no policy in force has"],
        ),
        (
            own(&json!({ "oidc.acme.com:sub": "team-a/x" })),
            &["NotSeen: daypass for the subject team-a/x, of the further source team-a"],
        ),
        (
            own(&json!({ "oidc.acme.com:sub": SUBJECT, "aws:SourceVpc": "vpc-1" })),
            &["NotSeen: a condition beyond audience, subject and external id"],
        ),
    ] {
        let found = of_role(&json!([ours, statement]));
        has(&found, parts);
        has(&found, &["Ours: daypass, for exactly root/shop/deploy"]);
    }
    let tags = json!({ "Effect": "Allow", "Principal": "*", "Action": ["sts:TagSession", "sts:SetSourceIdentity"] });
    assert_eq!(of_role(&json!([ours, tags])).len(), 1, "nobody assumes a role by tagging");
    let root = of_role(
        &json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "sts:AssumeRole" }),
    );
    assert!(!root.iter().any(|one| one.contains("user/none")), "{root:?}");
    has(&root, &["Missing: it does not let daypass in for root/shop/deploy"]);
}

#[test]
fn access_keys_are_counted_if_an_export_has_them() {
    let user =
        json!([{ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:user/bot" }, "Action": "sts:AssumeRole" }]);
    let table = "user,arn,user_creation_time,access_key_1_active,access_key_2_active\nbot,arn:aws:iam::111122223333:user/bot,x,true,false\n";
    let report = json!({ "Content": base64::engine::general_purpose::STANDARD.encode(table), "ReportFormat": "text/csv" });
    let list = json!({ "AccessKeyMetadata": [{ "UserName": "bot", "AccessKeyId": "AKIAEXAMPLE", "Status": "Active" }, { "UserName": "bot", "AccessKeyId": "AKIAEXAMPLE2", "Status": "Active" }] });
    for (keys, expected) in [(report, "1 active access key"), (list, "2 active access keys")] {
        has(&describe(&[export("a.json", &details(&user)), export("keys.json", &keys)], &aws_grants()), &[expected]);
    }
    let raw = Export { name: "report.csv".to_owned(), owner: None, bytes: table.as_bytes().to_vec() };
    has(&describe(&[export("a.json", &details(&user)), raw], &aws_grants()), &["1 active access key"]);
}

/// `aws iam list-access-keys` names no account.
#[test]
fn a_list_of_access_keys_counts_only_with_the_details_of_one_account() {
    let list = |status: &str| {
        export(
            "keys.json",
            &json!({ "AccessKeyMetadata": [{ "UserName": "bot", "AccessKeyId": "AKIAEXAMPLE", "Status": status }] }),
        )
    };
    let of = |user: &str| json!([{ "Effect": "Allow", "Principal": { "AWS": user }, "Action": "sts:AssumeRole" }]);
    let own = export("a.json", &details(&of("arn:aws:iam::111122223333:user/bot")));
    let mut partner = details(&json!([]));
    partner["RoleDetailList"] = json!([]);
    for user in partner["UserDetailList"].as_array_mut().unwrap() {
        user["Arn"] = user["Arn"].as_str().unwrap().replace("111122223333", "999988887777").into();
    }
    let partner = export("b.json", &partner);
    has(&describe(&[own.clone(), list("Inactive")], &aws_grants()), &["no active access key", "names no account"]);
    let foreign = export("a.json", &details(&of("arn:aws:iam::999988887777:user/bot")));
    let absent = export("a.json", &details(&of("arn:aws:iam::111122223333:user/ops/bot")));
    let role =
        json!({ "Role": { "Arn": ROLE, "AssumeRolePolicyDocument": { "Statement": of("arn:aws:iam::111122223333:user/bot") } } });
    for exports in [
        vec![foreign.clone()],
        vec![foreign, partner.clone()],
        vec![own, partner],
        vec![absent],
        vec![export("role.json", &role)],
    ] {
        for status in ["Inactive", "Active"] {
            let found = describe(&[&exports[..], &[list(status)]].concat(), &aws_grants());
            has(&found, &["Others: the IAM user", "user/", "whose access keys are in no export here"]);
            assert!(!found.iter().any(|one| one.contains("active access key")), "{found:#?}");
        }
    }
}

#[test]
fn what_is_granted_and_not_exported_is_missing() {
    let mut other = details(&json!([]));
    other["RoleDetailList"][0]["Arn"] = "arn:aws:iam::111122223333:role/other".into();
    has(
        &describe(&[export("a.json", &other)], &aws_grants()),
        &["Missing: policies grant it, and the export of the account 111122223333 lacks it"],
    );
    has(&describe(&[], &aws_grants()), &["Missing", "no export of the account"]);
    has(&describe(&[], &gcp()), &["Missing: policies grant it, and no export of its policy"]);
    has(&describe(&[], &azure()), &["Missing: policies grant it, and no export of its federated credentials"]);
}
