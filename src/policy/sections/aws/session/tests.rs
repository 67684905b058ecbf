use crate::identity::{Facts, Mapping};
use crate::kind::AwsTarget;
use crate::policy::grantable::Grantable;
use crate::policy::sections::{AwsGrant, beyond};
use crate::policy::{AwsTerms, Catalogue, IssuerEntry, Tree, TrustPolicy};
use crate::token::Claims;
use crate::words::names::{IssuerName, IssuerUrl};
use crate::words::{Denial, Reason};
use serde_json::{Value, json};
use std::sync::Arc;

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const HUB: &str = "arn:aws:iam::111122223333:role/hub";

fn catalogue() -> Catalogue {
    let url = IssuerUrl::parse("https://token.actions.githubusercontent.com").unwrap();
    let entry = IssuerEntry { url, mapping: Mapping::built_in("github-actions").unwrap(), session_max: None };
    [(IssuerName::parse("github").unwrap(), entry)].into_iter().collect()
}

/// A policy with one role that also has these keys; or its faults.
fn policy(keys: Value) -> Result<Arc<TrustPolicy>, String> {
    let mut grant = json!({ "role": ROLE });
    grant.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    let policy =
        json!({ "issuer": "github", "match": { "repository": "acme/shop@456789", "event": "push" }, "grant": { "aws": grant } });
    let parsed = TrustPolicy::parse("policies/a.yaml", policy.to_string().as_bytes(), &Tree::new(), &catalogue());
    parsed.map(|(policy, _)| policy.into()).map_err(|faults| faults[0].to_string())
}

fn facts(change: Value) -> Facts {
    let mut claims = json!({ "sub": "s", "repository": "acme/shop", "repository_id": "456789", "event_name": "push", "run_id": "7301", "sha": "0b1a" });
    claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    Mapping::built_in("github-actions").unwrap().facts(&IssuerName::parse("github").unwrap(), claims).unwrap()
}

fn terms(keys: Value, change: Value) -> Result<AwsTerms, Denial> {
    policy(keys).unwrap().rules[0].grants.of::<AwsGrant>().next().unwrap().terms(&facts(change))
}

#[test]
fn a_tag_that_aws_refuses_each_time_does_not_load() {
    for (key, value) in [("bad;key", "{commit}"), ("team", "a;b"), ("team", "a,{commit}"), ("team", &*"x".repeat(257))] {
        let mut tags = serde_json::Map::new();
        tags.insert(key.to_owned(), value.into());
        let fault = policy(json!({ "tags": tags })).unwrap_err();
        assert!(fault.contains(&format!("the session tag `{key}` is")), "{key}: {value}: {fault}");
    }
    assert!(policy(json!({ "tags": { "team:x/y": "shop-{commit} é" } })).is_ok());
}

/// AWS would refuse such a session at each use.
#[test]
fn two_tags_whose_keys_differ_only_in_case_do_not_load() {
    let fault = policy(json!({ "tags": { "Team": "a", "other": "b", "TEAM": "c" } })).unwrap_err();
    assert!(fault.contains("AWS takes the session tags `Team` and `TEAM` for one"), "{fault}");
    assert!(policy(json!({ "tags": { "team": "a", "teams": "b" } })).is_ok());
}

#[test]
fn a_session_policy_is_one_json_object_within_awss_limit() {
    let text = |json: &str| policy(json!({ "session_policy": json })).map(|_| ());
    let sized = |length: usize| format!("{{\"Sid\": \"{}\"}}", "\u{e9}".repeat(length - 10));
    assert_eq!((text("{\"Statement\": []}"), text(&sized(2048))), (Ok(()), Ok(())));
    for (json, words) in [
        (sized(2049), "at most 2048 characters, and this one has 2049"),
        ("{\"Statement\":[],\"Statement\":[{}]}".to_owned(), "a session policy is JSON"),
        ("{\"Statement\":[{\"Effect\":\"Deny\",\"Effect\":\"Allow\"}]}".to_owned(), "a session policy is JSON"),
        ("[]".to_owned(), "a mapping, or a JSON object"),
        ("null".to_owned(), "a mapping, or a JSON object"),
        ("{\"Sid\":\"\u{430}\"}".to_owned(), "no character beyond U+00FF"),
        ("{".to_owned(), "a session policy is JSON"),
    ] {
        let fault = text(&json).unwrap_err();
        assert!(fault.contains(words), "{json}: {fault}");
    }
    let mapping = json!({ "session_policy": { "Sid": "x".repeat(2049) } });
    assert!(policy(mapping).unwrap_err().contains("at most 2048 characters"));
}

#[test]
fn an_empty_list_of_transitive_tags_does_not_load() {
    let fault = policy(json!({ "tags": { "a": "b" }, "transitive_tags": [] })).unwrap_err();
    assert!(fault.contains("an empty list names no tag"), "{fault}");
}

#[test]
fn a_session_is_named_as_the_policy_says_and_never_otherwise() {
    let name = |text: &str, change: Value| terms(json!({ "session_name": text }), change).map(|terms| terms.session_name);
    assert_eq!(terms(json!({}), json!({})).unwrap().session_name, None, "the decision's id");
    assert_eq!(name("deploy-{pipeline}", json!({})), Ok(Some("deploy-7301".to_owned())));
    for (text, change, words) in [
        ("{repository_name}-{pipeline}", json!({}), "outside of AWS's characters"),
        ("{pipeline}", json!({ "run_id": "7" }), "1 characters"),
        ("{pipeline}", json!({ "run_id": "7".repeat(65) }), "65 characters"),
        ("a-{pipeline}", json!({ "run_id": "é" }), "outside of AWS's characters"),
        ("a-{environment}", json!({}), "the attribute `environment`"),
    ] {
        let denial = name(text, change).unwrap_err();
        assert_eq!(denial.reason, Reason::SessionNameRefused, "{text}");
        assert!(denial.public_detail().contains(words), "{}", denial.public_detail());
    }
    for (text, words) in
        [("a b", "letters, digits"), ("x", "2 to 64"), ("{nothing}", "is no attribute"), (&*"x".repeat(65), "2 to 64")]
    {
        let fault = policy(json!({ "session_name": text })).unwrap_err();
        assert!(fault.contains(words), "{text}: {fault}");
    }
}

#[test]
fn managed_session_policies_are_arns_and_at_most_ten() {
    let arns = json!(["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::123456789012:policy/team/x"]);
    assert_eq!(terms(json!({ "session_policy_arns": arns }), json!({})).unwrap().session_policy_arns.len(), 2);
    for bad in [json!("arn:aws:iam::123456789012:role/x"), json!("ReadOnlyAccess"), json!(vec!["arn:aws:iam::aws:policy/X"; 11])]
    {
        assert!(policy(json!({ "session_policy_arns": bad })).is_err(), "{bad}");
    }
}

#[test]
fn a_session_through_another_role_lasts_an_hour_at_most() {
    let hub = terms(json!({ "via": HUB, "external_id": "acme" }), json!({})).unwrap().via.unwrap();
    assert_eq!((hub.role.as_str(), hub.external_id.as_deref()), (HUB, Some("acme")));
    assert!(policy(json!({ "via": HUB, "ttl": "1h" })).is_ok());
    for (keys, words) in [
        (json!({ "via": HUB, "ttl": "61m" }), "15 to 60 minutes"),
        (json!({ "via": ROLE }), "is the role itself"),
        (json!({ "external_id": "acme" }), "`via`"),
        (json!({ "via": HUB, "external_id": "a b" }), "an external id"),
        (json!({ "via": "hub" }), "expected arn:aws:iam"),
    ] {
        let fault = policy(keys).unwrap_err();
        assert!(fault.contains(words), "{fault}");
    }
}

/// By how many terms one gives more than the other.
fn more(one: &AwsGrant, other: &AwsGrant) -> usize {
    let values = |one: &AwsGrant| AwsTarget::values(&(one.ttl, &one.session));
    beyond(values(one), values(other)).len()
}

#[test]
fn each_term_of_a_session_is_compared() {
    let offer = |keys: Value| policy(keys).unwrap().rules[0].grants.of::<AwsGrant>().next().unwrap().clone();
    let within = |one: &AwsGrant, other: &AwsGrant| more(one, other) == 0;
    let plain = offer(json!({}));
    for keys in [json!({ "session_name": "ab" }), json!({ "tags": { "a": "b" } }), json!({ "via": HUB })] {
        let other = offer(keys);
        assert_ne!(plain.session, other.session);
        assert!(!within(&plain, &other) && !within(&other, &plain));
    }
    let (short, long) = (offer(json!({ "via": HUB, "ttl": "15m" })), offer(json!({ "via": HUB })));
    assert!(within(&short, &long) && !within(&long, &short));
}

#[test]
fn a_first_session_policy_narrows_and_a_changed_one_may_widen() {
    let offer = |keys: Value| policy(keys).unwrap().rules[0].grants.of::<AwsGrant>().next().unwrap().clone();
    let plain = offer(json!({}));
    let some = offer(json!({ "session_policy_arns": "arn:aws:iam::aws:policy/X" }));
    let others = offer(json!({ "session_policy_arns": ["arn:aws:iam::aws:policy/X", "arn:aws:iam::aws:policy/Y"] }));
    assert_eq!((more(&some, &plain), more(&plain, &some)), (0, 1));
    assert_eq!((more(&others, &some), more(&some, &others)), (1, 1));
}
