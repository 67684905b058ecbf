//! One case for each finding: a policy that causes it, and a good policy that causes none.

use super::*;
use crate::demo::issuer::github_claims;
use crate::policy::IssuerEntry;
use crate::token::Claims;
use crate::words::names::{IssuerName, IssuerUrl};
use crate::words::yaml::Severity;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const GOOD: &str = "description: Deploy.
owners: [team-shop]
issuer: github
match:
  repository: acme/shop@456789
  ref: refs/heads/main
  ref_protected: true
  event: [push, manual]
grant:
  aws: [ { role: arn:aws:iam::123456789012:role/deploy, ttl: 30m } ]
  secrets: [shop/db.yaml]
tests:
  - allow: { claims: push.json, credential: aws }
";
const POD: &str = "description: A pod.\nowners: [a]\nissuer: eu\nmatch: { namespace: shop, service_account: web }\ngrant: { secrets: [shop/db.yaml] }\n";

fn catalogue() -> Catalogue {
    let entry = |name: &str, url: &str, mapping: &str| {
        let entry =
            IssuerEntry { url: IssuerUrl::parse(url).unwrap(), mapping: Mapping::built_in(mapping).unwrap(), session_max: None };
        (IssuerName::parse(name).unwrap(), entry)
    };
    [
        entry("github", "https://token.actions.githubusercontent.com", "github-actions"),
        entry("ghes", "https://github.acme.example/_services/token", "github-actions"),
        entry("gitlab", "https://gitlab.acme.example", "gitlab"),
        entry("eu", "https://kubernetes.example", "kubernetes"),
        entry("other", "https://issuer.example", "generic"),
        entry("buildkite", "https://agent.buildkite.com", "buildkite"),
        entry("google", "https://accounts.google.com", "google"),
    ]
    .into_iter()
    .collect()
}

fn findings(files: &[(&str, &str)]) -> Vec<Fault> {
    let claims = Value::from(github_claims("push", "refs/heads/main")).to_string();
    let fixed = [("secrets/shop/db.yaml", "x"), ("tests/push.json", claims.as_str())];
    let tree: Tree = files.iter().chain(&fixed).map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect();
    let (ruleset, faults) = Ruleset::load(&tree, &catalogue(), None);
    assert!(faults.iter().all(|fault| fault.severity != Severity::Error), "{}", faults[0]);
    lint(&LintContext { ruleset: &ruleset, tree: &tree, catalogue: &catalogue(), now: NOW, own_repository: Some("acme/access") })
}

fn codes(files: &[(&str, &str)]) -> Vec<&'static str> {
    findings(files).iter().map(|fault| fault.code).collect()
}

#[test]
fn a_policy_accepts_its_own_findings_with_a_reason_and_nothing_else() {
    let text = |accepted: &str| {
        format!(
            "issuer: github\nmatch: {{ repository: acme/shop@456789, event: push }}\ngrant: {{ secrets: [shop/a] }}\naccept_findings: [ {accepted} ]\n"
        )
    };
    let codes = |accepted: &str| {
        let files = [("policies/shop.yaml", text(accepted))];
        let tree: Tree = files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect();
        let (ruleset, faults) = Ruleset::load(&tree, &catalogue(), None);
        let look = LintContext { ruleset: &ruleset, tree: &tree, catalogue: &catalogue(), now: NOW, own_repository: None };
        let mut found: Vec<String> = lint(&look).iter().map(|fault| fault.code.to_owned()).collect();
        found.extend(faults.iter().map(|fault| fault.message.to_string()));
        found
    };
    let reason = "reason: \"nobody owns a demo\"";
    let all = codes("");
    assert!(all.contains(&"no_owner".to_owned()) && all.contains(&"no_tests".to_owned()), "{all:?}");
    let rest: Vec<String> = all.iter().filter(|code| *code != "no_owner").cloned().collect();
    assert_eq!(codes(&format!("{{ finding: no_owner, {reason} }}")), rest, "one is accepted, and no other");
    let tree: Tree =
        [("policies/shop.yaml".to_owned(), Arc::from(text(&format!("{{ finding: no_owner, {reason} }}")).as_bytes()))].into();
    let ruleset = Ruleset::load(&tree, &catalogue(), None).0;
    let look = LintContext { ruleset: &ruleset, tree: &tree, catalogue: &catalogue(), now: NOW, own_repository: None };
    let denied: Vec<&str> = lint_denying(&look, &["no_owner".to_owned()]).iter().map(|fault| fault.code).collect();
    assert_eq!(denied, all, "no file accepts what the command line denies, and what it accepts is not reported as unused");
    let found = codes(&format!("{{ finding: audit_mode, {reason} }}"));
    assert!(found.contains(&"accepted_unused".to_owned()) && found.contains(&"no_owner".to_owned()), "{found:?}");
    for (wrong, expected) in [
        ("{ finding: no_ownr, reason: x }".to_owned(), "did you mean `no_owner`?"),
        ("{ finding: no_owner }".to_owned(), "`reason` is missing"),
        ("{ finding: no_owner, reason: \" \" }".to_owned(), "says why"),
        (format!("{{ finding: no_owner, reason: \"{}\" }}", "x".repeat(301)), "says why"),
        ("{ finding: guardrail_idle, reason: x }".to_owned(), "another file"),
        (format!("{{ finding: no_owner, {reason} }}, {{ finding: no_owner, {reason} }}"), "accepted twice"),
        ("{ finding: no_owner, reason: x, until: y }".to_owned(), "until"),
    ] {
        let found = codes(&wrong);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{wrong}: {found:?}");
    }
}

#[test]
fn the_good_policy_causes_no_finding() {
    assert_eq!(codes(&[("policies/a.yaml", GOOD)]), Vec::<&str>::new());
}

#[test]
fn every_finding_has_a_policy_that_causes_it_and_a_token_that_the_policy_lets_in() {
    let plain = GOOD.split("tests:").next().unwrap().to_owned();
    let with = |from: &str, to: &str| plain.replace(from, to);
    let line = |line: &str| plain.replace("  ref: refs/heads/main\n", &format!("  ref: refs/heads/main\n  {line}\n"));
    let cases: Vec<(&str, String)> = vec![
        ("no_tests", plain.clone()),
        ("name_only", with("acme/shop@456789", "acme/shop")),
        ("repositories_by_pattern", with("issuer: github", "issuer: ghes").replace("acme/shop@456789", "acme/team-*")),
        ("org_wide", with("repository: acme/shop@456789", "owner: acme@9")),
        ("merge_queue", with("refs/heads/main", "refs/heads/**")),
        ("unprotected_refs", with("refs/heads/main", "refs/heads/release/*").replace("  ref_protected: true\n", "")),
        ("workflow_unpinned", line("workflow: acme/ci/.github/workflows/**")),
        ("workflow_movable", line("workflow: acme/ci/.github/workflows/deploy.yml@refs/heads/**")),
        ("open_events", with("[push, manual]", "{ not: pull-request }")),
        ("pull_request_writes", with("[push, manual]", "[push, pull-request]")),
        ("schedule_writes", with("[push, manual]", "[push, schedule]")),
        ("privileged_pull_request", with("[push, manual]", "privileged-pull-request")),
        ("pull_request_self_hosted", line("runner: self-hosted").replace("[push, manual]", "pull-request")),
        ("any_ref", with("  ref: refs/heads/main\n  ref_protected: true\n", "")),
        ("weak_guard", with("  ref: refs/heads/main\n  ref_protected: true\n", "  environment: production\n")),
        ("update_bot", line("actor: \"dependabot[bot]\"")),
        ("forks_allowed", "issuer: gitlab\nmatch: { repository: acme/shop@20, event: pull-request, fork: true }\ngrant: { secrets: [shop/db.yaml] }\n".to_owned()),
        ("regex_meant", with("refs/heads/main", "refs/heads/.*")),
        ("subject_by_pattern", "issuer: other\nclaims: { /sub: \"repo:acme/*\" }\ngrant: { secrets: [shop/db.yaml] }\n".to_owned()),
        ("any_service_account", POD.replace(", service_account: web", "")),
        ("long_session", with("30m", "4h")),
        ("short_session", with("30m", "29m")),
        ("long_token", with("secrets: [shop/db.yaml]", "id_token: { audience: https://p.example, ttl: 60m }")),
        ("several_accounts", with("ttl: 30m }", "ttl: 30m }, { role: arn:aws:iam::999999999999:role/deploy }")),
        ("own_repository", with("acme/shop@456789", "Acme/Access@77")),
        ("own_repository", with("issuer: github", "issuer: ghes").replace("acme/shop@456789", "acme/acc*")),
        ("own_repository", with("repository: acme/shop@456789", "owner: acme@9")),
        ("every_secret", with("shop/db.yaml", "\"**\"")),
        ("every_transit_key", with("  secrets:", "  transit: \"**\"\n  secrets:")),
        ("transit_missing", with("  secrets:", "  transit: [{ key: flux, allow: decrypt }]\n  secrets:")),
        ("secret_missing", with("shop/db.yaml", "shop/bd.yaml")),
        ("history_allowed", with("shop/db.yaml", "{ secret: shop/db.yaml, history: allow }")),
        ("unauthenticated_allowed", with("shop/db.yaml", "{ secret: shop/db.yaml, unauthenticated: allow }")),
        ("expired", plain.clone() + "expires: 2026-01-01T00:00:00Z\n"),
        ("expiring", plain.clone() + "expires: 2027-01-20T00:00:00Z\n"),
        ("no_owner", with("owners: [team-shop]\n", "")),
        ("no_description", with("description: Deploy.\n", "")),
        ("audit_mode", plain.clone() + "mode: audit\n"),
    ];
    for (code, policy) in cases {
        let found = findings(&[("policies/a.yaml", &policy)]);
        let finding = found.iter().find(|fault| fault.code == code).unwrap_or_else(|| panic!("{code}: {found:?}\n{policy}"));
        assert!(finding.help.is_some() && finding.place.line > 0, "{code}");
        let Some(example) = &finding.example else { continue };
        let tree: Tree = [("policies/a.yaml".to_owned(), Arc::from(policy.as_bytes()))].into_iter().collect();
        let catalogue = catalogue();
        let (ruleset, _) = Ruleset::load(&tree, &catalogue, None);
        let policy = &ruleset.set().policies()[0];
        let entry = catalogue.issuer(&policy.issuer).unwrap();
        let facts = entry.mapping.facts(&policy.issuer, Claims::from((**example).clone())).unwrap();
        assert!(policy.rules.iter().any(|rule| rule.matches(&facts)), "{code}: {example:?} is no token of this policy");
    }
}

#[test]
fn a_file_without_rows_is_reported_with_its_name() {
    let policy = GOOD.split("tests:").next().unwrap().replace("match:", "for_each: teams.yaml\nmatch:");
    for rows in ["[]\n", "", "# none yet\n", "---\n"] {
        let found = findings(&[("policies/a.yaml", &policy), ("teams.yaml", rows)]);
        let finding = found.iter().find(|fault| fault.code == "no_rows").unwrap_or_else(|| panic!("{rows:?}: {found:?}"));
        assert!(finding.message.contains("`teams.yaml` has no row"), "{finding}");
    }
    assert!(!codes(&[("policies/a.yaml", &policy), ("teams.yaml", "- { name: web }\n")]).contains(&"no_rows"));
}

#[test]
fn no_finding_asks_for_what_an_issuer_cannot_claim() {
    let rest = "description: x\nowners: [a]\ngrant: { secrets: [shop/db.yaml] }\n";
    let of = |policy: &str| {
        let found = codes(&[("policies/a.yaml", &format!("{rest}{policy}\n"))]).into_iter();
        found.filter(|code| !["no_tests", "fixture_unused"].contains(code)).collect::<Vec<_>>()
    };
    let organization =
        "issuer: buildkite\nmatch: { owner: acme@0184990a-4777-4d3a-a0d8-7c6a1e2f3b4c, ref: refs/heads/main, event: webhook }";
    assert_eq!(of(organization), ["org_wide"]);
    assert!(of(&organization.replace("ref:", "workflow: shop, ref:")).is_empty());
    assert!(of("issuer: google\nmatch: { owner: \"ci@acme.example@1\" }").is_empty());
    let queue = "issuer: github\nmatch: { repository: acme/shop@1, ref: refs/heads/gh-readonly-queue/main/*, ref_protected: false, event: merge-queue }";
    assert!(of(queue).is_empty());
    assert_eq!(of(&queue.replace("merge-queue", "[merge-queue, push]")), ["merge_queue"]);
}

#[test]
fn policies_together_and_guardrails_cause_findings() {
    let plain = GOOD.split("tests:").next().unwrap().to_owned();
    let longer = plain.replace("30m", "45m");
    assert!(codes(&[("policies/a.yaml", &plain), ("policies/b.yaml", &longer)]).contains(&"overlapping_grant"));
    let narrower = plain.replace("[push, manual]", "push");
    let found = findings(&[("policies/a.yaml", &plain), ("policies/b.yaml", &narrower)]);
    assert!(found.iter().any(|fault| fault.code == "shadowed" && fault.file.exact() == "policies/b.yaml"), "{found:?}");
    let apart = plain.replace("refs/heads/main", "refs/heads/other");
    let both = codes(&[("policies/a.yaml", &plain), ("policies/b.yaml", &apart)]);
    assert!(!both.contains(&"overlapping_grant") && !both.contains(&"shadowed"));
    let renamed = plain.replace("acme/shop@456789", "acme/store@456789").replace("main", "x");
    assert!(codes(&[("policies/a.yaml", &plain), ("policies/b.yaml", &renamed)]).contains(&"stale_name"));
    let conflict = plain.replace("acme/shop@456789", "acme/shop@1");
    assert!(codes(&[("policies/a.yaml", &plain), ("policies/b.yaml", &conflict)]).contains(&"id_conflict"));
    let rows = |teams: &str| {
        let tagged = plain
            .replace("match:", "for_each: rows.yaml\nmatch:")
            .replace("ttl: 30m", "ttl: 30m, tags: { team: \"{each.team}\" }");
        let found = findings(&[("policies/a.yaml", &tagged), ("rows.yaml", teams)]);
        found.into_iter().filter(|fault| fault.code == "overlapping_grant").map(|fault| fault.message).collect::<Vec<_>>()
    };
    assert!(rows("- { name: one, team: x }\n- { name: two, team: x }\n").is_empty());
    let differ = rows("- { name: one, team: x }\n- { name: two, team: y }\n- { name: three, team: x }\n");
    assert!(differ.len() == 2 && differ[0].starts_with("its rows `one` and `two` grant the same"), "{differ:?}");
    let rails = "denials:\n  - description: No.\n    match: { ref: refs/heads/x }\n    deny: { aws: [\"arn:aws:iam::123456789012:role/deplyo\"] }\n";
    assert!(codes(&[("policies/a.yaml", &plain), ("guardrails.yaml", rails)]).contains(&"guardrail_idle"));
    let corrected = rails.replace("deplyo", "deploy");
    assert!(!codes(&[("policies/a.yaml", &plain), ("guardrails.yaml", &corrected)]).contains(&"guardrail_idle"));
    let parts =
        rails.replace("role/deplyo\"] }", "role/deploy\", \"arn:aws:iam::123456789012:role/deplyo\"], secrets: [shop/bd.yaml] }");
    let found = findings(&[("policies/a.yaml", &plain), ("guardrails.yaml", &parts)]);
    let idle: Vec<&str> =
        found.iter().filter(|fault| fault.code == "guardrail_idle").map(|fault| fault.message.as_ref()).collect();
    assert_eq!(
        idle,
        [
            "no policy grants anything that `arn:aws:iam::123456789012:role/deplyo` of `No.` denies",
            "no policy grants anything that `shop/bd.yaml` of `No.` denies"
        ]
    );
    let undocumented = "denials:\n  - description: Pushes.\n    issuer: github\n    claims: { /event: push }\n";
    let found = findings(&[("policies/a.yaml", &plain), ("guardrails.yaml", undocumented)]);
    let fault = found.iter().find(|fault| fault.code == "guardrail_undocumented").unwrap();
    assert!(fault.message.contains("claim `/event`") && fault.place.line == 4, "{fault}");
    let documented = undocumented.replace("/event:", "/event_name:");
    assert!(!codes(&[("policies/a.yaml", &plain), ("guardrails.yaml", &documented)]).contains(&"guardrail_undocumented"));
    let silent = "denials:\n  - description: Protected.\n    match: { ref_protected: { not: true } }\n";
    let found = findings(&[("policies/a.yaml", &plain), ("guardrails.yaml", silent)]);
    let fault = found.iter().find(|fault| fault.code == "guardrail_silent").unwrap();
    assert!(fault.message.contains("buildkite (`ref_protected`), eu (`ref_protected`)"), "{}", fault.message);
    let named = silent.replace("    match", "    issuer: github\n    match");
    assert!(!codes(&[("policies/a.yaml", &plain), ("guardrails.yaml", &named)]).contains(&"guardrail_silent"));
    assert!(codes(&[("policies/a.yaml", &plain), ("tests/old.json", "{}")]).contains(&"fixture_unused"));
    assert!(codes(&[("policies/a.yaml", GOOD), ("CODEOWNERS", "policies/ @acme/team-pay\n")]).contains(&"owner_unknown"));
    assert!(!codes(&[("policies/a.yaml", GOOD), ("CODEOWNERS", "policies/ @acme/team-shop\n")]).contains(&"owner_unknown"));
}

#[test]
fn lines_that_exclude_each_other_are_reported() {
    let policy = "description: x\nowners: [a]\nissuer: gitlab\nmatch: { repository: acme/shop@20, event: push, ref_protected: { not: [true, false] } }\ngrant: { secrets: [shop/db.yaml] }\n";
    assert!(codes(&[("policies/a.yaml", policy)]).contains(&"never_matches"));
    let tag = "description: x\nowners: [a]\nissuer: gitlab\nmatch: { repository: acme/shop@20, event: push }\nclaims: { /ref_type: tag }\ngrant: { secrets: [shop/db.yaml] }\n";
    assert!(codes(&[("policies/a.yaml", tag)]).contains(&"never_matches"), "what is pushed is a tag");
    for good in [tag.replace("event: push", "event: tag"), tag.replace("event: push", "event: [push, manual]")] {
        assert!(!codes(&[("policies/a.yaml", &good)]).contains(&"never_matches"), "{good}");
    }
}

/// IAM's trust policies name a repository like this: by its subject, and without its id.
#[test]
fn a_subject_beside_a_name_without_its_id_matches() {
    let named = "issuer: github\nmatch: { repository: acme/shop, ref: refs/heads/main, event: push }\nclaims: { /sub: \"repo:acme/shop:ref:refs/heads/main\" }\ngrant: { secrets: [shop/a] }\n";
    assert!(!codes(&[("policies/a.yaml", named)]).contains(&"never_matches"));
    let pinned = named.replace("acme/shop,", "acme/shop@77,");
    assert!(!codes(&[("policies/a.yaml", &pinned)]).contains(&"never_matches"));
    let other = named.replace("/sub", "/repository").replace("repo:acme/shop:ref:refs/heads/main", "acme/other");
    assert!(codes(&[("policies/a.yaml", &other)]).contains(&"never_matches"));
}

#[test]
fn two_findings_at_one_place_are_both_reported() {
    let names = GOOD.replace("acme/shop@456789", "[acme/shop, acme/store]");
    let found = findings(&[("policies/a.yaml", &names)]);
    let named: Vec<_> = found.iter().filter(|fault| fault.code == "name_only").map(|fault| fault.message.to_string()).collect();
    assert!(named.len() == 2 && named[0].contains("acme/shop") && named[1].contains("acme/store"), "{named:?}");
}

/// The code below this folder, without the list of codes and the tests.
fn sources(folder: &Path) -> String {
    let read = |path: PathBuf| match path.file_name().unwrap().to_str().unwrap() {
        "codes.rs" | "tests.rs" => String::new(),
        _ if path.is_dir() => sources(&path),
        _ => std::fs::read_to_string(path).unwrap(),
    };
    std::fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap().path())).collect()
}

#[test]
fn every_code_is_listed_documented_and_made_somewhere() {
    let documented = include_str!("../../../docs/policy.md");
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/policy/lint")) + include_str!("../bounds.rs");
    for code in CODES {
        assert!(documented.contains(&format!("| `{code}` |")), "{code} is not in docs/policy.md");
        assert!(sources.contains(&format!("\"{code}\"")), "{code} is never made");
    }
    let section = documented.split("\n## What the linter finds\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let listed = section.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(listed, CODES.len(), "docs/policy.md lists a finding that does not exist");
}

/// The help asks for a policy for schedules alone, and this is one.
#[test]
fn a_policy_for_schedules_alone_is_as_advised() {
    let plain = GOOD.split("tests:").next().unwrap().to_owned();
    let alone = plain.replace("[push, manual]", "schedule");
    assert!(!codes(&[("policies/a.yaml", &alone)]).contains(&"schedule_writes"));
    let both = plain.replace("[push, manual]", "[schedule, manual]");
    assert!(codes(&[("policies/a.yaml", &both)]).contains(&"schedule_writes"));
}
