use super::super::super::tests::only;
use super::*;
use crate::policy::import::{ImportSettings, import};

const GITHUB: &str = "https://token.actions.githubusercontent.com";

fn check(list: &str, issuer: &str) -> Result<(), String> {
    TrustedIssuers::read("acme/x.yaml", list.as_bytes()).check(issuer).map_err(|reason| reason.to_string())
}

#[test]
fn an_issuer_that_the_account_does_not_list_is_refused() {
    let list = format!("issuers:\n  - {GITHUB}\n  - https://accounts.google.com\n");
    assert_eq!(check(&list, GITHUB), Ok(()));
    assert_eq!(check(&format!("mode: enforce\n{list}"), GITHUB), Ok(()));
    let refused = check(&list, "https://gitlab.com").unwrap_err();
    assert_eq!(refused, "acme/x.yaml does not permit the issuer https://gitlab.com");
    assert!(check(&list, &format!("{GITHUB}/")).is_err() && check(&list, "https://accounts.google.com.evil.example").is_err());
    assert_eq!(check(&format!("mode: audit\n{list}"), "https://gitlab.com"), Ok(()), "octo-sts refuses nothing then");
}

#[test]
fn patterns_match_whole_issuers() {
    let eks =
        "issuer_patterns:\n  - https://oidc\\.eks\\.[a-z0-9-]+\\.amazonaws\\.com/id/[A-F0-9]{4}\n  - https://(a|b)\\.example\n";
    for good in ["https://oidc.eks.eu-west-1.amazonaws.com/id/0A1F", "https://a.example"] {
        assert_eq!(check(eks, good), Ok(()), "{good}");
    }
    for bad in
        ["https://oidc.eks.a/b.amazonaws.com/id/0A1F", "https://oidc.eks.a.amazonaws.com/id/0A1FF", "https://a.example.evil"]
    {
        assert!(check(eks, bad).unwrap_err().contains("does not permit"), "{bad}");
    }
}

/// octo-sts refuses everybody where it refuses the file, and this import where it does not know what octo-sts does.
#[test]
fn a_list_that_is_not_understood_permits_nobody() {
    for (list, reason) in [
        ("", "expected a mapping"),
        ("issuers: []\n", "it lists no issuer"),
        ("mode: warn\nissuers: [https://a.example]\n", "`mode: warn`"),
        ("issuers: https://a.example\n", "expected a list"),
        ("issuers: [https://a.example]\nextra: 1\n", "unknown key `extra`"),
        ("issuers: [https://a.example, 'http://b.example']\n", "`http://b.example` is no issuer"),
        ("issuers: [https://a.example, 'https://B.example']\n", "`https://B.example` is no issuer"),
        ("issuers: [https://a.example]\nissuer_patterns: ['https://.*\\.example']\n", "`https://.*\\.example`"),
        ("issuers: [https://a.example]\nissuer_patterns: ['https://b.example']\n", "`https://b.example`"),
        ("issuers: [https://a.example]\nissuer_patterns: ['https://[a-z/]+\\.example']\n", "[a-z/]"),
        ("issuers: [https://a.example]\nissuer_patterns: ['https://[.-9]+\\.example']\n", "[.-9]"),
        ("issuers: [https://a.example]\nissuer_patterns: ['https://[^a]+\\.example']\n", "[^a]"),
        ("issuers: [https://a.example]\nissuer_patterns: ['https://b\\.example(/c)?']\n", "(/c)?"),
        ("issuers: [https://a.example]\nissuer_patterns: ['(?i)https://b\\.example']\n", "(?i)"),
        ("issuers: [https://a.example]\nissuer_patterns: ['https://b\\.example)|(']\n", ")|("),
        ("issuers: [https://a.example]\nissuer_patterns: ['https://b**']\n", "b**"),
        ("issuers: [https://a.example]\nissuer_patterns: ['https://[a-z]{1, 20}\\.example']\n", "{1, 20}"),
        ("issuers: [https://a.example, 'https://b.example/x//y']\n", "no issuer"),
        ("issuers: [https://a.example, 'https://b.example/x~']\n", "no issuer"),
        ("issuers: [https://a.example, 'https://b.example:abc']\n", "no issuer"),
        ("mode: audit\nissuers: [https://b.example]\n# x\u{2028}mode: enforce\n", "U+2028"),
    ] {
        let refused = check(list, "https://a.example").expect_err(list);
        assert!(
            refused.starts_with("which issuers acme/x.yaml permits is not known") && refused.contains(reason),
            "{list}: {refused}"
        );
    }
    let many = format!("issuers: [{}]\n", vec!["https://a.example"; ISSUERS_MAX + 1].join(", "));
    assert!(check(&many, "https://a.example").is_err());
    let long = format!("issuer_patterns: ['https://{}']\n", "a".repeat(PATTERN_BYTES_MAX));
    assert!(check(&long, "https://a.example").is_err());
    let long = format!("issuers: [https://a.example, 'https://b.example/{}']\n", "a".repeat(SEGMENT_BYTES_MAX + 1));
    assert!(check(&long, "https://a.example").is_err());
    assert_eq!(check("issuers: ['https://a.example:8443/realms/x', https://b.example/]\n", "https://b.example/"), Ok(()));
    assert!(TrustedIssuers::unread("acme/x.yaml", "it is a link").check(GITHUB).is_err());
}

#[test]
fn a_policy_for_such_an_issuer_is_refused() {
    let lists = [TrustedIssuers::read("acme/x.yaml", b"issuers: [https://accounts.google.com]\n")];
    let settings = ImportSettings { trusted: &lists, ..ImportSettings::default() };
    let read = |issuer: &str| only(import("a.sts.yaml", format!("issuer: {issuer}\nsubject: '1'\n").as_bytes(), &settings));
    assert!(read("https://accounts.google.com").is_ok());
    let role =
        r#"{"Role":{"RoleName":"a","Arn":"arn:aws:iam::123456789012:role/a","AssumeRolePolicyDocument":{"Statement":[]}}}"#;
    let planted = only(import("a.sts.yaml", role.as_bytes(), &settings)).unwrap_err();
    assert!(planted.contains("is it a trust policy of octo-sts?"), "{planted}");
    assert_eq!(read("https://gitlab.com").unwrap_err(), "acme/x.yaml does not permit the issuer https://gitlab.com");
}
