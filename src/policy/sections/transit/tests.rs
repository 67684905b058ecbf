//! Grants of transit keys in everything that evaluates grants: the decision, guardrails, comparison, who can, tests, explanation.

use crate::demo::issuer::github_claims;
use crate::identity::{Facts, Mapping};
use crate::kind::{Kind, Target, TransitUse};
use crate::policy::{
    Catalogue, Direction, IssuerEntry, ReplayRequest, Ruleset, Tree, TrustPolicy, Widening, changes, explain, who_can,
};
use crate::token::Claims;
use crate::words::Digest;
use crate::words::UnixTime;
use crate::words::names::{IssuerName, IssuerUrl};
use serde_json::json;
use std::sync::Arc;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const POLICY: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { transit: [ { key: flux, allow: [decrypt] }, \"shop/*\" ] }
tests:
  - allow: { claims: push.json, credential: { transit: decrypt flux } }
  - deny: { claims: push.json, credential: { transit: encrypt flux } }
";

fn claims(git_ref: &str) -> String {
    json!(github_claims("push", git_ref)).to_string()
}

fn github() -> IssuerName {
    IssuerName::parse("github").unwrap()
}

fn catalogue() -> Catalogue {
    let url = IssuerUrl::parse("https://token.actions.githubusercontent.com").unwrap();
    std::iter::once((github(), IssuerEntry { url, mapping: Mapping::built_in("github-actions").unwrap(), session_max: None }))
        .collect()
}

fn tree(policy: &str, keys: &[&str]) -> Tree {
    let claims = claims("refs/heads/main");
    let keys = keys.iter().map(|key| (format!("transit/{key}.age"), "x"));
    let files = [("policies/a.yaml".to_owned(), policy), ("tests/push.json".to_owned(), &*claims)].into_iter().chain(keys);
    files.map(|(file, text)| (file, Arc::from(text.as_bytes()))).collect()
}

fn load(tree: &Tree) -> Ruleset {
    let (ruleset, faults) = Ruleset::load(tree, &catalogue(), None);
    assert!(faults.is_empty(), "{}", faults[0]);
    ruleset
}

fn facts() -> Facts {
    let claims = Claims::parse(claims("refs/heads/main").as_bytes()).unwrap();
    Mapping::built_in("github-actions").unwrap().facts(&github(), claims).unwrap()
}

fn target(text: &str) -> Target {
    TransitUse::read(Some(text)).unwrap().into()
}

fn is_granted(ruleset: &Ruleset, text: &str) -> bool {
    ruleset.set().would_grant(&facts(), &target(text), None, NOW).is_ok()
}

#[test]
fn keys_are_granted_by_pattern_for_the_allowed_operations_only() {
    let tree = tree(POLICY, &[]);
    let ruleset = load(&tree);
    let digest = Digest::plain(b"x").to_string();
    for good in ["decrypt flux", "encrypt shop/a", "decrypt shop/a", &format!("decrypt flux {digest}")] {
        assert!(is_granted(&ruleset, good), "{good}");
    }
    for bad in ["encrypt flux", "decrypt flux/a", "decrypt shop/a/b", "decrypt shop", "decrypt team-a/flux", "decrypt fluxx"] {
        assert!(!is_granted(&ruleset, bad), "{bad}");
    }
    let (outcomes, faults) = ruleset.test(&tree, &catalogue());
    assert!(faults.is_empty() && outcomes.len() == 2 && outcomes.iter().all(|outcome| outcome.holds), "{outcomes:?}");
}

#[test]
fn faulty_grants_do_not_load() {
    let bad = [
        "{ key: flux, allow: [] }",
        "{ key: flux, allow: [rewrap] }",
        "{ key: flux, allow: [decrypt, sign] }",
        "{ allow: [decrypt] }",
        "{ key: flux, allowed: [decrypt] }",
        "\"a**\"",
        "7",
        "\"{each.key}\"",
        "/flux",
        "\"shop/../*\"",
        "\"a key/*\"",
        "\"decrypt/*\"",
        "{ key: \"shop/\" }",
    ];
    for grant in bad {
        let text = POLICY.replace("{ key: flux, allow: [decrypt] }", grant);
        assert!(TrustPolicy::parse("policies/a.yaml", text.as_bytes(), &Tree::new(), &catalogue()).is_err(), "{grant}");
    }
    for credential in ["decrypt", "flux", "decrypt flux 7", &format!("decrypt flux {}", Digest::plain(b"x"))] {
        let text = POLICY.replace("decrypt flux }", &format!("{credential} }}"));
        assert!(TrustPolicy::parse("policies/a.yaml", text.as_bytes(), &Tree::new(), &catalogue()).is_err(), "{credential}");
    }
}

#[test]
fn a_guardrail_denies_a_key_whole() {
    let mut tree = tree(&POLICY[..POLICY.find("tests:").unwrap()], &[]);
    let rails = "denials: [ { description: No., deny: { transit: [\"shop/**\"] } } ]\n";
    tree.insert("guardrails.yaml".to_owned(), Arc::from(rails.as_bytes()));
    let ruleset = load(&tree);
    assert!(
        is_granted(&ruleset, "decrypt flux")
            && !is_granted(&ruleset, "decrypt shop/a")
            && !is_granted(&ruleset, "encrypt shop/a")
    );
}

#[test]
fn a_new_key_and_a_further_operation_widen_and_a_further_version_does_not() {
    let compared = |old: &Tree, new: &Tree| {
        let found = changes((&load(old), old), (&load(new), new), &catalogue(), NOW);
        found.into_iter().map(|change| (change.direction, change.credentials, change.because.is_some())).collect::<Vec<_>>()
    };
    let plain = &POLICY[..POLICY.find("tests:").unwrap()];
    let old = tree(plain, &["flux/1"]);
    assert!(compared(&old, &tree(plain, &["flux/1", "flux/2"])).is_empty());
    let both = vec!["transit encrypt shop/a".to_owned(), "transit decrypt shop/a".to_owned()];
    assert_eq!(compared(&old, &tree(plain, &["flux/1", "shop/a/1"])), [(Direction::Widens, both, true)]);
    let decrypt = vec!["transit decrypt flux".to_owned()];
    assert_eq!(compared(&old, &tree(plain, &[])), [(Direction::Narrows, decrypt, true)]);
    let more = plain.replace("[decrypt]", "[decrypt, encrypt]");
    let encrypt = vec!["transit encrypt flux".to_owned()];
    assert_eq!(compared(&old, &tree(&more, &["flux/1"])), [(Direction::Widens, encrypt, false)]);
}

#[test]
fn a_further_operation_waits_where_widenings_wait() {
    let plain = &POLICY[..POLICY.find("tests:").unwrap()];
    let old = load(&tree(plain, &["flux/1"]));
    let pending = |policy: &str| {
        Ruleset::load_with(&tree(policy, &["flux/1"]), &catalogue(), Some(&old), Widening::Waits, &[]).pending.len()
    };
    assert_eq!(pending(&plain.replace("[decrypt]", "[decrypt, encrypt]")), 1);
    assert_eq!(pending(&plain.replace(", \"shop/*\"", "")), 0);
}

#[test]
fn who_can_and_why_not() {
    let ruleset = load(&tree(POLICY, &["flux/1"]));
    assert_eq!(who_can(&ruleset, &catalogue(), &target("decrypt flux"), NOW).len(), 1);
    assert!(who_can(&ruleset, &catalogue(), &target("encrypt flux"), NOW).is_empty());
    let claims = Claims::parse(claims("refs/heads/other").as_bytes()).unwrap();
    let facts = Mapping::built_in("github-actions").unwrap().facts(&github(), claims).unwrap();
    let output = explain(ruleset.set(), &facts, &target("decrypt flux"), NOW).to_string();
    assert!(output.contains("DENIED   transit decrypt flux") && output.contains("refs/heads/other"), "{output}");
}

#[test]
fn a_candidate_without_the_key_would_deny_it() {
    let in_force = load(&tree(POLICY, &["flux/1"]));
    let lacks = |request: ReplayRequest| {
        let root = crate::words::names::SourceName::root();
        request.candidate(&catalogue(), in_force.set(), &root, &[]).lacks(&target("decrypt flux"))
    };
    let request = |keys: &[&str]| ReplayRequest::of(&tree(POLICY, keys), "30d".to_owned()).unwrap();
    assert_eq!(lacks(request(&["flux/2"])), None);
    assert_eq!(lacks(request(&["shop/a/1"])).as_deref(), Some("the revision has no file below transit/flux/"));
    let mut older = serde_json::to_value(request(&[])).unwrap();
    older.as_object_mut().unwrap().remove("transit");
    assert_eq!(lacks(serde_json::from_value(older).unwrap()), None, "a client that knows of no keys takes none away");
    assert!(serde_json::from_value::<ReplayRequest>(json!({ "files": {}, "transit": ["../x"] })).is_err());
}
