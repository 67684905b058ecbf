//! One suite over all kinds of credentials: what follows from a kind's section without code of its own holds for each of them.

mod cases;

use self::cases::{CASES, Case, Looser};
use super::access::{Direction, changes, who_can};
use super::{Bounds, Catalogue, Explanation, LintContext, Ruleset, Tree, Widening, explain, lint};
use crate::demo::issuer::github_claims;
use crate::identity::{Facts, Mapping};
use crate::kind::{Target, each_kind};
use crate::token::Claims;
use crate::words::names::{IssuerName, SourceName};
use crate::words::{Reason, UnixTime};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a further source's definition has beside `allowed`.
const SOURCE: &str = "git: https://git.example/team.git\nref: refs/heads/main\nage_identities: team.key\n";
const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

macro_rules! words {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        [$($word),*]
    };
}

fn catalogue() -> Catalogue {
    Catalogue::of_github()
}

fn facts(git_ref: &str) -> Facts {
    let claims = Claims::parse(&serde_json::to_vec(&github_claims("push", git_ref)).unwrap()).unwrap();
    Mapping::built_in("github-actions").unwrap().facts(&IssuerName::parse("github").unwrap(), claims).unwrap()
}

/// A job for which the policy is.
fn job() -> Facts {
    facts("refs/heads/main")
}

fn policy(grant: &str) -> String {
    format!(
        "owners: [team]\nissuer: github\nmatch: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}\ngrant: {{ {grant} }}\n"
    )
}

fn tree(files: &[(&str, &str)]) -> Tree {
    // A document and a key for the kinds that are files.
    let fixed = [("secrets/shop/db.yaml", "x"), ("transit/flux.age", "x")];
    files.iter().chain(&fixed).map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect()
}

/// What is in force by one policy with this grant and, where there is one, a guardrail that denies this.
fn in_force(grant: &str, denial: Option<&str>) -> Ruleset {
    let rails = denial.map(|denied| format!("denials: [ {{ description: Not this one., deny: {{ {denied} }} }} ]\n"));
    let policy = policy(grant);
    let mut files = vec![("policies/team.yaml", policy.as_str())];
    files.extend(rails.as_deref().map(|text| ("guardrails.yaml", text)));
    let (ruleset, faults) = Ruleset::load(&tree(&files), &catalogue(), None);
    assert!(faults.is_empty(), "{grant}: {}", faults[0]);
    ruleset
}

fn target(text: &str) -> Target {
    Target::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(ruleset: &Ruleset, facts: &Facts, text: &str) -> Option<Reason> {
    ruleset.set().would_grant(facts, &target(text), None, NOW).err().map(|denial| denial.reason)
}

fn explained(ruleset: &Ruleset, facts: &Facts, case: &Case) -> Explanation {
    explain(ruleset.set(), facts, &target(case.target), NOW)
}

#[test]
fn every_kind_has_a_case() {
    let named: BTreeSet<&str> = CASES.iter().map(|case| case.target.split(' ').next().unwrap()).collect();
    assert_eq!(named, BTreeSet::from(each_kind!(words)));
}

#[test]
fn what_is_granted_is_given_to_whom_the_policy_names_and_nothing_else() {
    for case in CASES {
        let ruleset = in_force(case.grant, None);
        assert_eq!(refused(&ruleset, &job(), case.target), None, "{}", case.target);
        for (facts, text) in [(job(), case.stranger), (facts("refs/heads/other"), case.target)] {
            assert_eq!(refused(&ruleset, &facts, text), Some(Reason::NoMatchingPolicy), "{text}");
        }
    }
}

#[test]
fn a_guardrail_denies_what_its_pattern_fits_and_leaves_the_rest() {
    for case in CASES {
        let denying = in_force(case.grant, Some(case.denial));
        assert_eq!(refused(&denying, &job(), case.target), Some(Reason::Denied), "{}", case.target);
        let explained = explained(&denying, &job(), case);
        assert_eq!((explained.allowed_by, explained.guardrails.len()), (None, 1), "{}", case.target);
        let other = in_force(case.grant, Some(case.other_denial));
        assert_eq!(refused(&other, &job(), case.target), None, "{} beside {}", case.target, case.other_denial);
    }
}

#[test]
fn a_further_source_grants_what_its_bounds_allow() {
    let source = SourceName::parse("team").unwrap();
    let placed = |grant: &str, allowed: &str| {
        let definition = format!("{SOURCE}allowed: {{ issuers: [github], grant: {{ {allowed} }} }}\n");
        let bounds = [Arc::new(Bounds::of_definition(&source, "team.yaml", definition.as_bytes(), &catalogue()).unwrap())];
        let policy = policy(grant);
        let files = tree(&[("policies/deploy.yaml", policy.as_str())]);
        let loaded = Ruleset::load_with(&files, &catalogue(), None, Widening::GoesLive, &bounds);
        let (placed, faults) = loaded.ruleset.placed(&bounds, &catalogue());
        let messages = loaded.faults.iter().chain(&faults).map(|fault| fault.message.to_string()).collect::<String>();
        (Ruleset::default().merge(&[&placed], None), messages)
    };
    for case in CASES {
        let (set, messages) = placed(case.grant, "");
        let Some(allowed) = case.allowed else {
            // The source has its own: nothing of the root's is reached by it, and no bound is needed.
            assert_eq!((set.policies().len(), messages.as_str()), (1, ""), "{}", case.target);
            assert!(set.would_grant(&job(), &target(case.target), None, NOW).is_err(), "{}", case.target);
            continue;
        };
        assert!(set.policies().is_empty() && messages.contains("may not grant"), "{}: {messages}", case.target);
        let (set, messages) = placed(case.grant, allowed);
        assert_eq!(messages, "", "{}", case.target);
        assert!(set.would_grant(&job(), &target(case.target), None, NOW).is_ok(), "{}", case.target);
    }
}

#[test]
fn looser_terms_are_told_as_a_widening_and_stricter_ones_as_a_narrowing() {
    let revision = |grant: &str| (in_force(grant, None), tree(&[("policies/team.yaml", policy(grant).as_str())]));
    for case in CASES {
        let (strict, none) = (revision(case.grant), revision("daypass: [audit.read]"));
        let found = |old: &(Ruleset, Tree), new: &(Ruleset, Tree)| {
            let found = changes((&old.0, &old.1), (&new.0, &new.1), &catalogue(), NOW);
            found.into_iter().map(|change| change.direction).collect::<BTreeSet<_>>()
        };
        assert!(found(&none, &strict).contains(&Direction::Widens), "{}: a new grant", case.target);
        assert!(found(&strict, &strict).is_empty(), "{}", case.target);
        let Some(looser) = case.looser.grant().map(revision) else { continue };
        assert_eq!(found(&strict, &looser), [Direction::Widens].into(), "{}", case.target);
        assert_eq!(found(&looser, &strict), [Direction::Narrows].into(), "{}", case.target);
    }
}

#[test]
fn the_same_on_other_terms_is_found_and_the_same_twice_is_not_called_so() {
    let found = |first: &str, second: &str| {
        let (first, second) = (policy(first), policy(second));
        let files = tree(&[("policies/a.yaml", first.as_str()), ("policies/b.yaml", second.as_str())]);
        let (ruleset, faults) = Ruleset::load(&files, &catalogue(), None);
        assert!(faults.is_empty(), "{}", faults[0]);
        let look = LintContext { ruleset: &ruleset, tree: &files, catalogue: &catalogue(), now: NOW, own_repository: None };
        lint(&look).iter().any(|fault| fault.code == "overlapping_grant")
    };
    for case in CASES {
        assert!(!found(case.grant, case.grant), "{}", case.target);
        if let Looser::Terms(looser) = case.looser {
            assert!(found(case.grant, looser), "{}", case.target);
        }
    }
}

#[test]
fn explain_and_who_can_name_the_policy_and_the_line_that_fails() {
    for case in CASES {
        let ruleset = in_force(case.grant, None);
        let allowed = explained(&ruleset, &job(), case);
        let name = allowed.allowed_by.map(|policy| policy.to_string());
        assert_eq!((name.as_deref(), allowed.wanted.as_str()), (Some("team"), case.target));
        let denied = explained(&ruleset, &facts("refs/heads/other"), case);
        assert_eq!((denied.allowed_by, denied.near_misses.len()), (None, 1), "{}", case.target);
        assert!(denied.near_misses[0].lines.iter().any(|line| line.says.contains("refs/heads/main")), "{}", case.target);
        let reached = who_can(&ruleset, &catalogue(), &target(case.target), NOW);
        assert!(!reached.is_empty() && reached.iter().all(|one| one.at.starts_with("policies/team.yaml:")), "{}", case.target);
        assert!(who_can(&ruleset, &catalogue(), &target(case.stranger), NOW).is_empty(), "{}", case.stranger);
    }
}

#[test]
fn the_schemas_take_each_of_these() {
    let check = |schema: &str, text: &str| {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let value: Value = serde_saphyr::from_str(text).unwrap();
        assert!(super::is_as_schema(&schema, &schema, &value), "{text}");
    };
    for case in CASES {
        for grant in [Some(case.grant), case.looser.grant()].into_iter().flatten() {
            check(&super::POLICY_SCHEMA, &policy(grant));
        }
        check(&super::GUARDRAILS_SCHEMA, &format!("denials: [ {{ description: No., deny: {{ {} }} }} ]", case.denial));
        if let Some(allowed) = case.allowed {
            check(&super::SOURCE_SCHEMA, &format!("{SOURCE}allowed: {{ issuers: [github], grant: {{ {allowed} }} }}"));
        }
    }
}
