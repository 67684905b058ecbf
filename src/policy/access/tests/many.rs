//! Too many guardrails or patterns to compare exactly: everything that somebody may gain is reported.

use super::*;

/// A denial of several lines leaves a part for each line: together these are too many.
#[test]
fn a_removed_denial_is_reported_if_guardrails_leave_too_many_parts() {
    let denial = |number: usize| {
        let lines: String = ["a", "b", "c"].map(|line| format!("/{line}{number}: x")).join(", ");
        format!("  - {{ description: No., issuer: github, claims: {{ {lines} }} }}\n")
    };
    let rails = |numbers: std::ops::Range<usize>| "denials:\n".to_owned() + &numbers.map(denial).collect::<String>();
    let wider = DEPLOY.replace("refs/heads/main", "[refs/heads/main, refs/heads/release/**]");
    let at = |policy: &str, rails: &str| {
        tree(&[("policies/shop/deploy.yaml", policy), ("guardrails.yaml", rails), ("secrets/shop/a.yaml", "x")])
    };
    let some = at(DEPLOY, &rails(1..9));
    let set = load(&some);
    let permit = &super::permits::permits(&set, &catalogue(), &deploy(), NOW)[0];
    assert!(permit.regions.len() > super::permits::PARTS_MAX, "{}", permit.regions.len());

    for fewer in [rails(2..9), rails(1..8), rails(1..4)] {
        let found = compared(&some, &at(DEPLOY, &fewer));
        let widens = found.iter().filter(|change| change.direction == Direction::Widens);
        let widens: Vec<_> = widens.flat_map(|change| &change.credentials).collect();
        assert_eq!(widens.len(), 2, "the role and the secret");
    }
    // None of the others fits this one, so few parts are left of it.
    let lines: Vec<String> = (1..7).map(|number| format!("/a{number}: other")).collect();
    let narrower = DEPLOY.replace("grant:", &format!("claims: {{ {} }}\ngrant:", lines.join(", ")));
    let found = compared(&some, &at(&narrower, &rails(1..7)));
    assert!(found.iter().any(|change| change.direction == Direction::Widens), "whom the last two denied");
    assert!(compared(&some, &some).is_empty(), "what did not change is no gain");
    assert!(compared(&some, &at(DEPLOY, &rails(1..10))).iter().all(|change| change.direction == Direction::Narrows));
    let found = compared(&some, &at(&wider, &rails(1..9)));
    assert!(found.iter().any(|change| change.direction == Direction::Widens && change.because.is_none()));
    assert!(compared(&at(&wider, &rails(1..9)), &some).iter().all(|change| change.direction == Direction::Narrows));
}

/// All of these may stand in one text, in any order.
#[test]
fn one_of_many_excluded_patterns_is_compared_exactly() {
    let but = |count: u8| {
        let patterns: Vec<String> =
            (0..count).map(|number| format!("\"*{}{number}*\"", char::from(b'a' + number % 26))).collect();
        let policy =
            DEPLOY.replace("grant:", &format!("claims: {{ /job: {{ like: \"**\", not: [{}] }} }}\ngrant:", patterns.join(", ")));
        tree(&[("policies/shop/deploy.yaml", &policy), ("secrets/shop/a.yaml", "x")])
    };
    let directions =
        |old: &Tree, new: &Tree| -> Vec<Direction> { compared(old, new).into_iter().map(|change| change.direction).collect() };
    let (many, fewer) = (but(40), but(39));
    assert!(directions(&many, &fewer).iter().all(|direction| *direction == Direction::Widens));
    assert!(directions(&fewer, &many).iter().all(|direction| *direction == Direction::Narrows));
    let found = compared(&many, &fewer);
    assert!(
        found.iter().flat_map(|change| &change.parts).all(|part| part.example["job"].as_str().unwrap().contains("n39")),
        "{found:?}"
    );
}

/// Seven denials that overlap make too many kinds.
#[test]
fn a_removed_denial_is_reported_beside_many_denials() {
    let rails = |more: &str| {
        let denied = ["a", "b", "c", "d", "e", "f", "g"].map(|name| format!("\"shop/*-{name}-*\"")).join(", ");
        format!("denials: [ {{ description: No., deny: {{ secrets: [{denied}{more}] }} }} ]\n")
    };
    let granting = |secrets: &str| {
        DEPLOY.replace("[shop/**]", secrets).replace("  aws: [ { role: arn:aws:iam::123456789012:role/deploy } ]\n", "")
    };
    let at = |policy: &str, rails: &str| tree(&[("policies/shop/deploy.yaml", policy), ("guardrails.yaml", rails)]);
    let widens = |old: &Tree, new: &Tree| {
        compared(old, new)
            .into_iter()
            .filter(|change| change.direction == Direction::Widens)
            .flat_map(|change| change.credentials)
            .collect::<Vec<_>>()
    };
    let (plain, past) = (granting("[\"shop/**\"]"), granting("[{ secret: \"shop/**\", history: allow }]"));
    let (many, fewer) = (rails(", \"shop/zz/**\""), rails(""));
    assert_eq!(widens(&at(&plain, &many), &at(&plain, &fewer)), ["secret shop/**"]);
    let (files, set) = (at(&plain, &many), load(&at(&plain, &many)));
    assert!(changes((&set, &files), (&set, &files), &catalogue(), NOW).is_empty(), "what did not change is no gain");
    let widened = widens(&at(&past, &many), &at(&past, &fewer));
    assert!(widened.iter().any(|credential| credential.starts_with("secret_at ")), "{widened:?}");
    let (strict, loose) = (
        granting("[{ secret: \"shop/**\", offline: 7d }, { secret: \"shop/zz/**\", offline: 5s }]"),
        granting("[{ secret: \"shop/**\", offline: 7d }]"),
    );
    assert_eq!(widens(&at(&strict, &fewer), &at(&loose, &fewer)), ["secret shop/**"]);
}
