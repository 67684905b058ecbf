use super::*;

#[test]
fn each_role_trusts_the_subjects_that_may_have_it_and_no_more() {
    let role = |text: &str| RoleArn::parse(text).unwrap();
    let subjects = |list: &[&str]| RoleUse {
        subjects: list.iter().map(|subject| (*subject).to_owned()).collect(),
        session_names: [DECISION_NAMES.to_owned()].into(),
        ..RoleUse::default()
    };
    let roles = Roles::from([
        (role("arn:aws:iam::123456789012:role/ci/shop-deploy"), subjects(&["root/shop/deploy", "team-a/deploy"])),
        (role("arn:aws:iam::999999999999:role/other"), subjects(&["root/other"])),
    ]);
    let issuer = IssuerUrl::parse("https://oidc.acme.example").unwrap();
    let bootstrap = Bootstrap::new(&issuer, "123456789012", &roles, Some("arn:aws:iam::123456789012:role/admins"));
    let policies = bootstrap.trust_policies();
    let statement = &policies["arn:aws:iam::123456789012:role/ci/shop-deploy"]["Statement"][0];
    assert_eq!(statement["Condition"]["StringEquals"]["oidc.acme.example:sub"], json!(["root/shop/deploy", "team-a/deploy"]));
    assert_eq!(statement["Principal"]["Federated"], "arn:aws:iam::123456789012:oidc-provider/oidc.acme.example");
    assert_eq!(policies.as_object().unwrap().len(), 2, "the other account's role is not here: {policies:#}");
    let template = bootstrap.cloudformation();
    let properties = &template["Resources"]["Roleshopdeploy"]["Properties"];
    assert_eq!((&properties["Path"], &properties["RoleName"]), (&json!("/ci/"), &json!("shop-deploy")));
    let terraform = bootstrap.terraform();
    let trust = terraform["resource"]["aws_iam_role"]["shop_deploy"]["assume_role_policy"].as_str().unwrap();
    assert_eq!(&serde_json::from_str::<Value>(trust).unwrap()["Statement"][0], statement);
    assert!(terraform["resource"]["aws_iam_role"]["daypass_break_glass"].is_object());
}

#[test]
fn a_role_in_between_trusts_our_issuer_and_its_target_trusts_it() {
    let role = |text: &str| RoleArn::parse(text).unwrap();
    let (hub, target) = (role("arn:aws:iam::111122223333:role/hub"), role("arn:aws:iam::123456789012:role/deploy"));
    let between = IntermediateRole { role: hub.clone(), external_id: Some("acme".to_owned()) };
    let names: BTreeSet<String> = ["deploy-*".to_owned()].into();
    let roles = Roles::from([
        (
            hub.clone(),
            RoleUse {
                subjects: ["root/shop/deploy".to_owned()].into(),
                targets: [target.clone()].into(),
                session_names: names.clone(),
                ..RoleUse::default()
            },
        ),
        (target, RoleUse { intermediates: [between].into(), session_names: names, ..RoleUse::default() }),
    ]);
    let issuer = IssuerUrl::parse("https://oidc.acme.example").unwrap();
    let of = |account: &str| Bootstrap::new(&issuer, account, &roles, None).trust_policies();
    let (first, second) = (of("111122223333"), of("123456789012"));
    let statements = |document: &Value, arn: &str| document[arn]["Statement"].as_array().unwrap().clone();
    let hub_trust = statements(&first, hub.as_str());
    assert_eq!(hub_trust[0]["Action"], "sts:AssumeRoleWithWebIdentity");
    assert_eq!(hub_trust[0]["Condition"]["StringLikeIfExists"]["sts:RoleSessionName"], json!(["deploy-*"]));
    assert_eq!(hub_trust[1]["Action"], json!(["sts:TagSession", "sts:SetSourceIdentity"]));
    assert_eq!(hub_trust[1]["Condition"]["StringEquals"]["oidc.acme.example:sub"], json!(["root/shop/deploy"]));
    let target_trust = statements(&second, "arn:aws:iam::123456789012:role/deploy");
    assert_eq!(target_trust[0]["Principal"], json!({ "AWS": hub }));
    assert_eq!(target_trust[0]["Action"], "sts:AssumeRole");
    assert_eq!(target_trust[0]["Condition"]["StringEquals"], json!({ "sts:ExternalId": "acme" }));
    assert_eq!(target_trust[1].get("Condition"), None);
    let bootstrap = Bootstrap::new(&issuer, "111122223333", &roles, None);
    let allowed = &bootstrap.permissions()[hub.as_str()]["Statement"][0];
    assert_eq!(allowed["Resource"], json!(["arn:aws:iam::123456789012:role/deploy"]));
    let own = &bootstrap.cloudformation()["Resources"]["Rolehub"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0];
    assert_eq!(own, allowed);
    assert_eq!(bootstrap.terraform()["resource"]["aws_iam_role_policy"]["hub"]["role"], "${aws_iam_role.hub.name}");
    let template = Bootstrap::new(&issuer, "123456789012", &roles, None).cloudformation();
    assert_eq!(template["Resources"].get("Daypass"), None, "that account need not know our issuer: {template:#}");
}

#[test]
fn roles_whose_names_differ_only_in_punctuation_all_have_a_resource() {
    let role = |name: &str| RoleArn::parse(&format!("arn:aws-cn:iam::123456789012:role/{name}")).unwrap();
    let of = |names: &[&str]| -> Roles {
        names
            .iter()
            .map(|name| (role(name), RoleUse { subjects: ["root/shop".to_owned()].into(), ..RoleUse::default() }))
            .collect()
    };
    let issuer = IssuerUrl::parse("https://oidc.acme.example").unwrap();
    let ids = |roles: &Roles| {
        let bootstrap = Bootstrap::new(&issuer, "123456789012", roles, None);
        let name = |role: &Value, key: &str| role[key].as_str().unwrap().to_owned();
        let (template, terraform) = (bootstrap.cloudformation(), bootstrap.terraform());
        let resources = template["Resources"].as_object().unwrap().iter().filter(|(id, _)| *id != "Daypass");
        let stack: BTreeMap<String, String> =
            resources.map(|(id, role)| (name(&role["Properties"], "RoleName"), id.clone())).collect();
        let labels = terraform["resource"]["aws_iam_role"].as_object().unwrap().iter();
        (stack, labels.map(|(label, role)| (name(role, "name"), label.clone())).collect::<BTreeMap<_, _>>())
    };
    let names = ["1st", "shop-deploy", "shop.deploy", "shop_deploy", "shopdeploy", "other"];
    let (stack, labels) = ids(&of(&names));
    assert_eq!((stack.len(), labels.len()), (names.len(), names.len()), "{stack:?} {labels:?}");
    assert_eq!((&*stack["other"], &*labels["other"], &*labels["shopdeploy"]), ("Roleother", "other", "shopdeploy"));
    assert_eq!(labels["1st"], "_1st");
    assert!(labels["shop.deploy"].starts_with("shop_deploy_") && stack["shopdeploy"].starts_with("Roleshopdeploy"));
    let (again, _) = ids(&of(&names[1..3]));
    assert_eq!((&again["shop-deploy"], &again["shop.deploy"]), (&stack["shop-deploy"], &stack["shop.deploy"]));
}

#[test]
fn the_role_that_works_without_daypass_is_in_the_partition_of_the_account() {
    let issuer = IssuerUrl::parse("https://oidc.acme.example").unwrap();
    let role = RoleArn::parse("arn:aws-us-gov:iam::123456789012:role/a").unwrap();
    for (roles, principal, expected) in [
        (Roles::from([(role, RoleUse::default())]), "123456789012", "arn:aws-us-gov:iam::123456789012:role/daypass-break-glass"),
        (Roles::new(), "arn:aws-cn:iam::123456789012:role/a", "arn:aws-cn:iam::123456789012:role/daypass-break-glass"),
        (Roles::new(), "123456789012", "arn:aws:iam::123456789012:role/daypass-break-glass"),
    ] {
        let policies = Bootstrap::new(&issuer, "123456789012", &roles, Some(principal)).trust_policies();
        assert!(policies.get(expected).is_some(), "{policies:#}");
    }
}
