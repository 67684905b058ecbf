use super::*;
use crate::demo::issuer::github_claims;
use crate::identity::Mapping;
use crate::kind::{AwsTarget, Target};
use crate::policy::Terms;
use crate::policy::{Catalogue, IssuerEntry, Ruleset, Tree, Widening, explain};
use crate::token::Claims;
use crate::words::names::{IssuerName, IssuerUrl, SecretName};
use crate::words::yaml::FAULTS_MAX;
use serde_json::json;

pub(super) const DEPLOY: &str = "description: Deploy.
owners: [team-shop]
issuer: github
match:
  repository: acme/shop@456789
  ref: refs/heads/main
  ref_protected: true
  event: [push, manual]
grant:
  aws:
    - role: arn:aws:iam::123456789012:role/shop-deploy
      ttl: 30m
      tags: { commit: \"{commit}\" }
  secrets: [shop/production/db.yaml#/password, shop/shared/**]
  id_token: { audience: https://api.partner.example, ttl: 10m }
";

pub(super) fn catalogue() -> Catalogue {
    let entry = |name: &str, url: &str, mapping: &str| {
        let entry =
            IssuerEntry { url: IssuerUrl::parse(url).unwrap(), mapping: Mapping::built_in(mapping).unwrap(), session_max: None };
        (IssuerName::parse(name).unwrap(), entry)
    };
    [
        entry("github", "https://token.actions.githubusercontent.com", "github-actions"),
        entry("gitlab", "https://gitlab.acme.example", "gitlab"),
        entry("circle", "https://oidc.circleci.com", "circleci"),
        entry("eu", "https://kubernetes.example", "kubernetes"),
        entry("google", "https://accounts.google.com", "google"),
        entry("buildkite", "https://agent.buildkite.com", "buildkite"),
    ]
    .into_iter()
    .collect()
}

pub(super) fn tree(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect()
}

pub(super) fn load(files: &[(&str, &str)]) -> (Ruleset, Vec<crate::words::yaml::Fault>) {
    Ruleset::load(&tree(files), &catalogue(), None)
}

pub(super) fn good(files: &[(&str, &str)]) -> Ruleset {
    let (ruleset, faults) = load(files);
    assert!(faults.is_empty(), "{}", faults[0]);
    ruleset
}

pub(super) fn github(change: serde_json::Value) -> Facts {
    let mut claims = json!({"sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop", "repository_id": "456789", "repository_owner": "acme",
        "repository_owner_id": "9001", "event_name": "push", "ref": "refs/heads/main", "ref_type": "branch", "ref_protected": "true", "sha": "0b1a"});
    claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    Mapping::built_in("github-actions").unwrap().facts(&IssuerName::parse("github").unwrap(), claims).unwrap()
}

pub(super) fn aws() -> Target {
    Target::Aws(AwsTarget { role: None })
}

fn secret(name: &str) -> Target {
    Target::Secret(SecretName::parse(name).unwrap())
}

fn reason(ruleset: &Ruleset, facts: &Facts, target: &Target) -> Option<Reason> {
    ruleset.set().would_grant(facts, target, None, UnixTime::from_seconds(0)).err().map(|denial| denial.reason)
}

#[test]
fn the_matching_identity_gets_exactly_what_is_granted() {
    let ruleset = good(&[("policies/shop/deploy.yaml", DEPLOY)]);
    let facts = github(json!({}));
    let granted = ruleset.set().grant_one(&facts, &aws(), None, Moment::at(UnixTime::from_seconds(0))).unwrap();
    let Terms::Aws(terms) = &granted.terms else { panic!("an AWS grant") };
    assert_eq!(
        (terms.ttl.as_secs(), terms.tags["commit"].as_str(), granted.subject().as_str()),
        (1800, "0b1a", "root/shop/deploy")
    );
    for allowed in ["shop/production/db.yaml#/password", "shop/shared/a/b.age", "shop/shared/x.yaml#/k"] {
        assert_eq!(reason(&ruleset, &facts, &secret(allowed)), None, "{allowed}");
    }
    for denied in ["shop/production/db.yaml", "shop/production/db.yaml#/user", "shop/sharedx/a", "other/x"] {
        assert_eq!(reason(&ruleset, &facts, &secret(denied)), Some(Reason::NoMatchingPolicy), "{denied}");
    }
}

#[test]
fn every_line_has_to_hold() {
    let ruleset = good(&[("policies/shop/deploy.yaml", DEPLOY)]);
    let changes = [
        json!({"repository_id": "1"}),
        json!({"repository_id": null}),
        json!({"ref": "refs/heads/mainx"}),
        json!({"ref": "refs/heads/main/x"}),
        json!({"ref_protected": "false"}),
        json!({"ref_protected": null}),
        json!({"event_name": "pull_request"}),
        json!({"event_name": "pull_request_target"}),
        json!({"event_name": null}),
        json!({"ref_type": "tag"}),
    ];
    for change in changes {
        assert_eq!(reason(&ruleset, &github(change.clone()), &aws()), Some(Reason::NoMatchingPolicy), "{change}");
    }
    let renamed = json!({"sub": "x", "repository": "acme/store"});
    assert_eq!(reason(&ruleset, &github(renamed), &aws()), None, "the id decides, a stale name does not");
}

#[test]
fn not_on_an_absent_attribute_does_not_hold() {
    let policy = DEPLOY.replace("  ref_protected: true\n", "  environment: { not: production }\n");
    let ruleset = good(&[("policies/a.yaml", &policy)]);
    assert_eq!(reason(&ruleset, &github(json!({})), &aws()), Some(Reason::NoMatchingPolicy));
    assert_eq!(reason(&ruleset, &github(json!({"environment": "staging"})), &aws()), None);
    assert_eq!(reason(&ruleset, &github(json!({"environment": "production"})), &aws()), Some(Reason::NoMatchingPolicy));
}

#[test]
fn guardrails_deny_over_all_and_expiry_and_audit_mode_grant_nothing() {
    let rails = "denials:\n  - description: Nobody deploys the shop.\n    match: { repository: acme/shop@456789 }\n    deny: { aws: [\"arn:aws:iam::123456789012:role/*\"] }\n";
    let ruleset = good(&[("policies/a.yaml", DEPLOY), ("guardrails.yaml", rails)]);
    assert_eq!(reason(&ruleset, &github(json!({})), &aws()), Some(Reason::Denied));
    assert_eq!(reason(&ruleset, &github(json!({})), &secret("shop/shared/x")), None);
    let expired = format!("{DEPLOY}expires: 1969-01-01T00:00:00Z\n");
    let audit = format!("{DEPLOY}mode: audit\n");
    for policy in [expired, audit] {
        assert_eq!(reason(&good(&[("policies/a.yaml", &policy)]), &github(json!({})), &aws()), Some(Reason::NoMatchingPolicy));
    }
}

#[test]
fn a_guardrail_reads_names_as_the_ci_does() {
    let rails = "denials:\n  - description: Nobody.\n    match: { owner: acme }\n";
    let ruleset = good(&[("policies/a.yaml", DEPLOY), ("guardrails.yaml", rails)]);
    assert_eq!(reason(&ruleset, &github(json!({"sub": "x", "repository_owner": "ACME"})), &aws()), Some(Reason::Denied));
    let unknown = rails.replace("    match", "    issuer: githbu\n    match");
    assert!(load(&[("guardrails.yaml", &unknown)]).1[0].message.contains("nothing would be denied"));
}

#[test]
fn the_same_credential_on_different_terms_has_to_be_named() {
    let longer = DEPLOY.replace("30m", "60m");
    let ruleset = good(&[("policies/a.yaml", DEPLOY), ("policies/b.yaml", &longer)]);
    assert_eq!(reason(&ruleset, &github(json!({})), &aws()), Some(Reason::PolicyAmbiguous));
    let named = PolicyName::parse("b").unwrap();
    assert!(ruleset.set().would_grant(&github(json!({})), &aws(), Some(&named), UnixTime::from_seconds(0)).is_ok());
    assert_eq!(reason(&good(&[("policies/a.yaml", DEPLOY), ("policies/b.yaml", DEPLOY)]), &github(json!({})), &aws()), None);
}

#[test]
fn a_tag_outside_of_awss_characters_is_refused_by_name() {
    let ruleset = good(&[("policies/a.yaml", DEPLOY)]);
    for commit in [json!("a;b"), json!("x".repeat(257)), json!(null)] {
        let denial =
            ruleset.set().would_grant(&github(json!({"sha": commit})), &aws(), None, UnixTime::from_seconds(0)).unwrap_err();
        assert_eq!(denial.reason, Reason::TagRefused);
        assert!(denial.detail.unwrap().contains("`commit`"));
    }
}

#[test]
fn rows_are_values_and_never_patterns() {
    let policy = "issuer: github\nfor_each: repositories.yaml\nmatch: { environment: \"{each.environment}\", owner: acme@9001, event: push }\ngrant:\n  aws: [ { role: \"arn:aws:iam::{each.account}:role/{each.role}\" } ]\n";
    let rows = "- { environment: production, account: \"123456789012\", role: a }\n- { environment: pro*, account: \"123456789012\", role: b }\n";
    let at = |environment: &str| github(json!({ "sub": "x", "environment": environment }));
    let ruleset = good(&[("policies/a.yaml", policy), ("repositories.yaml", rows)]);
    let granted = ruleset.set().grant_one(&at("production"), &aws(), None, Moment::at(UnixTime::from_seconds(0))).unwrap();
    let Terms::Aws(terms) = granted.terms else { panic!("an AWS grant") };
    assert_eq!(terms.role.as_str(), "arn:aws:iam::123456789012:role/a");
    assert_eq!(reason(&ruleset, &at("protected"), &aws()), Some(Reason::NoMatchingPolicy));
}

#[test]
fn every_fault_of_a_file_is_told_at_once_with_its_place() {
    let broken = "isuer: github\nissuer: github\nmatch:\n  repository: 456789\n  reff: x\n  event: psuh\ngrant:\n  aws: [ { role: arn:aws:iam::1:role/x, ttl: 5m, tagz: {} } ]\n  gold: all\nexpires: soon\n";
    let (_, faults) = load(&[("policies/a.yaml", broken)]);
    let lines: Vec<usize> = faults.iter().map(|fault| fault.place.line).collect();
    for line in [1, 4, 5, 6, 8, 9, 10] {
        assert!(lines.contains(&line), "line {line} in {lines:?}");
    }
    let messages = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for expected in
        ["did you mean `issuer`", "did you mean `ref`", "put it in quotes", "expected 15 to 720 minutes", "policies/a.yaml:10"]
    {
        assert!(messages.contains(expected), "{expected} in\n{messages}");
    }
}

#[test]
fn policies_that_are_too_wide_do_not_load() {
    let wide = [
        DEPLOY.replace("  event: [push, manual]\n", ""),
        DEPLOY.replace("acme/shop@456789", "acme/*"),
        DEPLOY.replace("  ref: refs/heads/main\n", "  namespace: x\n"),
        DEPLOY.replace("https://api.partner.example", "sts.amazonaws.com"),
        "issuer: eu\ngrant: { secrets: [a] }\n".to_owned(),
    ];
    for policy in wide {
        assert!(load(&[("policies/a.yaml", &policy)]).1.iter().any(|fault| fault.code != "x"), "{policy}");
        assert!(load(&[("policies/a.yaml", &policy)]).0.set().policies().is_empty(), "{policy}");
    }
}

#[test]
fn a_faulty_file_keeps_its_last_good_form_and_everything_else_goes_live() {
    let other = DEPLOY.replace("shop-deploy", "other");
    let first = good(&[("policies/a.yaml", DEPLOY), ("policies/b.yaml", &other), ("policies/c.yaml", &other)]);
    let narrowed = other.replace("main", "release");
    let (second, faults) =
        Ruleset::load(&tree(&[("policies/a.yaml", "grant: ["), ("policies/b.yaml", &narrowed)]), &catalogue(), Some(&first));
    assert_eq!(faults.len(), 1);
    let names: Vec<&str> = second.set().policies().iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let granted = second.set().grant_one(&github(json!({})), &aws(), None, Moment::at(UnixTime::from_seconds(0))).unwrap();
    assert_eq!(granted.policy.as_str(), "a");
}

#[test]
fn faulty_guardrails_hold_back_every_widening() {
    let first = good(&[("policies/a.yaml", DEPLOY)]);
    let wider = DEPLOY.replace("  ref: refs/heads/main\n", "");
    let files = [("policies/a.yaml", wider.as_str()), ("policies/new.yaml", DEPLOY), ("guardrails.yaml", "denial: []")];
    let (second, _) = Ruleset::load(&tree(&files), &catalogue(), Some(&first));
    assert_eq!(reason(&second, &github(json!({"ref": "refs/heads/x"})), &aws()), Some(Reason::NoMatchingPolicy));
    assert_eq!(second.set().policies().len(), 1);
}

#[test]
fn what_narrows_goes_live_even_with_faulty_guardrails_and_while_widenings_wait() {
    let first = good(&[("policies/a.yaml", DEPLOY), ("policies/b.yaml", &DEPLOY.replace("shop-deploy", "other"))]);
    let narrower = [
        DEPLOY.replace("[push, manual]", "push"),
        DEPLOY.replace("30m", "20m"),
        DEPLOY.replace(", shop/shared/**", ""),
        DEPLOY.to_owned() + "expires: 2027-01-01T00:00:00Z\n",
        DEPLOY.to_owned() + "replay: once\n",
        DEPLOY.replace("refs/heads/main", "refs/heads/main\n  environment: production"),
    ];
    let wider = [
        DEPLOY.replace("refs/heads/main", "refs/heads/*"),
        DEPLOY.replace("30m", "40m"),
        DEPLOY.replace("shop/shared/**", "shop/**"),
        DEPLOY.replace("{commit}", "{ref}"),
        DEPLOY.replace("issuer: github", "issuer: gitlab"),
        DEPLOY.replace("    - role", "    - role: arn:aws:iam::123456789012:role/more\n    - role"),
    ];
    let secrets = ("secrets/shop/x.age", "x");
    let live = |policy: &str, rails: Option<&str>| {
        let mut files = vec![("policies/a.yaml", policy), secrets];
        files.extend(rails.map(|rails| ("guardrails.yaml", rails)));
        Ruleset::load_with(&tree(&files), &catalogue(), Some(&first), Widening::Waits, &[])
    };
    for policy in &narrower {
        for rails in [None, Some("denial: []")] {
            let loaded = live(policy, rails);
            assert_eq!(loaded.pending, Vec::<String>::new(), "{policy}");
            assert_eq!(loaded.ruleset.set().policies().len(), 1, "a deletion goes live");
        }
    }
    for policy in &wider {
        assert_eq!(live(policy, None).pending, ["policies/a.yaml"], "{policy}");
    }
    let rails = "denials:\n  - description: No.\n    match: { repository: acme/shop@456789 }\n";
    let (denying, _) =
        Ruleset::load(&tree(&[("policies/a.yaml", DEPLOY), ("guardrails.yaml", rails)]), &catalogue(), Some(&first));
    let lifted = Ruleset::load_with(&tree(&[("policies/a.yaml", DEPLOY)]), &catalogue(), Some(&denying), Widening::Waits, &[]);
    let again =
        Ruleset::load_with(&tree(&[("policies/a.yaml", DEPLOY)]), &catalogue(), Some(&lifted.ruleset), Widening::Waits, &[]);
    for loaded in [&lifted, &again] {
        assert_eq!(loaded.pending, ["guardrails.yaml"], "a denial that is gone stands until it is confirmed");
        assert_eq!(reason(&loaded.ruleset, &github(json!({})), &aws()), Some(Reason::Denied));
    }
    let confirmed = Ruleset::load(&tree(&[("policies/a.yaml", DEPLOY)]), &catalogue(), Some(&again.ruleset)).0;
    assert_eq!(reason(&confirmed, &github(json!({})), &aws()), None);
}

#[test]
fn a_policy_whose_own_test_fails_does_not_go_live() {
    let claims = json!(github_claims("push", "refs/heads/main")).to_string();
    let tests = "tests:\n  - allow: { claims: push.json, credential: aws }\n  - deny: { claims: push.json, change: { event: pull-request }, credential: aws }\n";
    let policy = format!("{DEPLOY}{tests}");
    let ruleset = good(&[("policies/a.yaml", &policy), ("tests/push.json", &claims)]);
    assert_eq!(ruleset.test(&tree(&[("tests/push.json", &claims)]), &catalogue()).0.len(), 2);
    let failing = policy.replace("change: { event: pull-request }, ", "");
    let (ruleset, faults) = load(&[("policies/a.yaml", &failing), ("tests/push.json", &claims)]);
    assert!(ruleset.set().policies().is_empty() && faults[0].code == "test_failed", "{faults:?}");
    let many = failing + &"  - deny: { claims: push.json, credential: aws }\n".repeat(FAULTS_MAX);
    let (_, faults) = load(&[("policies/a.yaml", &many), ("tests/push.json", &claims)]);
    assert_eq!(faults.len(), FAULTS_MAX + 1, "one failed before, and the last says that not all are listed");
}

#[test]
fn an_explanation_names_the_line_and_what_it_saw() {
    let ruleset = good(&[("policies/shop/deploy.yaml", DEPLOY)]);
    let facts = github(json!({"event_name": "pull_request", "ref": "refs/pull/7/merge"}));
    let output = explain(ruleset.set(), &facts, &aws(), UnixTime::from_seconds(0)).to_string();
    for expected in
        ["DENIED", "policies/shop/deploy.yaml:6", "saw refs/pull/7/merge", "policies/shop/deploy.yaml:8", "saw pull-request"]
    {
        assert!(output.contains(expected), "{expected} in\n{output}");
    }
    let allowed = explain(ruleset.set(), &github(json!({})), &aws(), UnixTime::from_seconds(0));
    assert!(allowed.to_string().starts_with("ALLOWED"), "{allowed}");
}

#[test]
fn code_from_forks_is_denied_unless_a_policy_names_it() {
    let policy = "issuer: gitlab\nmatch: { repository: acme/shop@20, event: pull-request }\ngrant: { secrets: [preview.age] }\n";
    let claims = json!({"job_project_path": "acme/shop", "job_project_id": "20", "project_path": "evil/shop", "project_id": "66", "pipeline_source": "merge_request_event"});
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    let facts = Mapping::built_in("gitlab").unwrap().facts(&IssuerName::parse("gitlab").unwrap(), claims).unwrap();
    assert_eq!(reason(&good(&[("policies/a.yaml", policy)]), &facts, &secret("preview.age")), Some(Reason::NoMatchingPolicy));
    let named = policy.replace("event: pull-request", "event: pull-request, fork: true");
    assert_eq!(reason(&good(&[("policies/a.yaml", &named)]), &facts, &secret("preview.age")), None);
}

#[test]
fn circleci_demands_the_tenant_and_keeps_forks_and_ssh_out() {
    let policy = "issuer: circle\nmatch: { repository: github.com/acme/shop, owner: o1@0f1e2d3c-4b5a-4697-8877-665544332211, ref: refs/heads/main }\ngrant: { secrets: [a] }\n";
    let (_, faults) = load(&[("policies/a.yaml", &policy.replace("owner: o1@0f1e2d3c-4b5a-4697-8877-665544332211, ", ""))]);
    assert!(faults.iter().any(|fault| fault.code == "tenant_not_pinned"), "{faults:?}");
    let ruleset = good(&[("policies/a.yaml", policy)]);
    let job = |origin: &str, org: &str, ssh: bool| {
        let claims = json!({"oidc.circleci.com/vcs-origin": origin, "oidc.circleci.com/org-id": org, "oidc.circleci.com/project-id": "p1",
            "oidc.circleci.com/vcs-ref": "refs/heads/main", "oidc.circleci.com/ssh-rerun": ssh});
        let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
        let facts = Mapping::built_in("circleci").unwrap().facts(&IssuerName::parse("circle").unwrap(), claims).unwrap();
        reason(&ruleset, &facts, &secret("a"))
    };
    assert_eq!(job("github.com/acme/shop", "0f1e2d3c-4b5a-4697-8877-665544332211", false), None);
    for (origin, org, ssh) in [
        ("github.com/evil/shop", "0f1e2d3c-4b5a-4697-8877-665544332211", false),
        ("github.com/acme/shop", "o2", false),
        ("github.com/acme/shop", "0f1e2d3c-4b5a-4697-8877-665544332211", true),
    ] {
        assert_eq!(job(origin, org, ssh), Some(Reason::NoMatchingPolicy), "{origin} {org} {ssh}");
    }
}

#[test]
fn the_index_finds_every_rule_if_many_pin_the_same() {
    let text = |number: usize| {
        let policy =
            DEPLOY.replace("refs/heads/main", &format!("refs/heads/b{number}")).replace("shop-deploy", &format!("r{number}"));
        if number.is_multiple_of(3) {
            policy.replace("acme/shop@456789", &format!("[acme/shop@456789, acme/x@{number}]"))
        } else {
            policy
        }
    };
    let files: Vec<(String, String)> = (0..120).map(|number| (format!("policies/p{number}.yaml"), text(number))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let ruleset = good(&files);
    for number in 0..120_usize {
        let facts = github(json!({"sub": "x", "ref": format!("refs/heads/b{number}")}));
        let granted = ruleset.set().grant_one(&facts, &aws(), None, Moment::at(UnixTime::from_seconds(0))).unwrap();
        assert_eq!(granted.policy.as_str(), format!("p{number}"));
        let other = github(json!({"sub": "x", "repository_id": number.to_string(), "ref": format!("refs/heads/b{number}")}));
        assert_eq!(reason(&ruleset, &other, &aws()).is_none(), number.is_multiple_of(3), "{number}");
    }
}

#[test]
fn a_permission_is_granted_denied_and_tested_like_anything_else() {
    let replay = Target::Daypass(crate::kind::Permission::PolicyReplay);
    let own = "tests:\n  - allow: { claims: push.json, credential: { daypass: policy.replay } }\n";
    let policy = DEPLOY.replace("grant:\n", "grant:\n  daypass: [policy.replay]\n") + own;
    let claims = json!({"issuer": "github", "claims": github_claims("push", "refs/heads/main")}).to_string();
    let files = [("policies/a.yaml", policy.as_str()), ("tests/push.json", &claims)];
    assert_eq!(reason(&good(&files), &github(json!({})), &replay), None);
    assert_eq!(reason(&good(&files), &github(json!({"ref": "refs/heads/x"})), &replay), Some(Reason::NoMatchingPolicy));
    assert_eq!(
        reason(&good(&[("policies/a.yaml", DEPLOY)]), &github(json!({})), &replay),
        Some(Reason::NoMatchingPolicy),
        "all that a policy grants of credentials is no permission"
    );
    let rails = "denials: [ { description: Nobody., match: { owner: acme@9001 }, deny: { daypass: [policy.replay] } } ]\n";
    let denied = good(&[files[0], files[1], ("guardrails.yaml", rails)]);
    assert_eq!(
        (reason(&denied, &github(json!({})), &replay), reason(&denied, &github(json!({})), &aws())),
        (Some(Reason::Denied), None)
    );
    for unused in ["secret.read", "lift", "policy.*"] {
        let (_, faults) = load(&[("policies/a.yaml", &policy.replace("[policy.replay]", &format!("[{unused}]")))]);
        assert!(faults[0].message.contains("this version grants policy.replay"), "{}", faults[0]);
    }
}
