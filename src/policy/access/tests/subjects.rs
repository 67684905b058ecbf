//! The subject under which clouds see a job, and the owners who have to approve a change.

use super::*;

/// Clouds and services trust names: a job under another name may get in where nobody wanted to let it in.
#[test]
fn a_job_under_another_subject_is_reported() {
    let policy = |repository: &str, rest: &str| {
        format!(
            "owners: [team]\nissuer: github\nmatch: {{ repository: {repository}, ref: refs/heads/main, event: push }}\n{rest}"
        )
    };
    let token = "grant: { id_token: [{ audience: \"https://partner.example\" }] }\n";
    let [prod, dev] = ["acme/prod@1", "acme/dev@2"].map(|repository| policy(repository, token));
    let two = |one: &str, other: &str| tree(&[("policies/prod.yaml", one), ("policies/dev.yaml", other)]);
    let widenings = |old: &Tree, new: &Tree| {
        let all = compared(old, new).into_iter().filter(|change| change.direction == Direction::Widens);
        let mut all: Vec<String> = all
            .flat_map(|change| change.terms.into_iter().map(|term| format!("{} {} -> {}", term.term, term.old, term.new)))
            .collect();
        all.sort();
        all
    };
    let before = two(&prod, &dev);
    let [to_dev, to_prod] = ["subject root/prod -> root/dev", "subject root/dev -> root/prod"];
    assert_eq!(widenings(&before, &two(&dev, &prod)), [to_prod, to_dev], "they change places");
    assert_eq!(widenings(&before, &tree(&[("policies/prod.yaml", &dev)])), [to_prod], "one takes the other's place");
    let both = tree(&[("policies/prod.yaml", &prod), ("policies/dev.yaml", &dev), ("policies/new.yaml", &dev)]);
    assert_eq!(widenings(&before, &both), ["subject root/dev -> root/new"], "it has a second name");
    assert_eq!(widenings(&both, &before), [""; 0], "that goes again");

    let rows = |rows: &str| {
        let policy = policy("\"{each.repository}\"", &format!("for_each: rows.yaml\n{token}"));
        tree(&[("policies/all.yaml", &policy), ("rows.yaml", &format!("[{rows}]\n"))])
    };
    let [prod, dev, reused] = [
        "{ name: prod, repository: acme/prod@1 }",
        "{ name: dev, repository: acme/dev@2 }",
        "{ name: prod, repository: acme/dev@2 }",
    ];
    let before = rows(&format!("{prod}, {dev}"));
    assert_eq!(widenings(&before, &rows(reused)), ["subject root/all:dev -> root/all:prod"]);
    assert_eq!(widenings(&before, &rows(&format!("{dev}, {prod}"))), [""; 0], "the order says nothing");
    assert_eq!(widenings(&rows(reused), &rows("{ repository: acme/dev@2 }")), ["subject root/all:prod -> root/all"]);
}

#[test]
fn the_old_owners_have_to_approve_besides_the_new_ones() {
    let old = tree(&[("policies/shop/deploy.yaml", DEPLOY)]);
    let new = DEPLOY.replace("team-shop", "attacker").replace("event: push", "event: [push, manual]");
    let changes = compared(&old, &tree(&[("policies/shop/deploy.yaml", &new)]));
    assert!(!changes.is_empty());
    assert!(changes.iter().all(|change| change.owners == ["team-shop", "attacker"]), "{changes:#?}");
    let longer = DEPLOY.replace("team-shop", "attacker").replace("role/deploy }", "role/deploy, ttl: 2h }");
    let changes = compared(&old, &tree(&[("policies/shop/deploy.yaml", &longer)]));
    assert!(changes.iter().any(|change| change.owners == ["team-shop", "attacker"]), "{changes:#?}");
}

#[test]
fn nothing_changes_when_only_the_text_does() {
    let old = tree(&[("policies/shop/deploy.yaml", DEPLOY)]);
    let list = DEPLOY.replace("event: push", "event: [push]").replace("shop/**", "shop/**, shop/a.yaml");
    let same = tree(&[("policies/shop/deploy.yaml", &format!("# the same\n{list}"))]);
    assert_eq!(compared(&old, &same), []);
    // Nobody outside sees the policy's name if a job reads a secret.
    let secrets =
        |name: &str| tree(&[(name, &DEPLOY.replace("  aws: [ { role: arn:aws:iam::123456789012:role/deploy } ]\n", ""))]);
    assert_eq!(compared(&secrets("policies/shop/deploy.yaml"), &secrets("policies/shop/release.yaml")), []);
}

#[test]
fn a_second_policy_on_the_same_terms_widens_only_what_shows_its_subject() {
    let long = DEPLOY.replace("role/deploy }", "role/deploy, ttl: 12h }").replace("refs/heads/main", "refs/heads/*");
    let old = tree(&[("policies/a.yaml", DEPLOY), ("policies/b.yaml", &long)]);
    let longer = DEPLOY.replace("role/deploy }", "role/deploy, ttl: 12h }");
    // AWS may trust the subject of the first policy alone.
    let found = compared(&old, &tree(&[("policies/a.yaml", &longer), ("policies/b.yaml", &long)]));
    let terms: Vec<_> = found.iter().map(|change| (change.direction, change.at.as_str(), change.terms[0].term)).collect();
    assert_eq!(terms, [(Direction::Widens, "policies/a.yaml:8", "ttl")]);
    let secrets = |offline: &str| {
        let roles = "  aws: [ { role: arn:aws:iam::123456789012:role/deploy } ]\n";
        DEPLOY.replace(roles, "").replace("shop/**", &format!("{{ secret: shop/a.yaml, offline: {offline} }}"))
    };
    let revision =
        |one: &str| tree(&[("policies/a.yaml", one), ("policies/b.yaml", &secrets("2h")), ("secrets/shop/a.yaml", "x")]);
    assert_eq!(compared(&revision(&secrets("1h")), &revision(&secrets("2h"))), []);
    let short = DEPLOY.replace("refs/heads/main", "refs/heads/**");
    let found = compared(&old, &tree(&[("policies/a.yaml", &short)]));
    let summary: Vec<_> =
        found.iter().map(|change| (change.direction, change.terms.len(), change.parts[0].who.as_str())).collect();
    let (gained, shorter) =
        ("acme/shop@456789 refs/heads/** (not [refs/heads/main, refs/heads/*]) push", "acme/shop@456789 refs/heads/* push");
    let another = (Direction::Widens, 1, "acme/shop@456789 refs/heads/* (not refs/heads/main) push");
    let gained = (Direction::Widens, 0, gained);
    let all = [gained, another, gained, (Direction::Narrows, 1, shorter)];
    assert_eq!(summary, all, "the role, by another subject, and the pattern that has no file yet");
}

#[test]
fn two_subjects_that_swap_what_their_tokens_say_are_reported() {
    let policy = |role: &str| {
        DEPLOY.replace(
            "  aws: [ { role: arn:aws:iam::123456789012:role/deploy } ]\n  secrets: [shop/**]\n",
            &format!("  id_token: [{{ audience: \"https://partner.example\", claims: {{ role: {role} }} }}]\n"),
        )
    };
    let revision = |high: &str, low: &str| tree(&[("policies/high.yaml", &policy(high)), ("policies/low.yaml", &policy(low))]);
    let found = compared(&revision("admin", "user"), &revision("user", "admin"));
    let at: Vec<_> = found.iter().map(|change| (change.direction, change.at.as_str(), change.terms[0].new.as_str())).collect();
    let widens = |at, new| (Direction::Widens, at, new);
    assert_eq!(at, [widens("policies/high.yaml:8", "role: user"), widens("policies/low.yaml:8", "role: admin")]);
}

/// The texts that are shown were compared once, and different terms have one text there.
#[test]
fn terms_are_other_terms_whatever_their_text_looks_like() {
    let terms = |old: &str, new: &str| {
        let revision = |grant: &str| {
            let roles = "  aws: [ { role: arn:aws:iam::123456789012:role/deploy } ]\n";
            tree(&[("policies/a.yaml", &DEPLOY.replace(roles, &format!("  {grant}\n")))])
        };
        let found = compared(&revision(old), &revision(new));
        found.into_iter().flat_map(|change| change.terms).map(|term| (term.old, term.new)).collect::<Vec<_>>()
    };
    let token = |claims: &str| format!("id_token: [{{ audience: \"https://partner.example\", claims: {claims} }}]");
    assert_eq!(
        terms(&token("{ team: \"x, tier: admin\" }"), &token("{ team: x, tier: admin }")),
        [("team: \"x, tier: admin\"".to_owned(), "team: x, tier: admin".to_owned())]
    );
    let role = |more: &str| format!("aws: [ {{ role: arn:aws:iam::123456789012:role/deploy, tags: {{ none: x }}{more} }} ]");
    assert_eq!(terms(&role(""), &role(", transitive_tags: [none]")), [("none".to_owned(), "\"none\"".to_owned())]);
}
