use super::*;

#[test]
fn issuers_are_https_or_loopback() {
    for good in ["https://token.actions.githubusercontent.com", "https://a.example/", "http://127.0.0.1:8200/v1/identity/oidc"] {
        assert!(IssuerUrl::parse(good).is_ok(), "{good}");
    }
    let bad = [
        "http://a.example",
        "http://127.0.0.1.evil.example",
        "https://",
        "https://u@a.example",
        "https://a.example/?x",
        "https://a.example/../b",
        "https://a.ex\u{430}mple",
    ];
    for bad in bad {
        assert!(IssuerUrl::parse(bad).is_err(), "{bad}");
    }
}

/// A name stands in records, which readers of the audit log see.
#[test]
fn a_secret_is_no_name() {
    let token = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{}", "s".repeat(342));
    let key = format!("AGE-SECRET-KEY-1{}", "Q".repeat(58));
    for bad in [&token, &key] {
        assert_eq!(Audience::parse(bad), Err(NameError::Secret));
        assert_eq!(PolicyName::parse(&format!("shop/{bad}")), Err(NameError::Secret));
        assert_eq!(TransitKey::parse(bad), Err(NameError::Secret));
        for secret in [format!("shop/{bad}"), format!("shop/a.yaml#/{bad}"), format!("shop/a.yaml#{bad}")] {
            let fault = SecretName::parse(&secret).unwrap_err().to_string();
            assert!(!fault.contains(&**bad), "{fault}");
        }
    }
    assert_eq!(Audience::parse("https://u:p@a.example"), Err(NameError::Secret));
    for good in ["https://a.example/x?y=z", "sts.amazonaws.com", "acme/shop@456789"] {
        assert!(Audience::parse(good).is_ok(), "{good}");
    }
}

#[test]
fn an_underscore_may_stand_for_a_folder() {
    let in_folder = |name: &str| PolicyName::parse(name).unwrap().in_folder().map(|name| name.to_string());
    assert_eq!(in_folder("flux-system_apps_eu").as_deref(), Some("flux-system/apps_eu"));
    for none in ["deploy", "_deploy", "deploy_", "a_/b", "a_.b"] {
        assert_eq!(in_folder(none), None, "{none}");
    }
}

#[test]
fn paths_cannot_climb() {
    for bad in ["", "/a", "a//b", "a/../b", ".git/config", "a/", "a\\b", "a\0b"] {
        assert!(SecretPath::parse(bad).is_err(), "{bad:?}");
    }
    assert_eq!(SecretName::parse("shop/db.yaml#/password").map(|name| name.key), Ok(Some("/password".to_owned())));
    assert!(SecretName::parse("shop/db.yaml#password").is_err());
}

#[test]
fn role_arns_have_an_account_and_no_pattern() {
    let role = RoleArn::parse("arn:aws:iam::123456789012:role/shop-deploy");
    assert_eq!(role.as_ref().map(RoleArn::account), Ok("123456789012"));
    for bad in
        ["arn:aws:iam::12:role/x", "arn:aws:iam::123456789012:role/*", "arn:aws:iam::123456789012:user/x", "arn:aws:s3:::b"]
    {
        assert!(RoleArn::parse(bad).is_err(), "{bad}");
    }
}

/// IAM has no role or policy with a longer name or path, so a grant of one would fail at each use.
#[test]
fn names_and_paths_of_iam_are_as_long_as_iam_takes() {
    let role = |path: usize, name: usize| {
        let path = if path == 0 { String::new() } else { format!("{}/", "p".repeat(path)) };
        RoleArn::parse(&format!("arn:aws:iam::123456789012:role/{path}{}", "n".repeat(name)))
    };
    for good in [(0, 1), (0, 64), (510, 64)] {
        assert!(role(good.0, good.1).is_ok(), "{good:?}");
    }
    for bad in [(0, 0), (0, 65), (511, 1), (1, 0)] {
        assert_eq!(role(bad.0, bad.1), Err(NameError::RoleName), "{bad:?}");
    }
    let managed = |name: usize| check_managed_policy_arn(&format!("arn:aws:iam::aws:policy/{}", "n".repeat(name)));
    assert_eq!((managed(128), managed(129)), (Ok(()), Err(NameError::NoManagedPolicyArn)));
}

#[test]
fn a_partition_has_lower_case_letters_and_hyphens() {
    for (partition, is_one) in [
        ("aws", true),
        ("aws-us-gov", true),
        ("aws\u{0}", false),
        ("aws\u{430}", false),
        ("aws/x", false),
        ("awsX", false),
        ("gcp", false),
    ] {
        let role = RoleArn::parse(&format!("arn:{partition}:iam::123456789012:role/x"));
        let key = KmsKeyArn::parse(&format!("arn:{partition}:kms:eu-west-1:123456789012:key/x"));
        let managed = check_managed_policy_arn(&format!("arn:{partition}:iam::aws:policy/X"));
        assert_eq!((role.is_ok(), key.is_ok(), managed.is_ok()), (is_one, is_one, is_one), "{partition:?}");
    }
}
