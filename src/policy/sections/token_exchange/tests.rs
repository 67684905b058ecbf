use super::TokenExchangeGrant;
use crate::kind::{Kind, Target, TokenExchangeTarget};
use crate::policy::access::{Direction, changes, who_can};
use crate::policy::grantable::Grantable;
use crate::policy::sections::Section;
use crate::policy::{Catalogue, Ruleset, Tree};
use crate::words::UnixTime;
use std::sync::Arc;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn catalogue() -> Catalogue {
    Catalogue::of_github()
}

fn tree(entry: &str, guardrails: &str) -> Tree {
    let policy = format!(
        "owners: [team-shop]\nissuer: github\nmatch: {{ owner: acme@9001, event: push }}\ngrant:\n  token_exchange: [ {entry} ]\n"
    );
    let files = [("policies/shop.yaml", policy), ("guardrails.yaml", guardrails.to_owned())];
    let present = files.into_iter().filter(|(_, text)| !text.is_empty());
    present.map(|(name, text)| (name.to_owned(), Arc::from(text.as_bytes()))).collect()
}

fn load(entry: &str, guardrails: &str) -> (Ruleset, Vec<String>) {
    let (rules, faults) = Ruleset::load(&tree(entry, guardrails), &catalogue(), None);
    (rules, faults.iter().map(ToString::to_string).collect())
}

fn target(text: &str) -> Target {
    TokenExchangeTarget::question(text).unwrap().into()
}

#[test]
fn an_entry_names_a_service_and_never_an_address() {
    let good = "{ service: partner, fields: { role: deploy, scope: \"read write\" }, ttl: 30m }";
    assert_eq!(load(good, "").1, Vec::<String>::new());
    for (bad, expected) in [
        ("{ fields: { role: deploy } }", "`service` is missing"),
        ("{ service: \"https://evil.example\" }", "a service's name has"),
        ("{ service: partner, url: \"https://evil.example\" }", "url"),
        ("{ service: partner, ttl: 25h }", "expected 1 to 1440 minutes"),
        ("{ service: partner, fields: { \"a b\": x } }", "a field's name has"),
        ("{ service: partner, fields: { role: \"a\\nb\" } }", "printable characters"),
        ("{ service: partner, fields: { role: \"{repository}\\u202e\" } }", "printable characters"),
        ("{ service: partner, fields: { role: [a] } }", "role"),
    ] {
        assert!(load(bad, "").1.iter().any(|fault| fault.contains(expected)), "{bad}: {:?}", load(bad, "").1);
    }
}

#[test]
fn a_guardrail_denies_a_service_whole_or_by_its_fields() {
    let entry =
        "{ service: partner, fields: { role: admin } }, { service: partner, fields: { role: deploy } }, { service: other }";
    let who = |guardrail: &str, requested: &str| {
        let denied = format!("denials: [ {{ description: none, deny: {{ token_exchange: [\"{guardrail}\"] }} }} ]\n");
        let (rules, faults) = load(entry, &denied);
        assert_eq!(faults, Vec::<String>::new());
        who_can(&rules, &catalogue(), &target(requested), NOW).len()
    };
    assert_eq!(
        [who("partner", "partner?role=admin"), who("partner", "partner?role=deploy"), who("partner", "other?")],
        [0, 0, 1]
    );
    assert_eq!([who("partner?role=admin", "partner?role=admin"), who("partner?role=admin", "partner?role=deploy")], [0, 1]);
    assert_eq!([who("*?role=adm*", "partner?role=admin"), who("*?role=adm*", "other?")], [0, 1]);
}

/// A further field gets around no denial, and it does not bring a target within bounds.
#[test]
fn a_denial_counts_whatever_other_fields_there_are_and_bounds_only_by_all_of_them() {
    let parse = |text: &str| TokenExchangeTarget::question(text).unwrap();
    let pattern = |text: &str| TokenExchangeGrant::pattern(text).unwrap();
    for (denied, text, denies) in [
        ("partner?role=admin", "partner?role=admin&zone=eu", true),
        ("partner?role=admin", "partner?area=x&role=admin", true),
        ("partner?role=admin", "partner?role=administrator", false),
        ("partner?role=admin", "partner?role=deploy&note=role%3Dadmin", false),
        ("partner?role=admin", "other?role=admin", false),
        ("partner?role=admin", "partner?", false),
        ("partner?role=admin&zone=*", "partner?role=admin&zone=eu&more=1", true),
        ("partner?role=admin&zone=*", "partner?role=admin", false),
        ("partner?zone=eu&role=admin", "partner?role=admin&zone=eu", true),
        ("partner?role=admin&*", "partner?role=admin", true),
        ("*?role=adm*", "partner?role=admin&zone=eu", true),
        ("partner?role=a%3Db", "partner?role=a%3Db&zone=eu", true),
        ("partner", "partner?role=admin&zone=eu", true),
        ("partner?", "partner?role=admin", true),
        // As people write it, encoded, as one word of a list, and in capitals.
        ("partner?scope=team:admins", "partner?scope=team%3Aadmins", true),
        ("partner?scope=team%3Aadmins", "partner?scope=team%3Aadmins", true),
        ("partner?scope=plain admin", "partner?scope=plain+admin", true),
        ("partner?scope=plain%20admin", "partner?scope=plain+admin", true),
        ("partner?scope=https://x.example/*", "partner?scope=https%3A%2F%2Fx.example%2Fwrite", true),
        ("partner?scope=a@b", "partner?scope=a%40b&zone=eu", true),
        ("partner?role=admin", "partner?role=admin+", true),
        ("partner?role=admin", "partner?role=Admin", true),
        ("partner?scope=admin", "partner?scope=read+admin", true),
        ("partner?scope=team:admins", "partner?scope=read,team%3Aadmins", true),
        ("partner?scope=admin", "partner?scope=read+administer", false),
        ("partner?scope=*", "partner?scope=a%3Ab%2Fc+d", true),
    ] {
        assert_eq!(parse(text).fits(&pattern(denied)), denies, "{denied} {text}");
    }
    for (allowed, text, within) in [
        ("partner", "partner?role=deploy&zone=eu", true),
        ("partner?role=deploy", "partner?role=deploy", true),
        ("partner?role=deploy", "partner?role=deploy&zone=eu", false),
    ] {
        assert_eq!(parse(text).lies_within(std::iter::once(&pattern(allowed))), within, "{allowed} {text}");
    }
    for none in
        ["partner?role", "partner?role=admin&zone", "partner?**role", "*?scope=", "partner?=admin", "partner?role=admin&=*"]
    {
        let fault = TokenExchangeGrant::pattern(none).map(|pattern| pattern.to_string());
        assert!(fault.is_err(), "{none}: {fault:?}");
    }
}

#[test]
fn what_is_wider_is_told_and_what_is_narrower_is_not() {
    let gained = |old: &str, new: &str| {
        let (old_tree, new_tree) = (tree(old, ""), tree(new, ""));
        let (old, new) = (load(old, "").0, load(new, "").0);
        let all = changes((&old, &old_tree), (&new, &new_tree), &catalogue(), NOW);
        all.iter().any(|change| change.direction == Direction::Widens)
    };
    let one = "{ service: partner, fields: { role: deploy }, ttl: 10m }";
    assert!(gained(one, &one.replace("10m", "1h")) && gained(one, &one.replace("deploy", "admin")));
    assert!(gained(one, "{ service: partner }"), "no field may be more");
    assert!(!gained(&one.replace("10m", "1h"), one) && !gained(one, one));
    let both = format!("{one}, {}", one.replace("10m", "1h"));
    assert!(gained(&both, one), "on one of two terms nobody has it");
}
