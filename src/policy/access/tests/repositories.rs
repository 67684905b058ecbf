//! Tokens of GitHub Apps: the parts of an entry that guardrails deny to some identities are compared between two revisions.

use super::*;
use crate::kind::{GitHubTarget, Kind};
use Direction::{Narrows, Widens};

mod decided;

const OWN: &str = "[\"{repository}\"]";
const ALL: &str = "{ all: acme }";
const LISTED: &str = "[\"acme/a@1\", \"acme/b@2\"]";

fn bot(repositories: &str) -> String {
    format!(
        "owners: [team-shop]\nissuer: github\nmatch: {{ owner: acme@9001, event: push }}\ngrant:\n  github: [ {{ app: acme, repositories: {repositories}, permissions: {{ contents: write }} }} ]\n"
    )
}

/// A revision with this grant and these denials: for whom, and of what.
fn revision(repositories: &str, denials: &[(&str, &str)]) -> Tree {
    let listed: Vec<String> = denials
        .iter()
        .map(|(to, what)| {
            format!(
                "  - {{ description: No bot, match: {{ {to} }}, deny: {{ github: [\"{}\"] }} }}\n",
                what.replace(", ", "\", \"")
            )
        })
        .collect();
    let rails = format!("denials:\n{}", listed.concat());
    let bot = bot(repositories);
    let files = [("policies/bot.yaml", bot.as_str()), ("guardrails.yaml", rails.as_str())];
    tree(if denials.is_empty() { &files[..1] } else { &files })
}

/// Who gains or loses what.
fn report(old: &Tree, new: &Tree) -> Vec<(Direction, String, String)> {
    let describe = |change: Change| {
        let who: Vec<&str> = change.parts.iter().map(|part| part.who.as_str()).collect();
        (change.direction, change.credentials.join(", "), who.join("; "))
    };
    compared(old, new).into_iter().map(describe).collect()
}

/// To everybody whom the policy lets in.
const TO_ALL: &str = "event: push";

#[test]
fn a_removed_denial_is_reported_for_each_form_of_a_grant() {
    let denies = |what: &str| vec![(TO_ALL.to_owned(), what.to_owned())];
    for (repositories, old, new, gained, who) in [
        (OWN, denies("acme/secret*"), vec![], "github acme own contents=write", "acme/secret*"),
        (OWN, denies("acme/secret*, acme/pay"), denies("acme/pay"), "github acme own contents=write", "acme/secret*"),
        (ALL, denies("acme/secret*"), vec![], "github acme all:acme contents=write", "acme@9001"),
        (ALL, denies("acme/secret*, acme/pay"), denies("acme/secret*"), "github acme acme/pay contents=write", "acme@9001"),
        (ALL, denies("acme/**"), denies("acme/pay"), "github acme acme/a contents=write", "acme@9001"),
        (LISTED, denies("acme/a"), vec![], "github acme acme/a acme/b contents=write", "acme@9001"),
        (LISTED, denies("acme/a, acme/b"), denies("ACME/A"), "github acme acme/b contents=write", "acme@9001"),
        (LISTED, denies("**"), denies("acme/a*"), "github acme acme/b contents=write", "acme@9001"),
    ] {
        let lines = |denials: &[(String, String)]| {
            let of: Vec<(&str, &str)> = denials.iter().map(|(to, what)| (to.as_str(), what.as_str())).collect();
            revision(repositories, &of)
        };
        let (old, new) = (lines(&old), lines(&new));
        let is_it = |(_, credentials, of): &(Direction, String, String)| credentials.contains(gained) && of.contains(who);
        let found = report(&old, &new);
        assert!(found.iter().all(|change| change.0 == Widens) && found.iter().any(is_it), "{repositories}: {found:?}");
        let back = report(&new, &old);
        assert!(back.iter().all(|change| change.0 == Narrows) && back.iter().any(is_it), "{repositories}: {back:?}");
        assert_eq!(report(&new, &new), []);
        let loaded = Ruleset::load_with(&new, &catalogue(), Some(&load(&old)), Widening::Waits, &[]);
        assert_eq!(loaded.pending, ["guardrails.yaml"], "it waits");
    }
}

#[test]
fn a_denial_to_others_gives_back_what_it_denies_no_more() {
    let (mine, others) = (("repository: acme/a", "acme/**"), ("repository: acme/b", "acme/**"));
    for repositories in [OWN, ALL, LISTED] {
        let found = compared(&revision(repositories, &[mine]), &revision(repositories, &[others]));
        let gains = found.iter().find(|change| change.direction == Widens).unwrap();
        assert_eq!(gains.parts[0].example["repository"], "acme/a", "{repositories}: {gains:?}");
        let loses = found.iter().find(|change| change.direction == Narrows).unwrap();
        assert_eq!(loses.parts[0].example["repository"], "acme/b", "{repositories}: {loses:?}");
    }
}

#[test]
fn a_policy_that_grants_more_beside_a_denial_is_reported() {
    let denied = [(TO_ALL, "acme/secret")];
    let with = |repositories: &str| revision(repositories, &denied);
    for (old, new, gained) in [
        ("[acme/secret@3]", "[acme/secret@3, acme/a@1]", "github acme acme/a contents=write"),
        ("[acme/a@1]", ALL, "github acme acme/b contents=write"),
        ("[acme/a@1, acme/secret@3]", "[acme/a@1, acme/b@2, acme/secret@3]", "github acme acme/a acme/b contents=write"),
    ] {
        let found = report(&with(old), &with(new));
        let is_it = |change: &(Direction, String, String)| change.0 == Widens && change.1.contains(gained);
        assert!(found.iter().any(is_it), "{old} -> {new}: {found:?}");
    }
    assert_eq!(report(&with("[acme/a@1]"), &with("[acme/a@1, acme/secret@3]")), [], "nobody has it");
}

#[test]
fn denials_that_divide_an_entry_into_too_many_parts_are_reported_as_a_gain() {
    let names: Vec<String> = (0..8).map(|number| format!("acme/r{number}@{}", number + 1)).collect();
    let list = format!("[{}]", names.join(", "));
    let lines: Vec<(String, String)> =
        (0..8).map(|number| (format!("ref: refs/heads/b{number}"), format!("acme/r{number}"))).collect();
    let of = |count: usize| {
        let lines: Vec<(&str, &str)> = lines[..count].iter().map(|(to, what)| (to.as_str(), what.as_str())).collect();
        revision(&list, &lines)
    };
    let found = compared(&of(7), &of(8));
    assert!(found.iter().any(|change| change.direction == Widens && change.because.as_ref().unwrap().contains("so many parts")));
    assert!(compared(&of(5), &of(6)).iter().all(|change| change.direction == Narrows));
}

/// Denials to the same identities count as one, and many named repositories besides a whole account do not make the comparison inexact.
#[test]
fn many_denials_and_many_names_are_compared_exactly() {
    let names: Vec<String> = (0..40).map(|number| format!("acme/r{number}@{}", number + 1)).collect();
    let list = format!("[{}]", names.join(", "));
    let lines: Vec<(String, String)> = (0..20).map(|number| (TO_ALL.to_owned(), format!("acme/r{number}"))).collect();
    let both = |count: usize| {
        let lines: Vec<(&str, &str)> = lines[..count].iter().map(|(to, what)| (to.as_str(), what.as_str())).collect();
        let mut tree = revision(&list, &lines);
        tree.insert("policies/all.yaml".to_owned(), Arc::from(bot(ALL).as_bytes()));
        tree
    };
    assert!(report(&both(19), &both(20)).iter().all(|(direction, ..)| *direction == Narrows));
    let found = report(&both(20), &both(19));
    assert!(
        found.iter().all(|(direction, credentials, _)| *direction == Widens && credentials.contains("acme/r19")),
        "{found:?}"
    );
}

#[test]
fn who_can_finds_jobs_that_reach_their_own_repository() {
    let ruleset = load(&revision(OWN, &[(TO_ALL, "acme/secret*")]));
    let reached = |text: &str| who_can(&ruleset, &catalogue(), &GitHubTarget::question(text).unwrap().into(), NOW);
    assert_eq!(reached("acme/shop contents=read")[0].who, "acme@9001 push acme/shop");
    assert_eq!(reached("acme/shop metadata=read").len(), 1, "GitHub adds it to every token");
    assert!(reached("acme/secret-7 contents=read").is_empty() && reached("acme/shop metadata=write").is_empty());
}
