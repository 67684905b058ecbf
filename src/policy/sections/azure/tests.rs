use super::{AzureGrant, Section};
use crate::kind::{AzureTarget, Kind, Target};
use crate::policy::access::{Direction, changes, who_can};
use crate::policy::{Catalogue, Ruleset, Tree};
use crate::words::UnixTime;
use crate::words::yaml::FAULTS_MAX;
use std::sync::Arc;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
const VAULT: &str = "https://vault.azure.net/.default";

fn catalogue() -> Catalogue {
    Catalogue::of_github()
}

fn tree(azure: &str, guardrails: &str) -> Tree {
    let policy = format!(
        "owners: [team-shop]\nissuer: github\nmatch: {{ owner: acme@9001, event: push }}\ngrant:\n  azure: [ {azure} ]\n"
    );
    let files = [("policies/shop.yaml", policy), ("guardrails.yaml", guardrails.to_owned())];
    let present = files.into_iter().filter(|(_, text)| !text.is_empty());
    present.map(|(name, text)| (name.to_owned(), Arc::from(text.as_bytes()))).collect()
}

fn faults(azure: &str, guardrails: &str) -> Vec<String> {
    Ruleset::load(&tree(azure, guardrails), &catalogue(), None).1.iter().map(ToString::to_string).collect()
}

fn rules(azure: &str, guardrails: &str) -> Ruleset {
    assert_eq!(faults(azure, guardrails), Vec::<String>::new());
    Ruleset::load(&tree(azure, guardrails), &catalogue(), None).0
}

fn target(what: &str) -> Target {
    AzureTarget::question(&format!("{CLIENT}/{what}")).unwrap().into()
}

#[test]
fn what_entra_would_not_take_does_not_load() {
    let good = format!("{{ client_id: {CLIENT}, scope: \"{VAULT}\" }}");
    assert_eq!(faults(&good, ""), Vec::<String>::new());
    for (bad, expected) in [
        (format!("{{ scope: \"{VAULT}\" }}"), "client_id"),
        (format!("{{ client_id: {CLIENT} }}"), "say either `scope"),
        (format!("{{ client_id: {CLIENT}, scope: \"{VAULT}\", federated_token: allow }}"), "say either `scope"),
        (format!("{{ client_id: {CLIENT}, federated_token: yes }}"), "expected `allow`"),
        (format!("{{ client_id: contoso, scope: \"{VAULT}\" }}"), "expected a GUID"),
        (format!("{{ client_id: {CLIENT}, scope: \"https://vault.azure.net\" }}"), "with `/.default` behind it"),
        (format!("{{ client_id: {CLIENT}, scope: \"https://a/.default https://b/.default\" }}"), "letters, digits"),
        (format!("{{ client_id: {CLIENT}, scope: \"{VAULT}\", ttl: 25h }}"), "expected 1 to 1440 minutes"),
        (format!("{{ client_id: {CLIENT}, federated_token: allow, ttl: 2h }}"), "expected 1 to 60 minutes"),
        (format!("{{ client_id: {CLIENT}, scope: \"{VAULT}\", tenant: {CLIENT} }}"), "tenant"),
    ] {
        assert!(faults(&bad, "").iter().any(|fault| fault.contains(expected)), "{bad}: {:?}", faults(&bad, ""));
    }
}

#[test]
fn a_pattern_that_denies_nobody_is_none() {
    for good in ["**", "*/**", &format!("{CLIENT}/**"), "*/https://vault.azure.net/**", &format!("{CLIENT}/{VAULT}")] {
        assert!(AzureGrant::pattern(good).is_ok(), "{good}");
    }
    for bad in [CLIENT, "*", &format!("{CLIENT}/"), "contoso/https://a/.default", &format!("{CLIENT}/https://a")] {
        assert!(AzureGrant::pattern(bad).is_err(), "{bad}");
    }
    let upper = AzureGrant::pattern("AAAAAAAA-2222-3333-4444-555555555555/**").unwrap();
    assert!(upper.matches(&format!("aaaaaaaa-2222-3333-4444-555555555555/{VAULT}")), "client ids have no case");
}

#[test]
fn the_federated_token_gives_every_scope() {
    let all = rules(&format!("{{ client_id: {CLIENT}, federated_token: allow }}"), "");
    let some = rules(&format!("{{ client_id: {CLIENT}, scope: \"{VAULT}\" }}"), "");
    let who = |rules: &Ruleset, what: &str| who_can(rules, &catalogue(), &target(what), NOW).len();
    assert_eq!((who(&all, "federated-token"), who(&all, VAULT), who(&all, "api://other/.default")), (1, 1, 1));
    assert_eq!((who(&some, "federated-token"), who(&some, VAULT), who(&some, "api://other/.default")), (0, 1, 0));
    let denied = "denials: [ { description: none, deny: { azure: [\"*/https://vault.azure.net/**\"] } } ]\n";
    let all = rules(&format!("{{ client_id: {CLIENT}, federated_token: allow }}"), denied);
    assert_eq!((who(&all, "federated-token"), who(&all, VAULT), who(&all, "api://other/.default")), (0, 0, 0));
}

#[test]
fn what_is_wider_is_told_and_what_is_narrower_is_not() {
    let one = format!("{{ client_id: {CLIENT}, scope: \"{VAULT}\", ttl: 1h }}");
    let gained = |old: &str, new: &str| {
        let (old, new) = (tree(old, ""), tree(new, ""));
        let load = |tree: &Tree| Ruleset::load(tree, &catalogue(), None).0;
        let all = changes((&load(&old), &old), (&load(&new), &new), &catalogue(), NOW);
        all.iter().any(|change| change.direction == Direction::Widens)
    };
    assert!(gained(&one, &one.replace("1h", "2h")), "a longer life");
    assert!(gained(&one, &format!("{{ client_id: {CLIENT}, federated_token: allow }}")), "every scope");
    assert!(gained(&one, &one.replace("vault.azure.net", "management.azure.com")), "another scope");
    assert!(!gained(&one.replace("1h", "2h"), &one) && !gained(&one, &one));
    assert_eq!(Target::guess(&format!("{CLIENT}/{VAULT}")), Ok(target(VAULT)), "a question needs no kind's word");
}

/// Files below `policies/`. Each grants the same application to so many rows.
fn many(files: &[(&str, usize)]) -> Tree {
    let mut tree = Tree::new();
    for (name, rows) in files {
        let policy = format!(
            "owners: [team-shop]\nissuer: github\nmatch: {{ owner: acme@9001, event: push, environment: \"{{each.name}}\" }}\ngrant:\n  azure: {{ client_id: {CLIENT}, scope: \"{VAULT}\" }}\nfor_each: rows/{name}.yaml\n"
        );
        let list: String = (0..*rows).map(|row| format!("- name: row{row}\n")).collect();
        tree.insert(format!("policies/{name}.yaml"), Arc::from(policy.as_bytes()));
        tree.insert(format!("rows/{name}.yaml"), Arc::from(list.as_bytes()));
    }
    tree
}

fn loaded(tree: &Tree, last_good: Option<&Ruleset>) -> (Vec<String>, Vec<String>, Ruleset) {
    let (ruleset, faults) = Ruleset::load(tree, &catalogue(), last_good);
    let names = ruleset.policies().map(|policy| policy.name.to_string()).collect();
    (names, faults.iter().map(ToString::to_string).collect(), ruleset)
}

#[test]
fn a_policy_that_needs_a_21st_subject_does_not_load() {
    let (names, faults, _) = loaded(&many(&[("a", 20)]), None);
    assert_eq!((names, faults), (vec!["a".to_owned()], vec![]));
    let (names, faults, _) = loaded(&many(&[("a", 21)]), None);
    assert!(names.is_empty() && faults[0].contains("would trust 21 subjects, and 20 is the most"), "{faults:?}");
    let (names, faults, good) = loaded(&many(&[("a", 15), ("b", 6), ("c", 5)]), None);
    assert_eq!((names, faults.len()), (vec!["a".to_owned(), "c".to_owned()], 1), "{faults:?}");
    assert!(faults[0].contains("policies/b.yaml"), "{faults:?}");
    // The policy that was there first stays: a new file does not take its place, although it is read before it.
    let (names, _, _) = loaded(&many(&[("0", 1), ("a", 15), ("c", 5)]), Some(&good));
    assert_eq!(names, ["a", "c"]);
    // A changed policy keeps the subjects that it had, and may not have more.
    let (names, faults, after) = loaded(&many(&[("0", 1), ("a", 16), ("c", 4)]), Some(&good));
    assert_eq!(names, ["0", "a", "c"]);
    assert!(faults.iter().any(|fault| fault.contains("policies/a.yaml")), "{faults:?}");
    assert_eq!(after.set().in_force::<AzureGrant>(NOW).count(), 20, "one of 0, 15 of a as it was, 4 of c");
}

#[test]
fn capitals_in_a_subject_do_not_load() {
    let mut tree = many(&[("a", 1)]);
    let policy = tree.remove("policies/a.yaml").unwrap();
    tree.insert("policies/Shop.yaml".to_owned(), policy.clone());
    assert!(loaded(&tree, None).1[0].contains("`root/Shop:row0` has capitals"));
    let mut tree = many(&[("a", 1)]);
    tree.insert("rows/a.yaml".to_owned(), Arc::from(&b"- name: Web\n"[..]));
    assert!(loaded(&tree, None).1[0].contains("`root/a:Web` has capitals"));
}

#[test]
fn a_policy_of_many_subjects_that_are_not_taken_has_as_many_faults_as_are_kept() {
    let mut tree = many(&[("a", 1)]);
    let rows: String = (0..300).map(|row| format!("- name: Web{row}\n")).collect();
    tree.insert("rows/a.yaml".to_owned(), Arc::from(rows.as_bytes()));
    let faults = loaded(&tree, None).1;
    assert_eq!(faults.len(), FAULTS_MAX + 1, "{}", faults[0]);
    assert!(faults[FAULTS_MAX].contains("not_listed"), "{}", faults[FAULTS_MAX]);
}

#[test]
fn no_spelling_of_a_resource_gets_round_a_guardrail() {
    let denied = "denials: [ { description: none, deny: { azure: [\"*/https://vault.azure.net/.default\"] } } ]\n";
    let granted = |scope: &str| {
        let rules = rules(&format!("{{ client_id: {CLIENT}, scope: \"{scope}\" }}"), denied);
        who_can(&rules, &catalogue(), &target(scope), NOW).len()
    };
    for other in [
        VAULT.to_owned(),
        "https://vault.azure.net//.default".to_owned(),
        format!("{}/.default", CLIENT.replace('1', "2")),
        format!("api://{}/.default", CLIENT.replace('1', "2")),
    ] {
        assert_eq!(granted(&other), 0, "{other}");
    }
    assert_eq!(granted("https://management.azure.com/.default"), 1);
    for other in
        ["HTTPS://vault.azure.net", "https://vault.azure.net:443", "https://vault.azure.net.", "https://vault.azure.net/x/.."]
    {
        let messages = faults(&format!("{{ client_id: {CLIENT}, scope: \"{other}/.default\" }}"), denied);
        assert!(
            messages.iter().any(|message| message.contains("write this resource as `https://vault.azure.net/.default`")),
            "{messages:?}"
        );
    }
}

#[test]
fn a_pattern_is_spelled_as_scopes_are() {
    for good in [
        "**/.default",
        "*/*://vault.azure.net/**",
        "*/https://*/.default",
        "*/federated-token",
        "*/api://acme/*/.default",
        "*/https://a.example/App/**",
    ] {
        assert!(AzureGrant::pattern(good).is_ok(), "{good}");
    }
    for bad in [
        "*/HTTPS://vault.azure.net/**",
        "*/https://Vault.azure.net/**",
        "*/https://vault.azure.net:443/**",
        "*/https://vault.azure.net./**",
        "*/https://vault.azure.net//x/**",
        "*/https://vault.azure.net/../**",
        "*/https://vault.azure.net/%2e/**",
        "*/https://user@vault.azure.net/**",
        "*/https://vault.azure.net",
        &format!("*/{CLIENT}/.default"),
        &format!("{CLIENT}/*"),
    ] {
        assert!(AzureGrant::pattern(bad).is_err(), "{bad}");
    }
    let folded = AzureGrant::pattern("*/https://a.example/app/**").unwrap();
    let target = AzureTarget::question(&format!("{CLIENT}/https://a.example/App/.default")).unwrap();
    assert!(crate::policy::grantable::Grantable::fits(&target, &folded), "Entra knows a resource without regard to case");
}

/// Both applications trust the same issuer and subject: the token for one is also a token for the other.
#[test]
fn a_federated_token_is_granted_beside_no_other_application() {
    let other = CLIENT.replace('1', "9");
    let both = format!("{{ client_id: {CLIENT}, federated_token: allow }}, {{ client_id: {other}, scope: \"{VAULT}\" }}");
    let found = faults(&both, "");
    assert!(found.iter().any(|fault| fault.contains(&format!("which the application {other} takes too"))), "{found:?}");
    let alike = format!("{{ client_id: {CLIENT}, federated_token: allow }}, {{ client_id: {CLIENT}, scope: \"{VAULT}\" }}");
    assert_eq!(faults(&alike, ""), Vec::<String>::new());
    let scopes = format!("{{ client_id: {CLIENT}, scope: \"{VAULT}\" }}, {{ client_id: {other}, scope: \"{VAULT}\" }}");
    assert_eq!(faults(&scopes, ""), Vec::<String>::new());
}
