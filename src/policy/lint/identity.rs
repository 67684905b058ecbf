//! Findings on whom a policy lets in.

use super::{RuleContext, texts};
use crate::identity::{Attribute as A, Facts};
use crate::policy::condition::{Condition, Single, Subject, Test};
use crate::token::Claims;
use crate::words::yaml::Fault;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Attributes that say little about who runs the job: whoever may push a branch chooses them, or they are only labels.
const WEAK: [A; 7] = [A::Actor, A::Environment, A::Runner, A::Pipeline, A::Commit, A::RunUrl, A::RefProtected];
/// Bots that open pull requests and push branches with other people's code.
const UPDATE_BOTS: [&str; 3] = ["dependabot[bot]", "renovate[bot]", "github-actions[bot]"];
/// A branch of GitHub's merge queue. Whoever may queue a pull request controls it.
const MERGE_QUEUE_REF: &str = "refs/heads/gh-readonly-queue/main/pr-1-0b1a";
/// Texts that are usual in regular expressions only.
const REGEX_WORDS: [&str; 9] = [".*", ".+", "\\d", "\\w", "[a-z", "[0-9", "(?", "^", "$"];

pub(super) fn lint(rule: &RuleContext<'_>, found: &mut Vec<Fault>) {
    if rule.example(&[]).is_none() || !has_a_token(rule) {
        found.push(
            rule.finding("never_matches", rule.grant_place(), "no token can satisfy all lines of this policy")
                .help("compare its lines: two of them exclude each other"),
        );
        return;
    }
    repository(rule, found);
    reference(rule, found);
    workflow(rule, found);
    events(rule, found);
    guards(rule, found);
    wording(rule, found);
}

/// Whether some example of a token satisfies the rule when its claims are read: a raw claim and an attribute may exclude each other,
/// such as a tag's `ref_type` and the event of a push.
fn has_a_token(rule: &RuleContext<'_>) -> bool {
    let raw = |line: &Condition| matches!(line.subject, Subject::Claim(_));
    if !rule.rule.conditions.iter().any(raw) {
        return true;
    }
    let issuer = &rule.policy.issuer;
    // An example lacks an id or an owner that no line asks for. Every token has both, and they agree.
    let whole = |claims: Map<String, Value>, owner: &str| {
        let mut whole = Map::new();
        A::ALL.iter().filter(|one| rule.mapping.has_id(**one)).for_each(|one| rule.mapping.put_id(*one, "1", &mut whole));
        rule.mapping.put_text(A::Owner, owner, &mut whole);
        whole.extend(claims);
        whole
    };
    let name = |single: &Single| match single {
        Single::Text(pattern) => Some(pattern.sample()),
        Single::Id { name, .. } => Some(name.to_string()),
        Single::Json(_) => None,
    };
    let repositories = rule.line(A::Repository).into_iter().flat_map(|line| match &line.test {
        Test::Any(singles) => singles.iter().filter_map(name).collect(),
        Test::Not(_) => Vec::new(),
    });
    let owners: Vec<String> = repositories.filter_map(|name| Some(name.split_once('/')?.0.to_owned())).collect();
    let is_accepted = |claims| {
        let facts = rule.mapping.facts(issuer, Claims::from(claims));
        // An example has what the lines ask for, and not all that every token has.
        facts.is_ok_and(|facts| rule.rule.matches(&Facts { unreadable: BTreeSet::new(), ..facts }))
    };
    let fits = |claims: Map<String, Value>| {
        is_accepted(claims.clone()) || owners.iter().any(|owner| is_accepted(whole(claims.clone(), owner)))
    };
    let events = rule.mapping.closed_set(A::Event).unwrap_or_default().into_iter().map(|event| vec![(A::Event, event)]);
    std::iter::once(Vec::new()).chain(events).filter_map(|like| rule.example(&like)).any(fits)
}

fn repository(rule: &RuleContext<'_>, found: &mut Vec<Fault>) {
    for attribute in [A::Repository, A::Owner] {
        let Some(line) = rule.line(attribute) else { continue };
        for pattern in texts(line).filter(|_| rule.mapping.has_id(attribute)) {
            let message = format!("`{pattern}` is a name, and a name can be given up and taken by somebody else");
            let finding = rule
                .finding("name_only", line.place, message)
                .help(format!("write `{attribute}: {pattern}@ID`; `daypass whoami` shows the id"));
            let finding = finding.showing(rule.example(&[(attribute, &pattern.sample())]));
            found.push(if rule.shared { finding.as_error() } else { finding });
        }
        if attribute == A::Repository && texts(line).any(|pattern| pattern.literal().is_none()) {
            let finding =
                rule.finding("repositories_by_pattern", line.place, "every repository that is ever given such a name gets this");
            found.push(finding.help("list the repositories, or use `for_each`"));
        }
    }
    if let Some(owner) = rule.line(A::Owner).filter(|_| names_owner_only(rule)) {
        let finding = rule.finding("org_wide", owner.place, "every repository of this owner gets this, including future ones");
        found.push(
            finding
                .help("name the repositories, or pin the workflow that all of them call")
                .showing(rule.example(&[(A::Repository, "acme/any-other")])),
        );
    }
    if rule.mapping.claims(A::ServiceAccount) && rule.line(A::ServiceAccount).is_none() && rule.line(A::Pod).is_none() {
        let finding =
            rule.finding("any_service_account", rule.grant_place(), "every pod of the namespace gets this, whatever it runs as");
        found.push(finding.help("match `service_account`").showing(rule.example(&[(A::ServiceAccount, "default")])));
    }
}

/// Whether the rule names an owner as a whole. An issuer without repositories has pipelines instead, or accounts that are owners
/// themselves.
fn names_owner_only(rule: &RuleContext<'_>) -> bool {
    let parts: &[A] =
        if rule.mapping.claims(A::Repository) { &[A::Repository, A::RepositoryName] } else { &[A::RepositoryName, A::Workflow] };
    parts.iter().all(|part| rule.line(*part).is_none()) && parts.iter().any(|part| rule.mapping.claims(*part))
}

fn reference(rule: &RuleContext<'_>, found: &mut Vec<Fault>) {
    let Some(line) = rule.line(A::Ref) else { return };
    let wild = texts(line).any(|pattern| pattern.literal().is_none());
    let named = texts(line).any(|pattern| pattern.matches(MERGE_QUEUE_REF));
    if named && !is_for_merge_queue(rule) && rule.mapping.name() == "github-actions" {
        let finding = rule.finding(
            "merge_queue",
            line.place,
            "this takes in the merge queue's branches, which hold what is not merged yet",
        );
        found.push(
            finding
                .help("name the branches, or exclude `refs/heads/gh-readonly-queue/**`")
                .showing(rule.example(&[(A::Ref, MERGE_QUEUE_REF)])),
        );
    }
    let protected = rule.line(A::RefProtected).is_some();
    if (wild || !line.is_positive()) && !protected && rule.mapping.claims(A::RefProtected) {
        let finding = rule.finding("unprotected_refs", line.place, "whoever may push a branch or a tag of such a name gets this");
        found.push(finding.help("add `ref_protected: true`").showing(rule.example(&[(A::RefProtected, "false")])));
    }
}

/// Whether it names the merge queue's event and no other.
fn is_for_merge_queue(rule: &RuleContext<'_>) -> bool {
    rule.line(A::Event)
        .is_some_and(|line| line.is_positive() && texts(line).all(|pattern| pattern.literal() == Some("merge-queue")))
}

fn workflow(rule: &RuleContext<'_>, found: &mut Vec<Fault>) {
    let Some(line) = rule.line(A::Workflow).filter(|_| rule.mapping.workflow_has_ref()) else { return };
    for pattern in texts(line) {
        let text = pattern.to_string();
        let finding = match text.rsplit_once('@') {
            None => rule.finding("workflow_unpinned", line.place, "the workflow's ref is not pinned: any branch may define it"),
            Some((_, at)) if at.contains('*') => {
                rule.finding("workflow_movable", line.place, "any ref of this kind may define the workflow")
            }
            Some(_) => continue,
        };
        found.push(
            finding
                .help("end it with `@refs/heads/main`, a protected tag, or a commit")
                .showing(rule.example(&[(A::Workflow, &pattern.sample())])),
        );
    }
}

fn events(rule: &RuleContext<'_>, found: &mut Vec<Fault>) {
    let Some(line) = rule.line(A::Event) else { return };
    if !line.is_positive() {
        found.push(
            rule.finding("open_events", line.place, "events that a CI invents tomorrow are allowed too")
                .help("list the events that may"),
        );
    }
    let mut harm = |code, event: &str, message: &str, help: &str| {
        if rule.allows_event(event) {
            found.push(rule.finding(code, line.place, message).help(help).showing(rule.example(&[(A::Event, event)])));
        }
    };
    if rule.writes() {
        harm(
            "pull_request_writes",
            "pull-request",
            "code that nobody has reviewed gets a role or a token",
            "give pull requests a read-only policy of their own",
        );
        // A policy for schedules alone is what the help asks for.
        if !texts(line).all(|pattern| pattern.to_string() == "schedule") {
            harm(
                "schedule_writes",
                "schedule",
                "a schedule runs without anybody's act, on whatever the branch then holds",
                "leave `schedule` to a policy of its own",
            );
        }
    }
    harm(
        "privileged_pull_request",
        "privileged-pull-request",
        "such jobs run beside a stranger's code with the base repository's rights",
        "use `pull-request`",
    );
    let self_hosted = rule.line(A::Runner).is_some_and(|line| texts(line).any(|pattern| pattern.matches("self-hosted")));
    if self_hosted && rule.allows_event("pull-request") {
        found.push(
            rule.finding("pull_request_self_hosted", line.place, "a pull request's code stays behind on a self-hosted runner")
                .help("let only hosted runners do it"),
        );
    }
}

fn guards(rule: &RuleContext<'_>, found: &mut Vec<Fault>) {
    let guards = rule.rule.conditions.iter().filter(|condition| {
        !matches!(condition.subject, Subject::Attribute(A::Repository | A::RepositoryName | A::Owner | A::Event))
    });
    let weak = |subject: &Subject| matches!(subject, Subject::Attribute(attribute) if WEAK.contains(attribute));
    let of_ci = rule.mapping.is_ci() && rule.writes();
    let mut named = guards.clone().peekable();
    if of_ci && named.peek().is_none() {
        let finding = rule.finding("any_ref", rule.grant_place(), "a job on any branch gets this");
        found.push(
            finding
                .help("match `ref` and `ref_protected: true`")
                .showing(rule.example(&[(A::Ref, "refs/heads/anybodys-branch")])),
        );
    } else if of_ci && guards.clone().all(|condition| weak(&condition.subject)) {
        let place = guards.clone().next().map_or(rule.grant_place(), |condition| condition.place);
        let finding =
            rule.finding("weak_guard", place, "whoever may push a branch can choose what this line tests, or it says little");
        found.push(
            finding.help("match `ref` or `workflow` as well").showing(rule.example(&[(A::Ref, "refs/heads/anybodys-branch")])),
        );
    }
    if let Some(line) = rule.line(A::Actor).filter(|_| rule.writes()) {
        for bot in UPDATE_BOTS.into_iter().filter(|bot| texts(line).any(|pattern| pattern.matches(bot))) {
            let finding = rule.finding(
                "update_bot",
                line.place,
                format!("`{bot}` brings other people's code, and gets a role or a token here"),
            );
            found.push(finding.help("let its pull requests be merged first").showing(rule.example(&[(A::Actor, bot)])));
        }
    }
    for (attribute, code, message) in [
        (A::Fork, "forks_allowed", "code from forks gets this"),
        (A::SshSession, "ssh_allowed", "a person who is connected to the job by SSH gets this"),
    ] {
        let allowed = |single: &Single| *single == Single::Json(true.into());
        if let Some(line) =
            rule.line(attribute).filter(|line| matches!(&line.test, Test::Any(singles) if singles.iter().any(allowed)))
        {
            found.push(
                rule.finding(code, line.place, message)
                    .help("leave the line out, unless that is what this policy is for")
                    .showing(rule.example(&[])),
            );
        }
    }
}

fn wording(rule: &RuleContext<'_>, found: &mut Vec<Fault>) {
    for condition in &rule.rule.conditions {
        for pattern in texts(condition) {
            let text = pattern.to_string();
            if REGEX_WORDS.iter().any(|word| text.contains(word)) {
                let finding = rule.finding(
                    "regex_meant",
                    condition.place,
                    format!("`{text}` reads like a regular expression, and is taken literally"),
                );
                found.push(
                    finding.help("`*` stays within a segment, `**` takes whole segments; there are no regular expressions"),
                );
            }
        }
        let subject = condition.subject == Subject::Claim("/sub".to_owned());
        if subject && texts(condition).any(|pattern| pattern.literal().is_none()) {
            let finding =
                rule.finding("subject_by_pattern", condition.place, "the CI composes `sub`, and its users choose parts of it");
            found.push(finding.help("match the attributes that it is made of"));
        }
    }
}
