//! Compares the reported changes with the decisions of both revisions: every token that each of some identities gets by any request.

use super::*;
use crate::identity::{Attribute, Value as AttributeValue};
use crate::kind::RepositoryScope;
use crate::policy::decide::Moment;
use crate::policy::{GitHubTerms, InRepositories, Terms};
use crate::words::github::{Owner, Permissions, RepositoryName};
use std::collections::{BTreeMap, BTreeSet};

/// The number of cases; `PROPTEST_CASES` sets another one.
const CASES: usize = 60;
const NAMES: [&str; 5] = ["acme/a", "acme/b", "acme/s1", "acme/s2", "acme/zz"];
const PERMISSIONS: [&str; 4] = ["contents=read", "contents=write", "contents=read issues=read", "metadata=read"];

/// One token: repositories with their ids (none: all of the account), and what it may do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Token {
    repositories: Option<BTreeMap<String, Option<u64>>>,
    permissions: Permissions,
}

impl Token {
    fn of(terms: &GitHubTerms) -> Self {
        let repositories = match &terms.to {
            InRepositories::All(_) => None,
            InRepositories::Named(named) => {
                Some(named.iter().map(|one| (one.name.to_string().to_ascii_lowercase(), one.id.map(|id| id.number()))).collect())
            }
        };
        Self { repositories, permissions: terms.permissions.clone() }
    }

    /// Whether this one does all that the other does.
    fn covers(&self, other: &Self) -> bool {
        let has = |(name, id): (&String, &Option<u64>)| match &self.repositories {
            None => name.starts_with("acme/"),
            Some(own) => own.get(name).is_some_and(|known| known.is_none() || known == id),
        };
        let within = match &other.repositories {
            None => self.repositories.is_none(),
            Some(names) => names.iter().all(has),
        };
        within && self.permissions.covers(&other.permissions)
    }
}

fn requests() -> Vec<Target> {
    let names: Vec<RepositoryName> = NAMES.iter().map(|name| RepositoryName::parse(name).unwrap()).collect();
    let some = (1..1_usize << names.len()).map(|mask| {
        let chosen: BTreeSet<_> = (0..names.len()).filter(|at| mask >> at & 1 == 1).map(|at| names[at].clone()).collect();
        RepositoryScope::Named(chosen)
    });
    let other = RepositoryScope::Named([RepositoryName::parse("other/x").unwrap()].into());
    let all = some.chain([RepositoryScope::All(Owner::parse("acme").unwrap()), other]);
    let with = |repositories: RepositoryScope| {
        PERMISSIONS.map(|permissions| {
            let target = GitHubTarget::question(permissions).unwrap();
            Target::from(GitHubTarget { app: None, repositories: Some(repositories.clone()), ..target })
        })
    };
    all.flat_map(with).collect()
}

fn identities() -> Vec<Facts> {
    let of = |repository: &str, event: &str| {
        let owner = repository.split('/').next().unwrap().to_ascii_lowercase();
        let id = match repository.to_ascii_lowercase().as_str() {
            "acme/a" => "11",
            "acme/s1" => "3",
            _ => "456",
        };
        let owner_id = if owner == "acme" { "9001" } else { "9002" };
        let claims = json!({ "repository": repository, "repository_id": id, "repository_owner": owner,
            "repository_owner_id": owner_id, "event_name": event, "ref": "refs/heads/main", "ref_type": "branch", "ref_protected": "true" });
        facts(claims.as_object().unwrap())
    };
    let names = ["acme/a", "Acme/S1", "acme/zz", "other/x"];
    names.into_iter().flat_map(|name| [of(name, "push"), of(name, "workflow_dispatch")]).collect()
}

/// Every token that the identity gets, whichever policy it names.
fn tokens(ruleset: &Ruleset, facts: &Facts, requests: &[Target]) -> BTreeSet<Token> {
    let by = |target: &Target, policy: &TrustPolicy| {
        let granted = ruleset.set().grant_one(facts, target, Some(&policy.name), Moment::at(NOW)).ok()?;
        if let Terms::GitHub(terms) = granted.terms { Some(Token::of(&terms)) } else { None }
    };
    let policies = ruleset.set().policies();
    policies.iter().flat_map(|policy| requests.iter().filter_map(|target| by(target, policy))).collect()
}

/// The same requests, and further ones for this identity's own repository and for this credential.
fn with_own(requests: &[Target], facts: &Facts, credential: &str) -> Vec<Target> {
    let own = facts.attribute(Attribute::Repository).and_then(|name| match name {
        AttributeValue::Named { name, .. } => RepositoryName::parse(name).ok(),
        _ => None,
    });
    let parsed =
        Target::parse(credential).ok().filter(|target| !credential.contains(" own ") && matches!(target, Target::GitHub(_)));
    let plus_own = |target: &Target| {
        let Target::GitHub(GitHubTarget { repositories: Some(RepositoryScope::Named(names)), permissions, .. }) = target else {
            return None;
        };
        let names = names.iter().cloned().chain(own.clone()).collect();
        let target =
            GitHubTarget { app: None, repositories: Some(RepositoryScope::Named(names)), permissions: permissions.clone() };
        Some(Target::from(target))
    };
    let alone = own.iter().flat_map(|own| {
        PERMISSIONS.map(|permissions| Target::from(GitHubTarget::question(&format!("{own} {permissions}")).unwrap()))
    });
    requests.iter().cloned().chain(requests.iter().filter_map(plus_own)).chain(alone).chain(parsed).collect()
}

/// Whether one of the identities of the change gains something.
fn is_proven(change: &Change, had: &Ruleset, has: &Ruleset, requests: &[Target]) -> bool {
    change.parts.iter().any(|part| {
        let facts = facts(&part.example);
        let requests = with_own(requests, &facts, &change.credentials[0]);
        gains_one(had, has, &facts, &requests).is_some()
    })
}

/// An identity and a token that it gets by the new revision, if no token that it got by the old one covers the new one.
fn gains(old: &Ruleset, new: &Ruleset, requests: &[Target]) -> Option<(String, Token)> {
    identities().iter().find_map(|facts| Some((format!("{:?}", facts.attributes), gains_one(old, new, facts, requests)?)))
}

fn gains_one(old: &Ruleset, new: &Ruleset, facts: &Facts, requests: &[Target]) -> Option<Token> {
    let had = tokens(old, facts, requests);
    tokens(new, facts, requests).into_iter().find(|token| !had.iter().any(|known| known.covers(token)))
}

fn entry() -> impl Strategy<Value = String> {
    let repositories = prop::sample::select(vec![
        "[\"{repository}\"]",
        "{ all: acme }",
        "[\"acme/a@11\"]",
        "[\"acme/a@11\", \"acme/b@2\"]",
        "[\"acme/a@11\", \"acme/b@2\", \"acme/s1@3\"]",
        "[\"acme/s1@3\", \"acme/s2@4\"]",
        "[\"{repository}\", \"acme/b@2\"]",
        "[\"{repository}\", \"acme/s1@3\", \"acme/b@2\"]",
    ]);
    let permissions = prop::sample::select(vec!["contents: read", "contents: write", "contents: read, issues: read"]);
    (repositories, permissions).prop_map(|(repositories, permissions)| {
        format!("{{ app: acme, repositories: {repositories}, permissions: {{ {permissions} }} }}")
    })
}

fn policy() -> impl Strategy<Value = String> {
    let lines = prop::sample::select(vec![
        "owner: acme@9001, event: push",
        "owner: acme@9001, event: [push, manual]",
        "repository: acme/a@11, event: push",
        "repository: [acme/a, acme/s1], event: [push, manual]",
        "repository: acme/s*, event: push",
        "owner: [acme@9001, other@9002], event: push",
    ]);
    (lines, prop::collection::vec(entry(), 1..3)).prop_map(|(lines, entries)| {
        format!("issuer: github\nmatch: {{ {lines} }}\ngrant: {{ github: [ {} ] }}\n", entries.join(", "))
    })
}

fn denial() -> impl Strategy<Value = String> {
    let lines = prop::sample::select(vec![
        "event: push",
        "event: manual",
        "repository: acme/a",
        "owner: acme@9001",
        "repository: acme/s*",
    ]);
    let pattern = prop::sample::select(vec!["acme/a", "acme/s*", "ACME/S1", "acme/*1", "acme/**", "acme/b", "*/x", "acme/z*"]);
    (lines, prop::collection::vec(pattern, 1..3)).prop_map(|(lines, patterns)| {
        format!(
            "  - {{ description: no, match: {{ {lines} }}, deny: {{ github: [{}] }} }}\n",
            patterns.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", ")
        )
    })
}

fn files(policies: &[String], denials: &[String]) -> Tree {
    let named = policies.iter().enumerate().map(|(number, text)| (format!("policies/p{number}.yaml"), text.clone()));
    let rails = (!denials.is_empty()).then(|| ("guardrails.yaml".to_owned(), format!("denials:\n{}", denials.concat())));
    named.chain(rails).map(|(name, text)| (name, Arc::from(text.as_bytes()))).collect()
}

type Revision = (Vec<String>, Vec<String>);

/// A revision, and another one that differs in a line or two.
fn pair() -> impl Strategy<Value = (Revision, Revision)> {
    let revision = || (prop::collection::vec(policy(), 1..3), prop::collection::vec(denial(), 0..4));
    (revision(), revision(), 0..4_u8).prop_map(|(old, other, same)| match same {
        0 => (old, other),
        1 => (old.clone(), (old.0, other.1)),
        2 => (old.clone(), (other.0, old.1)),
        _ => (old.clone(), (old.0, old.1.into_iter().skip(1).collect())),
    })
}

#[test]
fn every_gained_and_every_lost_token_is_reported() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let setting = std::env::vars().find(|(name, _)| name == "PROPTEST_CASES");
    let cases: usize = setting.map_or(CASES, |(_, count)| count.parse().unwrap());
    let requests = requests();
    let (mut gained, mut changed, mut unproven, mut pending) = (0, 0, 0, 0);
    for _ in 0..cases {
        use proptest::strategy::ValueTree;
        let ((policies, denials), (new_policies, new_denials)) = pair().new_tree(&mut runner).unwrap().current();
        let (old_tree, new_tree) = (files(&policies, &denials), files(&new_policies, &new_denials));
        let (old, new) = (load_any(&old_tree), load_any(&new_tree));
        let found = changes((&old, &old_tree), (&new, &new_tree), &catalogue(), NOW);
        let describe = || format!("{policies:#?}\n{denials:#?}\n->\n{new_policies:#?}\n{new_denials:#?}\n{found:#?}");
        // Nobody gains anything while what widens waits, also if policies are compared alone, without guardrails.
        let waits = Ruleset::load_with(&new_tree, &catalogue(), Some(&old), Widening::Waits, &[]);
        let slipped = gains(&old, &waits.ruleset, &requests);
        assert!(slipped.is_none(), "{slipped:?} is not held\n{}", describe());
        pending += usize::from(!waits.pending.is_empty());
        for (had, has, direction) in [(&old, &new, Widens), (&new, &old, Narrows)] {
            let reported: Vec<&Change> = found.iter().filter(|change| change.direction == direction).collect();
            if let Some(more) = gains(had, has, &requests) {
                assert!(!reported.is_empty(), "{direction:?} {more:?}\n{}", describe());
                gained += 1;
            }
            changed += reported.len();
            for change in reported.iter().filter(|change| !is_proven(change, had, has, &requests)) {
                let who: Vec<&str> = change.parts.iter().map(|part| part.who.as_str()).collect();
                println!("unproven: {:?} {:?} {who:?} {:?}", change.direction, change.credentials, change.terms);
                unproven += 1;
            }
        }
    }
    println!("{cases} pairs, {gained} gains and losses, {changed} changes told, {unproven} unproven, {pending} wait");
    // False alarms: terms without an order count as more, and so does a grant by name instead of by id.
    assert!(unproven * 10 < changed, "{unproven} of {changed} changes are false alarms");
    assert!(gained > cases / 2, "the pairs are no test when nothing is ever gained");
}
