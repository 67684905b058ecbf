use crate::kind::Target;
use crate::policy::Ruleset;
use crate::policy::decide::Moment;
use crate::policy::decide::tests::{github, good};
use crate::policy::{PastSecretTerms, Terms};
use crate::token::Possession;
use crate::words::names::{PolicyName, SecretName};
use crate::words::{Reason, UnixTime};
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

const READER: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  secrets:
    - { secret: shop/db.yaml#/password, offline: 2h }
    - { secret: shop/db.yaml#/user, offline: 10m }
    - shop/whole.yaml
";

/// The values that are granted of this document, and for how long they may be kept.
fn values(ruleset: &Ruleset, document: &str, named: Option<&str>) -> Result<(Option<Vec<String>>, Duration), Reason> {
    let target = Target::Secret(SecretName::parse(document).unwrap());
    let named = named.map(|name| PolicyName::parse(name).unwrap());
    let facts = github(json!({}));
    let granted = ruleset.set().grant_whole_or_parts(&facts, &target, named.as_ref(), Moment::at(UnixTime::from_seconds(0)));
    match granted.map_err(|denial| denial.reason)?.terms {
        Terms::Secret(terms) => Ok((terms.only, terms.offline)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_document_is_granted_with_its_granted_values_alone() {
    let ruleset = good(&[("policies/shop/read.yaml", READER)]);
    let both = Some(vec!["/password".to_owned(), "/user".to_owned()]);
    assert_eq!(values(&ruleset, "shop/db.yaml", None), Ok((both, Duration::from_secs(600))));
    assert_eq!(values(&ruleset, "shop/whole.yaml", None).map(|(only, _)| only), Ok(None));
    assert_eq!(values(&ruleset, "shop/db.yaml#/password", None).map(|(only, _)| only), Ok(None));
    assert_eq!(values(&ruleset, "shop/db.yaml#/port", None), Err(Reason::NoMatchingPolicy));
    assert_eq!(values(&ruleset, "shop/other.yaml", None), Err(Reason::NoMatchingPolicy));
}

#[test]
fn values_of_two_policies_are_ambiguous_unless_one_is_named() {
    let other = READER.replace("/user", "/port").replace("/password", "/host");
    let ruleset = good(&[("policies/shop/read.yaml", READER), ("policies/shop/other.yaml", &other)]);
    assert_eq!(values(&ruleset, "shop/db.yaml", None), Err(Reason::PolicyAmbiguous));
    let named = values(&ruleset, "shop/db.yaml", Some("shop/other")).map(|(only, _)| only);
    assert_eq!(named, Ok(Some(vec!["/host".to_owned(), "/port".to_owned()])));
}

/// What is decided on the document, and by nothing that a file's name could change.
fn outcome(policies: &[&str], names: &[&str]) -> Result<(Terms, bool, Possession), Reason> {
    let files: Vec<(String, &str)> =
        names.iter().zip(policies).map(|(name, text)| (format!("policies/{name}.yaml"), *text)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let wanted = Target::Secret(SecretName::parse("shop/db.yaml").unwrap());
    let ruleset = good(&files);
    let granted = ruleset.set().grant_whole_or_parts(&github(json!({})), &wanted, None, Moment::at(UnixTime::from_seconds(0)));
    granted.map(|granted| (granted.terms, granted.once, granted.proof)).map_err(|denial| denial.reason)
}

/// A policy that grants these values of the document.
fn reader(values: &[&str], rest: &str) -> String {
    let entries: String = values.iter().map(|value| format!("    - \"shop/db.yaml#/{value}\"\n")).collect();
    format!("{}  secrets:\n{entries}{rest}", READER.split("  secrets:").next().unwrap())
}

#[test]
fn a_policy_that_grants_every_value_is_preferred_whatever_grants_one_of_them_too() {
    let all = reader(&["password", "user"], "");
    for one in [reader(&["password"], ""), reader(&["user"], "replay: once\n"), reader(&["user"], "dpop: required\n")] {
        for names in [["a", "b"], ["b", "a"]] {
            let granted = outcome(&[&all, &one], &names);
            let Ok((Terms::Secret(terms), false, Possession::Nothing)) = granted else { panic!("{one} {names:?}: {granted:?}") };
            assert_eq!(terms.only, Some(vec!["/password".to_owned(), "/user".to_owned()]));
        }
    }
    // None grants all of them, so one has to be named.
    let other = reader(&["user", "port"], "");
    for names in [["a", "b"], ["b", "a"]] {
        assert_eq!(outcome(&[&all, &other], &names).map(|_| ()), Err(Reason::PolicyAmbiguous));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_decided_on_values_does_not_depend_on_the_names_of_files(
        policies in proptest::collection::vec((1u8..8, proptest::sample::select(&["", "replay: once\n", "dpop: required\n"][..]), any::<bool>()), 1..4),
        turned in 0usize..3,
    ) {
        let texts: Vec<String> = policies.iter().map(|(values, rest, offline)| {
            let values: Vec<&str> = ["host", "port", "user"].into_iter().enumerate().filter(|(bit, _)| values >> bit & 1 == 1).map(|(_, value)| value).collect();
            let text = reader(&values, rest);
            if *offline { text.replacen("\"shop/db.yaml#/user\"", "{ secret: \"shop/db.yaml#/user\", offline: 10m }", 1) } else { text }
        }).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut names = ["a", "b", "c"];
        let first = outcome(&texts, &names);
        names.rotate_left(turned);
        prop_assert_eq!(&first, &outcome(&texts, &names));
        names.reverse();
        prop_assert_eq!(&first, &outcome(&texts, &names));
    }
}

#[test]
fn a_guardrail_against_the_document_is_one_against_each_of_its_values() {
    let guardrails = "denials:\n  - { description: No databases., deny: { secrets: [\"**/db.yaml\"] } }\n";
    let ruleset = good(&[("policies/shop/read.yaml", READER), ("guardrails.yaml", guardrails)]);
    assert_eq!(values(&ruleset, "shop/db.yaml", None), Err(Reason::Denied));
}

/// Whether unauthenticated values may be released with it.
fn unauthenticated(secrets: &str, document: &str) -> bool {
    let policy = READER.split("  secrets:").next().unwrap().to_owned() + "  secrets: " + secrets + "\n";
    let ruleset = good(&[("policies/shop/read.yaml", &policy)]);
    let target = Target::Secret(SecretName::parse(document).unwrap());
    let granted =
        ruleset.set().grant_whole_or_parts(&github(json!({})), &target, None, Moment::at(UnixTime::from_seconds(0))).unwrap();
    match granted.terms {
        Terms::Secret(terms) => terms.unauthenticated,
        other => panic!("{other:?}"),
    }
}

#[test]
fn unauthenticated_values_are_allowed_only_if_every_entry_allows_them() {
    assert!(!unauthenticated("[shop/**]", "shop/db.yaml"));
    assert!(unauthenticated("[{ secret: shop/**, unauthenticated: allow }]", "shop/db.yaml#/kind"));
    for other in ["shop/db.yaml", "{ secret: \"shop/db.yaml#/kind\", offline: 2h }"] {
        let both = format!("[{{ secret: shop/**, unauthenticated: allow }}, {other}]");
        assert!(!unauthenticated(&both, "shop/db.yaml#/kind"), "{both}");
        assert!(unauthenticated(&both, "shop/other.yaml"));
    }
    let values = "[{ secret: \"shop/db.yaml#/kind\", unauthenticated: allow }, \"shop/db.yaml#/user\"]";
    assert!(!unauthenticated(values, "shop/db.yaml") && unauthenticated(values, "shop/db.yaml#/kind"));
}

/// The decision on the target of this line of the audit log.
fn decided(secrets: &str, guardrails: &str, line: &str) -> Result<Terms, Reason> {
    let policy = READER.split("  secrets:").next().unwrap().to_owned() + "  secrets: " + secrets + "\n";
    let ruleset = good(&[("policies/shop/read.yaml", &policy), ("guardrails.yaml", guardrails)]);
    let target = Target::parse(line).unwrap();
    let granted = ruleset.set().grant_whole_or_parts(&github(json!({})), &target, None, Moment::at(UnixTime::from_seconds(0)));
    granted.map(|granted| granted.terms).map_err(|denial| denial.reason)
}

#[test]
fn the_past_of_a_secret_is_a_grant_of_its_own() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let (whole, value) = (format!("secret_at {commit} shop/db.yaml"), format!("secret_at {commit} shop/db.yaml#/user"));
    let (none, allowing) = ("denials: []\n", "[{ secret: shop/**, history: allow, offline: 10m }]");
    for line in [&whole, &value] {
        let Ok(Terms::SecretAt(PastSecretTerms { secret: terms, commit: Some(of) })) = decided(allowing, none, line) else {
            panic!("{line}")
        };
        assert_eq!((of.as_str(), terms.only, terms.offline), (commit, None, Duration::from_secs(600)));
        assert_eq!(decided("[shop/**]", none, line), Err(Reason::NoMatchingPolicy));
        let rails = "denials:\n  - { description: No databases., deny: { secrets: [\"**/db.yaml\"] } }\n";
        assert_eq!(decided(allowing, rails, line), Err(Reason::Denied));
    }
    assert!(matches!(
        decided(allowing, none, "secret_at shop/db.yaml"),
        Ok(Terms::SecretAt(PastSecretTerms { commit: None, .. }))
    ));
    // An entry that covers it without `history: allow` takes the past away; an entry for another value does not.
    let (covered, other) = ("[{ secret: shop/**, history: allow }, shop/db.yaml]", "\"shop/db.yaml#/port\"");
    assert_eq!(decided(covered, none, &value), Err(Reason::NoMatchingPolicy));
    assert!(decided(&format!("[{{ secret: shop/**, history: allow }}, {other}]"), none, &value).is_ok());
    // A document that is granted by values is not granted as an older commit had it.
    let values = "[{ secret: \"shop/db.yaml#/user\", history: allow }]";
    assert_eq!(decided(values, none, &whole), Err(Reason::NoMatchingPolicy));
    assert!(decided(values, none, &value).is_ok() && decided(values, none, "secret shop/db.yaml").is_ok());
}
