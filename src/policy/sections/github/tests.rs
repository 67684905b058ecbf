use crate::identity::Mapping;
use crate::kind::{Kind, Target};
use crate::policy::access::{Direction, changes, who_can};
use crate::policy::decide::Moment;
use crate::policy::{Catalogue, GitHubTerms, Ruleset, Terms, Tree};
use crate::token::Claims;
use crate::words::names::IssuerName;
use crate::words::{Reason, UnixTime};
use serde_json::json;
use std::sync::Arc;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn catalogue() -> Catalogue {
    Catalogue::of_github()
}

fn tree(github: &str, guardrails: &str) -> Tree {
    let policy = format!(
        "owners: [team-shop]\nissuer: github\nmatch: {{ owner: acme@9001, event: push }}\ngrant:\n  github: [ {github} ]\n"
    );
    let files = [("policies/bot.yaml", policy), ("guardrails.yaml", guardrails.to_owned())];
    files
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), Arc::from(text.as_bytes())))
        .collect()
}

fn faults(github: &str) -> Vec<String> {
    Ruleset::load(&tree(github, ""), &catalogue(), None).1.iter().map(ToString::to_string).collect()
}

fn rules(github: &str, guardrails: &str) -> Ruleset {
    let (ruleset, faults) = Ruleset::load(&tree(github, guardrails), &catalogue(), None);
    assert!(faults.is_empty(), "{}", faults[0]);
    ruleset
}

fn target(text: &str) -> Target {
    crate::kind::GitHubTarget::question(text).unwrap().into()
}

/// The terms that a job of this repository gets.
fn decide(ruleset: &Ruleset, repository: &str, target: &Target) -> Result<GitHubTerms, Reason> {
    let claims = json!({"sub": format!("repo:{repository}:ref:refs/heads/main"), "repository": repository, "repository_id": "456789",
        "repository_owner": "acme", "repository_owner_id": "9001", "event_name": "push", "ref": "refs/heads/main", "ref_type": "branch",
        "ref_protected": "true", "sha": "0b1a"});
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    let facts = Mapping::built_in("github-actions").unwrap().facts(&IssuerName::parse("github").unwrap(), claims).unwrap();
    let granted = ruleset.set().grant_one(&facts, target, None, Moment::at(NOW)).map_err(|denial| denial.reason)?;
    match granted.terms {
        Terms::GitHub(terms) => Ok(terms),
        other => panic!("{other:?}"),
    }
}

#[test]
fn however_little_a_request_asks_for_it_is_the_same_use_of_the_app() {
    let entry = |app: &str| {
        format!("{{ app: {app}, repositories: [acme/shop@1, acme/site@2], permissions: {{ contents: write, issues: read }} }}")
    };
    let ruleset = rules(&format!("{}, {}", entry("acme"), entry("other")), "");
    let whole = |text: &str| Terms::GitHub(decide(&ruleset, "acme/shop", &target(text)).unwrap()).whole();
    for part in ["acme acme/shop contents=read", "acme acme/site contents=write", "acme acme/shop acme/site issues=read"] {
        assert_eq!(whole(part).as_deref(), Some("github acme"), "{part}");
    }
    assert_eq!(whole("other acme/shop contents=read").as_deref(), Some("github other"));
}

fn describe(terms: &GitHubTerms) -> String {
    terms.target().to_string()
}

#[test]
fn an_entry_without_repositories_or_permissions_does_not_load() {
    let good = "{ app: acme, repositories: [\"acme/shop@1\"], permissions: { contents: read } }";
    assert_eq!(faults(good), Vec::<String>::new());
    let many = (1..=501).map(|id| format!("acme/r{id}@{id}")).collect::<Vec<_>>().join(", ");
    for (bad, expected) in [
        ("{ app: acme, permissions: { contents: read } }", "repositories"),
        ("{ app: acme, repositories: [\"acme/shop@1\"] }", "permissions"),
        ("{ app: acme, repositories: [], permissions: { contents: read } }", "no repository is named"),
        ("{ app: acme, repositories: [\"acme/shop@1\"], permissions: {} }", "which GitHub reads as all of them"),
        ("{ app: acme, repositories: all, permissions: { contents: read } }", "expected OWNER/REPOSITORY"),
        (
            "{ app: acme, repositories: [\"acme/*\"], permissions: { contents: read } }",
            "the name of a GitHub repository has up to",
        ),
        (
            "{ app: acme, repositories: [\"acme/a@1\", \"acme/b@1\"], permissions: { contents: read } }",
            "two repositories have one id",
        ),
        ("{ app: acme, repositories: [\"a/b@1\", \"c/d@2\"], permissions: { contents: read } }", "several accounts"),
        (
            "{ app: acme, repositories: [\"acme/shop@1\"], permissions: { contents: read }, extra_permissions: { contents: write } }",
            "it belongs under `permissions`",
        ),
        ("{ app: acme, repositories: [\"acme/shop@1\"], permissions: { contnts: read } }", "did you mean `contents`?"),
        ("{ app: acme, repositories: [\"acme/shop@1\"], permissions: { contents: admin } }", "no such level"),
        ("{ app: acme, repositories: [\"acme/shop@1\"], permissions: { contents: read }, ttl: 5m }", "ttl"),
        ("{ app: \"a b\", repositories: [\"acme/shop@1\"], permissions: { contents: read } }", "an App's name has up to"),
        (&format!("{{ app: acme, repositories: [{many}], permissions: {{ contents: read }} }}"), "more than 500"),
    ] {
        let messages = faults(bad);
        assert!(messages.iter().any(|message| message.contains(expected)), "{bad}: {messages:?}");
    }
    let newer =
        "{ app: acme, repositories: [\"acme/shop@1\"], permissions: { contents: read }, extra_permissions: { thoughts: write } }";
    assert_eq!(
        describe(&decide(&rules(newer, ""), "acme/shop", &target("acme")).unwrap()),
        "acme acme/shop contents=read thoughts=write"
    );
}

#[test]
fn a_job_gets_what_it_asks_for_within_what_is_granted_and_no_more() {
    let ruleset = rules(
        "{ app: acme, repositories: [\"acme/shop@1\", \"acme/api@2\"], permissions: { contents: write, issues: read } }",
        "",
    );
    let of = |text: &str| decide(&ruleset, "acme/other", &target(text)).map(|terms| describe(&terms));
    let whole = "acme acme/api acme/shop contents=write issues=read";
    let open = Target::from(crate::kind::GitHubTarget::default());
    assert_eq!(decide(&ruleset, "acme/other", &open).map(|terms| describe(&terms)).as_deref(), Ok(whole));
    assert_eq!(of("ACME/API contents=read").as_deref(), Ok("acme acme/api contents=read"));
    assert_eq!(of("acme").as_deref(), Ok(whole));
    for more in ["issues=write", "acme/else", "acme/api acme/else", "other", "all:acme", "pages=read"] {
        assert_eq!(of(more), Err(Reason::NoMatchingPolicy), "{more}");
    }
}

#[test]
fn all_repositories_are_granted_only_by_all_and_reported() {
    let ruleset = rules("{ app: acme, repositories: { all: acme }, permissions: { contents: read } }", "");
    let of = |text: &str| decide(&ruleset, "acme/other", &target(text)).map(|terms| describe(&terms));
    assert_eq!(of("acme").as_deref(), Ok("acme all:acme contents=read"));
    assert_eq!(of("acme/one").as_deref(), Ok("acme acme/one contents=read"));
    assert_eq!(of("other/one"), Err(Reason::NoMatchingPolicy));
}

#[test]
fn the_own_repository_is_that_of_the_token_by_its_id() {
    let own = "{ app: acme, repositories: [\"{repository}\"], permissions: { contents: write } }";
    let ruleset = rules(own, "");
    let open = Target::from(crate::kind::GitHubTarget::default());
    let terms = decide(&ruleset, "acme/shop", &open).unwrap();
    assert_eq!((describe(&terms).as_str(), terms.own_of.is_some()), ("acme acme/shop contents=write", true));
    let super::InRepositories::Named(named) = &terms.to else { panic!("{terms:?}") };
    assert_eq!(named[0].to_string(), "acme/shop@456789");
    assert!(decide(&ruleset, "acme/shop", &target("acme/shop contents=read")).is_ok());
    assert_eq!(decide(&ruleset, "acme/shop", &target("acme/api")), Err(Reason::NoMatchingPolicy));
    let reach = |text: &str| {
        let reached = who_can(&ruleset, &catalogue(), &target(text), NOW);
        reached.into_iter().map(|one| one.who).collect::<Vec<_>>()
    };
    let [who] = &reach("acme/api contents=read")[..] else { panic!("one rule") };
    assert!(who.contains("acme/api"), "only its own jobs: {who}");
    assert!(reach("acme/api acme/shop contents=read").is_empty());
}

#[test]
fn a_guardrail_counts_for_the_chosen_repositories() {
    let rail = "denials: [ { description: No bot, match: { event: push }, deny: { github: [\"acme/prod-*\"] } } ]\n";
    let denied = |github: &str, repository: &str, text: &str| {
        let target = if text.is_empty() { crate::kind::GitHubTarget::default().into() } else { target(text) };
        decide(&rules(github, rail), repository, &target) == Err(Reason::Denied)
    };
    let own = "{ app: acme, repositories: [\"{repository}\"], permissions: { contents: write } }";
    let listed = "{ app: acme, repositories: [\"acme/shop@1\", \"ACME/Prod-eu@2\"], permissions: { contents: write } }";
    let all = "{ app: acme, repositories: { all: Acme }, permissions: { contents: write } }";
    assert!(denied(own, "acme/prod-eu", "") && !denied(own, "acme/shop", ""));
    assert!(denied(listed, "acme/shop", "") && denied(listed, "acme/shop", "acme/prod-eu"));
    assert!(!denied(listed, "acme/shop", "acme/shop"));
    assert!(denied(all, "acme/shop", "") && !denied(all, "acme/shop", "acme/shop"));
    assert!(who_can(&rules(listed, rail), &catalogue(), &target("acme/prod-eu"), NOW).is_empty());
}

#[test]
fn a_request_chooses_among_several_grants() {
    let two = "{ app: acme, repositories: [\"acme/shop@1\"], permissions: { contents: read } }, { app: acme, repositories: [\"acme/api@2\"], permissions: { issues: write } }";
    let ruleset = rules(two, "");
    let of = |text: &str| decide(&ruleset, "acme/shop", &target(text)).map(|terms| describe(&terms));
    assert_eq!(of("acme"), Err(Reason::PolicyAmbiguous));
    assert_eq!(of("acme/shop").as_deref(), Ok("acme acme/shop contents=read"));
    assert_eq!(of("issues=read").as_deref(), Ok("acme acme/api issues=read"));
}

/// Each pair of these grants, and whether the change from one to the other widens.
#[test]
fn what_is_wider_is_told_and_what_is_narrower_is_not() {
    let one = |app: &str, repositories: &str, permissions: &str| {
        format!("{{ app: {app}, repositories: {repositories}, permissions: {{ {permissions} }} }}")
    };
    let shop = one("acme", "[\"acme/shop@1\"]", "contents: read");
    for (old, new, gains) in [
        (shop.clone(), shop.clone(), false),
        (shop.clone(), one("acme", "[\"acme/shop@1\", \"acme/api@2\"]", "contents: read"), true),
        (one("acme", "[\"acme/shop@1\", \"acme/api@2\"]", "contents: read"), shop.clone(), false),
        (shop.clone(), one("acme", "[\"acme/shop@1\"]", "contents: write"), true),
        (one("acme", "[\"acme/shop@1\"]", "contents: write"), shop.clone(), false),
        (shop.clone(), one("acme", "[\"acme/shop@1\"]", "contents: read, issues: read"), true),
        (shop.clone(), one("acme", "{ all: acme }", "contents: read"), true),
        (one("acme", "{ all: acme }", "contents: read"), shop.clone(), false),
        (shop.clone(), one("other", "[\"acme/shop@1\"]", "contents: read"), true),
        (shop.clone(), one("acme", "[\"{repository}\"]", "contents: read"), true),
        (one("acme", "[\"{repository}\"]", "contents: read"), shop.clone(), true),
        (
            one("acme", "[\"{repository}\"]", "contents: read"),
            one("acme", "[\"{repository}\", \"acme/payroll@9\"]", "contents: read"),
            true,
        ),
        (
            one("acme", "[\"{repository}\", \"acme/payroll@9\"]", "contents: read"),
            one("acme", "[\"{repository}\"]", "contents: read"),
            false,
        ),
        (shop.clone(), one("acme", "[\"acme/shop@2\"]", "contents: read"), true),
        (shop.clone(), one("acme", "[\"acme/shop\"]", "contents: read"), true),
        // The old one offers each of them too, but not both in one token.
        (
            format!("{shop}, {}", one("acme", "[\"acme/api@2\"]", "contents: read")),
            one("acme", "[\"acme/shop@1\", \"acme/api@2\"]", "contents: read"),
            true,
        ),
    ] {
        let (old_tree, new_tree) = (tree(&old, ""), tree(&new, ""));
        let found = changes((&rules(&old, ""), &old_tree), (&rules(&new, ""), &new_tree), &catalogue(), NOW);
        assert_eq!(found.iter().any(|change| change.direction == Direction::Widens), gains, "{old} -> {new}");
    }
}
