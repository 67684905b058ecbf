//! Compares what two revisions of a thousand policies permit. Most policies are unchanged; in the second set all share one secret.

use crate::load::{catalogue, policy};
use daypass::policy::{Ruleset, Tree, changes};
use daypass::words::{Clock, SystemClock};
use std::sync::Arc;
use std::time::{Duration, Instant};

const POLICIES: usize = 1000;
/// One policy in this many changes its branch.
const CHANGED: usize = 10;
/// How many comparisons are timed; their median is printed.
const ROUNDS: usize = 5;

pub(crate) fn run(thorough: bool) {
    let (count, rounds) = if thorough { (POLICIES, ROUNDS) } else { (100, 1) };
    for (secrets, what) in [("services", "a role and a secret of its own each"), ("shared", "and a secret that all of them get")]
    {
        let mut times: Vec<(Duration, Duration)> = (0..rounds).map(|_| compare(count, secrets == "shared")).collect();
        times.sort();
        let (took, read) = times[times.len() / 2];
        println!(
            "diff      {count} policies, one in {CHANGED} changed, {what:<36} {took:>8.1?}, {read:.1?} of it reading (aim: 3 s)"
        );
    }
}

/// The time from two trees to the list of changes, and the part of it spent reading the trees.
fn compare(count: usize, shared: bool) -> (Duration, Duration) {
    let (old, new, catalogue) = (tree(count, shared, "main"), tree(count, shared, "release"), catalogue());
    let started = Instant::now();
    let [before, after] = [&old, &new].map(|tree| {
        let (ruleset, faults) = Ruleset::load(tree, &catalogue, None);
        assert!(faults.is_empty(), "{}", faults[0]);
        ruleset
    });
    let read = started.elapsed();
    let found = changes((&before, &old), (&after, &new), &catalogue, SystemClock.now());
    let took = started.elapsed();
    // Each changed policy gains one branch and loses the other, for its role and for its secrets.
    assert_eq!(found.len(), count / CHANGED * 4);
    (took, read)
}

/// The policies and the secrets they name; policies that change match this branch.
fn tree(count: usize, shared: bool, branch: &str) -> Tree {
    let file = |name: String, text: String| (name, Arc::from(text.into_bytes()));
    let policies = (0..count).map(|number| {
        let text = policy(number, if number % CHANGED == 0 { branch } else { "main" });
        let text = if shared { text.replace("/**]", "/**, shared/registry.age]") } else { text };
        file(format!("policies/team-{}/service-{number}.yaml", number % 50), text)
    });
    let secrets = (0..count).map(|number| file(format!("secrets/services/{number}/database.age"), String::new()));
    let everybodys = shared.then(|| file("secrets/shared/registry.age".to_owned(), String::new()));
    policies.chain(secrets).chain(everybodys).collect()
}
