use super::*;
use crate::identity::{Facts, Mapping};
use crate::kind::{AwsTarget, Target};
use crate::policy::sections::AwsGrant;
use crate::policy::{Catalogue, IssuerEntry, Ruleset, Tree, TrustPolicy, Widening};
use crate::token::Claims;
use crate::words::UnixTime;
use crate::words::names::{IssuerName, IssuerUrl, RoleArn, SecretName};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const DEPLOY: &str = "owners: [team-shop]
issuer: github
match:
  repository: acme/shop@456789
  ref: refs/heads/main
  event: push
grant:
  aws: [ { role: arn:aws:iam::123456789012:role/deploy } ]
  secrets: [shop/**]
";

fn catalogue() -> Catalogue {
    let entry = IssuerEntry {
        url: IssuerUrl::parse("https://token.actions.githubusercontent.com").unwrap(),
        mapping: Mapping::built_in("github-actions").unwrap(),
        session_max: Some(crate::token::SESSION_MAX),
    };
    std::iter::once((IssuerName::parse("github").unwrap(), entry)).collect()
}

fn tree(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect()
}

fn load(tree: &Tree) -> Ruleset {
    let (ruleset, faults) = Ruleset::load(tree, &catalogue(), None);
    assert!(faults.is_empty(), "{}", faults[0]);
    ruleset
}

fn compared(old: &Tree, new: &Tree) -> Vec<Change> {
    changes((&load(old), old), (&load(new), new), &catalogue(), NOW)
}

fn deploy() -> Target {
    Target::from(AwsTarget::of(RoleArn::parse("arn:aws:iam::123456789012:role/deploy").unwrap()))
}

fn allows(ruleset: &Ruleset, claims: &Map<String, Value>, target: &Target) -> bool {
    ruleset.set().would_grant(&facts(claims), target, None, NOW).is_ok()
}

/// The policies by which the identity has it, as a job may name each, and how long a session lasts.
fn by(ruleset: &Ruleset, claims: &Map<String, Value>) -> BTreeMap<String, Duration> {
    let facts = facts(claims);
    let granting = ruleset.set().policies().iter();
    let granting = granting.filter(|policy| ruleset.set().would_grant(&facts, &deploy(), Some(&policy.name), NOW).is_ok());
    let ttl = |policy: &TrustPolicy| policy.rules[0].grants.of::<AwsGrant>().next().unwrap().ttl;
    granting.map(|policy| (policy.name.to_string(), ttl(policy))).collect()
}

fn facts(claims: &Map<String, Value>) -> Facts {
    let mapping = Mapping::built_in("github-actions").unwrap();
    mapping.facts(&IssuerName::parse("github").unwrap(), Claims::from(claims.clone())).unwrap()
}

#[test]
fn a_wider_ref_is_told_with_a_token_that_proves_it() {
    let old = tree(&[("policies/shop/deploy.yaml", DEPLOY), ("secrets/shop/a.yaml", "x")]);
    let wider = DEPLOY.replace("refs/heads/main", "[refs/heads/main, refs/heads/release/**]");
    let new = tree(&[("policies/shop/deploy.yaml", &wider), ("secrets/shop/a.yaml", "x")]);
    let found = compared(&old, &new);
    assert_eq!(found.len(), 2, "{found:?}");
    let aws = found.iter().find(|change| change.credentials[0].starts_with("aws ")).unwrap();
    assert_eq!((aws.direction, aws.at.as_str()), (Direction::Widens, "policies/shop/deploy.yaml:8"));
    assert_eq!(aws.owners, ["team-shop"]);
    let example = &aws.parts[0].example;
    assert_eq!((&example["ref"], &example["repository_id"]), (&json!("refs/heads/release/a"), &json!("456789")));
    assert!(allows(&load(&new), example, &deploy()) && !allows(&load(&old), example, &deploy()));
    let back = compared(&new, &old);
    assert!(back.iter().all(|change| change.direction == Direction::Narrows) && back.len() == 2);
}

#[test]
fn a_new_file_under_an_old_grant_is_a_widening() {
    let old = tree(&[("policies/shop/deploy.yaml", DEPLOY), ("secrets/shop/a.yaml", "x")]);
    let new = tree(&[
        ("policies/shop/deploy.yaml", DEPLOY),
        ("secrets/shop/a.yaml", "x"),
        ("secrets/shop/b.yaml", "x"),
        ("secrets/shop/c.yaml", "x"),
    ]);
    let found = compared(&old, &new);
    assert_eq!((found.len(), found[0].credentials.len()), (1, 2), "{found:?}");
    assert!(found[0].because.as_ref().unwrap().contains("new file"));
}

#[test]
fn guardrails_narrow_and_a_policy_in_their_shadow_widens_nothing() {
    let rails = "denials:\n  - description: No release branch deploys.\n    match: { ref: refs/heads/release/** }\n";
    let old = tree(&[("policies/a.yaml", DEPLOY), ("guardrails.yaml", rails)]);
    let wider = DEPLOY.replace("refs/heads/main", "[refs/heads/main, refs/heads/release/**]");
    assert_eq!(compared(&old, &tree(&[("policies/a.yaml", &wider), ("guardrails.yaml", rails)])), []);
    let found = compared(&tree(&[("policies/a.yaml", &wider)]), &old);
    assert_eq!((found.len(), found[0].direction), (1, Direction::Narrows));
    assert_eq!(found[0].parts[0].example["ref"], "refs/heads/release/a");
}

#[test]
fn who_can_names_every_way() {
    let by_name = DEPLOY.replace("acme/shop@456789", "[acme/shop@456789, acme/other]");
    let tree = tree(&[("policies/a.yaml", &by_name), ("policies/b.yaml", &DEPLOY.replace("main", "**"))]);
    let ruleset = load(&tree);
    let reached = who_can(&ruleset, &catalogue(), &deploy(), NOW);
    assert_eq!(reached.len(), 3, "{reached:?}");
    for reach in &reached {
        assert!(allows(&ruleset, &reach.example, &deploy()), "{reach:?}");
    }
    assert_eq!(reached[2].who, "acme/shop@456789 refs/heads/** push");
    let nobody = Target::Secret(SecretName::parse("other/x").unwrap());
    assert!(who_can(&ruleset, &catalogue(), &nobody, NOW).is_empty());
}

/// Few names and few wildcards, so that policies often overlap.
fn policy() -> impl Strategy<Value = String> {
    let repository = prop::sample::select(vec!["acme/a@1", "acme/b@2", "[acme/a@1, acme/b]", "acme/a"]);
    let reference = prop::sample::select(vec![
        "",
        "  ref: refs/heads/main\n",
        "  ref: refs/heads/*\n",
        "  ref: refs/heads/**\n",
        "  ref: [refs/tags/v*, refs/heads/main]\n",
        "  ref: { not: refs/heads/main }\n",
        "  ref: { not: [refs/heads/*] }\n",
    ]);
    let event = prop::sample::select(vec!["push", "[push, manual]", "{ not: pull-request }", "pull-request"]);
    let more =
        prop::sample::select(vec!["", "  ref_protected: true\n", "  environment: Prod\n", "  environment: { not: prod }\n"]);
    let claims = prop::sample::select(vec!["", "claims: { /x: a* }\n", "claims: { /x: 5 }\n", "claims: { /x: { not: ab } }\n"]);
    let ttl = prop::sample::select(vec!["", "", ", ttl: 15m", ", ttl: 12h"]);
    (repository, reference, event, more, claims, ttl).prop_map(|(repository, reference, event, more, claims, ttl)| {
        format!(
            "issuer: github\nmatch:\n  repository: {repository}\n{reference}  event: {event}\n{more}{claims}grant: {{ aws: [ {{ role: arn:aws:iam::123456789012:role/deploy{ttl} }} ] }}\n"
        )
    })
}

fn token() -> impl Strategy<Value = Map<String, Value>> {
    let choose = |words: Vec<Option<Value>>| prop::sample::select(words);
    let text = |words: &[&str]| words.iter().map(|word| Some(json!(word))).chain([None]).collect::<Vec<_>>();
    (
        choose(text(&["acme/a", "acme/b", "ACME/A"])),
        choose(text(&["1", "2"])),
        choose(text(&["refs/heads/main", "refs/heads/x", "refs/heads/x/y", "refs/tags/v1"])),
        choose(text(&["push", "workflow_dispatch", "pull_request", "schedule"])),
        choose(text(&["true", "false"])),
        choose(text(&["prod", "PROD", "dev"])),
        choose(vec![None, Some(json!("ab")), Some(json!("b")), Some(json!(5)), Some(json!("5"))]),
    )
        .prop_map(|(repository, id, reference, event, protected, environment, x)| {
            let members = [
                ("repository", repository),
                ("repository_id", id),
                ("ref", reference),
                ("event_name", event),
                ("ref_protected", protected),
                ("environment", environment),
                ("x", x),
            ];
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
        })
}

proptest! {
    /// Compared with the decision itself. `PROPTEST_CASES` sets the number of cases.
    #[test]
    fn every_example_proves_its_change_and_no_change_is_missing(
        old in prop::collection::vec(policy(), 0..4), new in prop::collection::vec(policy(), 0..4),
        tokens in prop::collection::vec(token(), 40),
    ) {
        let named = |policies: &[String]| -> Tree { policies.iter().enumerate().map(|(number, text)| (format!("policies/p{number}.yaml"), Arc::from(text.as_bytes()))).collect() };
        let (old_tree, new_tree) = (named(&old), named(&new));
        let (old, new) = (load_any(&old_tree), load_any(&new_tree));
        let found = changes((&old, &old_tree), (&new, &new_tree), &catalogue(), NOW);
        for change in &found {
            let (had, has) = if change.direction == Direction::Widens { (&old, &new) } else { (&new, &old) };
            for part in &change.parts {
                let (had, has) = (by(had, &part.example), by(has, &part.example));
                if change.terms.iter().any(|term| term.term == "subject") {
                    let policy = change.at.strip_prefix("policies/").unwrap().split('.').next().unwrap();
                    prop_assert!(!had.is_empty() && !had.contains_key(policy) && has.contains_key(policy), "{:?}", change);
                } else {
                    let longer = |policy: &String| had.get(policy).is_some_and(|ttl| *ttl < has[policy]);
                    prop_assert!(had.values().max() < has.values().max() || has.keys().any(longer), "{:?}", change);
                    prop_assert_eq!(had.is_empty(), change.terms.is_empty(), "{:?}", change);
                }
            }
        }
        for claims in &tokens {
            let (before, after) = (by(&old, claims), by(&new, claims));
            let (had, has) = (before.values().max(), after.values().max());
            if had != has {
                let direction = if has > had { Direction::Widens } else { Direction::Narrows };
                let of_terms = had.is_some() && has.is_some();
                let is_expected = |change: &&Change| change.direction == direction && change.terms.is_empty() != of_terms;
                prop_assert!(found.iter().any(|change| is_expected(&change)), "{:?}", claims);
            }
            for (policy, ttl) in &after {
                let is_longer = |change: &Change| change.direction == Direction::Widens && change.terms.iter().any(|term| term.term == "ttl");
                let is_expected = before.get(policy).is_none_or(|old| old >= ttl) || found.iter().any(is_longer);
                prop_assert!(is_expected, "{:?} by {}", claims, policy);
            }
            for policy in after.keys().filter(|policy| !before.is_empty() && !before.contains_key(*policy)) {
                let new = format!("root/{policy}");
                let is_expected = |change: &Change| change.terms.iter().any(|term| term.term == "subject" && term.new == new);
                prop_assert!(found.iter().any(is_expected), "{:?} by {}", claims, policy);
            }
        }
    }
}

/// Loads a tree that may have warnings.
fn load_any(tree: &Tree) -> Ruleset {
    Ruleset::load(tree, &catalogue(), None).0
}

#[test]
fn a_permission_is_compared_as_any_credential_is() {
    let replay = Target::Daypass(crate::kind::Permission::PolicyReplay);
    let granting = DEPLOY.replace("grant:\n", "grant:\n  daypass: [policy.replay]\n");
    let (without, with) = (tree(&[("policies/a.yaml", DEPLOY)]), tree(&[("policies/a.yaml", &granting)]));
    let gained = compared(&without, &with);
    assert_eq!(
        (gained.len(), gained[0].direction, gained[0].credentials[0].as_str(), gained[0].at.as_str()),
        (1, Direction::Widens, "daypass policy.replay", "policies/a.yaml:8")
    );
    assert_eq!(compared(&with, &without)[0].direction, Direction::Narrows);
    assert_eq!(who_can(&load(&with), &catalogue(), &replay, NOW)[0].who, "acme/shop@456789 refs/heads/main push");
}

/// How many files wait if the policy becomes this one and widening waits.
fn pending(old: &str, new: &str) -> usize {
    let tree = |policy: &str| tree(&[("policies/shop/deploy.yaml", policy), ("secrets/shop/a.yaml", "x")]);
    Ruleset::load_with(&tree(new), &catalogue(), Some(&load(&tree(old))), Widening::Waits, &[]).pending.len()
}

#[test]
fn looser_terms_of_a_secret_wait_and_stricter_ones_do_not() {
    let allowing = DEPLOY.replace("shop/**", "{ secret: shop/**, unauthenticated: allow }");
    let shorter = DEPLOY.replace("shop/**", "{ secret: shop/**, unauthenticated: allow, offline: 10m }");
    assert_eq!((pending(DEPLOY, &allowing), pending(&allowing, DEPLOY), pending(&allowing, &allowing)), (1, 0, 0));
    assert_eq!((pending(&allowing, &shorter), pending(&shorter, &allowing), pending(&shorter, DEPLOY)), (0, 1, 1));
}

/// What is reported if the policy becomes this one: the direction, the credential, and each term.
fn terms(old: &str, new: &str) -> Vec<(Direction, String, String)> {
    let tree = |policy: &str| tree(&[("policies/shop/deploy.yaml", policy), ("secrets/shop/a.yaml", "x")]);
    let describe = |change: Change| {
        let terms = change.terms.iter().map(|term| format!("{}: {} → {}", term.term, term.old, term.new)).collect::<Vec<_>>();
        assert!(
            !change.parts.is_empty() && change.parts.iter().all(|part| part.example["ref"] == "refs/heads/main"),
            "{change:?}"
        );
        (change.direction, change.credentials.join(", "), terms.join(", "))
    };
    compared(&tree(old), &tree(new)).into_iter().map(describe).collect()
}

#[test]
fn looser_terms_are_told_and_stricter_ones_too() {
    use Direction::{Narrows, Widens};
    let of = |more: &str| DEPLOY.replace("role/deploy }", &format!("role/deploy{more} }}"));
    let one = |direction, credential: &str, terms: &str| vec![(direction, credential.to_owned(), terms.to_owned())];
    let aws = "aws arn:aws:iam::123456789012:role/deploy";
    assert_eq!(terms(DEPLOY, &of(", ttl: 12h")), one(Widens, aws, "ttl: 1h → 12h"));
    assert_eq!(terms(&of(", ttl: 12h"), DEPLOY), one(Narrows, aws, "ttl: 12h → 1h"));
    let limited = of(", session_policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]");
    assert_eq!(
        terms(&limited, DEPLOY),
        one(Widens, aws, "session policies: arn:aws:iam::aws:policy/ReadOnlyAccess → none"),
        "what limited the session is gone"
    );
    assert_eq!(terms(DEPLOY, &limited), [], "a limit only takes away");
    let tagged = of(", tags: { team: \"shop-{ref}\" }");
    assert_eq!(terms(DEPLOY, &tagged), one(Widens, aws, "tags: none → team: shop-{ref}"));
    assert_eq!(terms(&tagged, DEPLOY), one(Widens, aws, "tags: team: shop-{ref} → none"), "what has no order may be more");
    let offline = DEPLOY.replace("[shop/**]", "[{ secret: shop/**, offline: 7d, unauthenticated: allow }]");
    let expected = "offline: 1h → 7d, unauthenticated: not allowed → allow";
    assert_eq!(terms(DEPLOY, &offline), one(Widens, "secret shop/a.yaml", expected));
}

#[test]
fn the_terms_of_the_policy_itself_are_compared() {
    let strict = format!("expires: 2027-06-30T00:00:00Z\nreplay: once\ndpop: required\n{DEPLOY}");
    let expected = "expires: 2027-06-30T00:00:00Z → never, replay: once → any number of times, dpop: required → not required";
    let weaker = strict.replace("dpop: required", "dpop: standard");
    let changed = terms(&strict, &weaker);
    assert!(
        changed.iter().all(|(found, _, terms)| *found == Direction::Widens && terms == "dpop: required → standard"),
        "{changed:?}"
    );
    assert_eq!((changed.len(), pending(&strict, &weaker), pending(&weaker, &strict)), (2, 1, 0));
    for (number, direction) in [(0, Direction::Widens), (1, Direction::Narrows)] {
        let found = if number == 0 { terms(&strict, DEPLOY) } else { terms(DEPLOY, &strict) };
        assert_eq!(found.len(), 2, "the role and the secret: {found:?}");
        assert!(found.iter().all(|(found, ..)| *found == direction), "{found:?}");
        assert!(number == 1 || found.iter().all(|(_, _, terms)| terms == expected), "{found:?}");
    }
}

#[test]
fn a_session_that_outlives_its_token_widens_what_it_opens_alone() {
    let of = |ttl: &str| format!("session: {{ ttl: {ttl} }}\n{DEPLOY}");
    use Direction::{Narrows, Widens};
    let secret = |direction, text: &str| vec![(direction, "secret shop/a.yaml".to_owned(), text.to_owned())];
    assert_eq!(terms(DEPLOY, &of("30m")), secret(Widens, "session: none → 30m"), "the role is no more than it was");
    assert_eq!(terms(&of("10m"), &of("30m")), secret(Widens, "session: 10m → 30m"));
    assert_eq!(terms(&of("30m"), &of("10m")), secret(Narrows, "session: 30m → 10m"));
    assert_eq!([pending(DEPLOY, &of("30m")), pending(&of("30m"), &of("10m")), pending(&of("30m"), DEPLOY)], [1, 0, 0]);
}

#[test]
fn the_past_is_compared_as_any_credential_is() {
    let allowing = DEPLOY.replace("shop/**", "{ secret: shop/**, history: allow }");
    let file = ("secrets/shop/a.yaml", "x");
    let (without, with) = (tree(&[("policies/a.yaml", DEPLOY), file]), tree(&[("policies/a.yaml", &allowing), file]));
    let gained = compared(&without, &with);
    assert_eq!(gained.len(), 1, "{gained:?}");
    let credentials: Vec<&str> = gained[0].credentials.iter().map(String::as_str).collect();
    assert_eq!((gained[0].direction, &credentials[..]), (Direction::Widens, &["secret_at shop/a.yaml"][..]));
    assert_eq!(compared(&with, &without)[0].direction, Direction::Narrows);
    let past = Target::parse("secret_at shop/gone.yaml").unwrap();
    assert_eq!(who_can(&load(&with), &catalogue(), &past, NOW)[0].who, "acme/shop@456789 refs/heads/main push");
    assert!(who_can(&load(&without), &catalogue(), &past, NOW).is_empty());
}

#[test]
fn history_of_deleted_documents_is_compared() {
    let of = |secrets: &str| DEPLOY.replace("[shop/**]", secrets);
    let gone = of("[{ secret: gone/*.yaml, history: allow }]");
    let found = compared(&tree(&[("policies/a.yaml", DEPLOY)]), &tree(&[("policies/a.yaml", &gone)]));
    assert_eq!((found.len(), found[0].credentials[0].as_str()), (2, "secret_at gone/a.yaml"), "{found:?}");
    assert_eq!(found[1].credentials, ["secret gone/*.yaml"], "and whatever comes under the pattern");
    assert!(found[0].because.as_ref().unwrap().contains("for example"));
    let waits = [
        (DEPLOY.to_owned(), gone.clone()),
        (gone.clone(), of("[{ secret: gone/**, history: allow }]")),
        (of("[{ secret: gone/a, history: allow }]"), of("[{ secret: gone/*, history: allow }]")),
        (of("[{ secret: gone/*, history: allow }]"), of("[{ secret: gone/**, history: allow }]")),
        (of("[{ secret: gone/**, history: allow }, gone/a]"), of("[{ secret: gone/**, history: allow }]")),
        (of("[{ secret: \"gone/x#/a\", history: allow }]"), of("[{ secret: gone/x, history: allow }]")),
        (of("[{ secret: \"gone/x#/a\", history: allow }]"), of("[{ secret: \"gone/x#/b\", history: allow }]")),
        (gone.clone(), gone.replace("event: push", "event: [push, manual]")),
    ];
    for (old, new) in &waits {
        assert_eq!(pending(old, new), 1, "{old}\n{new}");
    }
    // In the other direction nothing waits, except where one pattern takes the other's place.
    for (new, old) in waits.iter().take(6).filter(|(old, _)| old != DEPLOY) {
        assert_eq!(pending(old, new), 0, "{old}\n{new}");
    }
}

#[test]
fn history_of_too_many_kinds_of_documents_waits() {
    let of = |count: usize| {
        let entries: Vec<String> =
            (0..count).map(|number| format!("{{ secret: gone/{number}/x.yaml, history: allow }}")).collect();
        DEPLOY.replace("[shop/**]", &format!("[{}]", entries.join(", ")))
    };
    assert_eq!((pending(&of(20), &of(10)), pending(&of(20), &of(21)), pending(&of(400), &of(399))), (0, 1, 1));
}

mod lists;
mod many;
mod plain;
mod repositories;
mod rows;
mod subjects;
