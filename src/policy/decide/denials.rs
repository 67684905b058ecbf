//! How denials treat absent and unreadable attributes: nothing gets past a denial by them.

use super::tests::{DEPLOY, aws, catalogue, github, good, tree};
use super::*;
use crate::identity::Mapping;
use crate::policy::{LiveChecks, OperatorDenial, Request, Ruleset, Widening};
use crate::token::Claims;
use crate::words::names::IssuerName;
use crate::words::yaml::Fault;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

const PROTECTED: &str =
    "denials:\n  - description: Protected refs alone.\n    match: { ref_protected: { not: true } }\n    issuer: github\n";

/// A policy without lines for the attributes that the denials test.
pub(super) fn open() -> String {
    DEPLOY.replace("  ref: refs/heads/main\n  ref_protected: true\n", "")
}

pub(super) fn reason(ruleset: &Ruleset, facts: &Facts) -> Option<Reason> {
    ruleset.set().would_grant(facts, &aws(), None, UnixTime::from_seconds(0)).err().map(|denial| denial.reason)
}

pub(super) fn under(rails: &str, facts: &Facts) -> Option<Reason> {
    reason(&good(&[("policies/a.yaml", &open()), ("guardrails.yaml", rails)]), facts)
}

fn faults(rails: &str) -> Vec<Fault> {
    Ruleset::load(&tree(&[("guardrails.yaml", rails)]), &catalogue(), None).1
}

fn facts_of(mapping: &str, issuer: &str, claims: Json) -> Facts {
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    Mapping::built_in(mapping).unwrap().facts(&IssuerName::parse(issuer).unwrap(), claims).unwrap()
}

#[test]
fn a_guardrail_lets_nothing_pass_that_it_cannot_read() {
    for (flag, expected) in [
        (json!("true"), None),
        (json!(true), None),
        (json!("false"), Some(Reason::Denied)),
        (json!("False"), Some(Reason::ClaimUnreadable)),
        (json!("0"), Some(Reason::ClaimUnreadable)),
        (json!(""), Some(Reason::ClaimUnreadable)),
        (json!(0), Some(Reason::ClaimUnreadable)),
        (json!(null), Some(Reason::ClaimUnreadable)),
    ] {
        assert_eq!(under(PROTECTED, &github(json!({"ref_protected": flag}))), expected, "{flag}");
    }
    let mut absent = github(json!({})).claims.as_map().clone();
    absent.remove("ref_protected");
    let absent = facts_of("github-actions", "github", absent.into());
    assert_eq!(under(PROTECTED, &absent), Some(Reason::ClaimUnreadable));
    assert_eq!(reason(&good(&[("policies/a.yaml", &open())]), &absent), None, "where no denial looks at it, nothing is refused");
}

/// Rows are read as a type of their own, and by the same reader as every other file.
#[test]
fn rows_with_a_tag_or_a_hidden_line_do_not_load() {
    let policy = "issuer: github\nfor_each: rows.yaml\nmatch: { repository: \"{each.name}\", event: push }\ngrant: { secrets: [a.yaml] }\n";
    let found = |rows: &str| Ruleset::load(&tree(&[("policies/a.yaml", policy), ("rows.yaml", rows)]), &catalogue(), None).1;
    for (rows, expected) in
        [("- { name: !not acme/shop }\n", "tags"), ("- name: acme/shop\n# agreed\r- name: evil/x\n", "carriage return")]
    {
        let found = found(rows);
        assert!(found.iter().any(|fault| fault.message.contains(expected)), "{rows:?}: {found:?}");
    }
    assert!(found("- { name: acme/shop }\n").iter().all(|fault| !fault.message.contains("rows.yaml")));
}

/// A denial of a ref that Git allows nowhere denies nobody. A block text with its line break is the likely mistake.
#[test]
fn a_ref_that_git_does_not_allow_is_an_error() {
    let found =
        |line: &str| faults(&format!("denials:\n  - description: d\n    issuer: github\n    match:\n      ref: {line}\n"));
    for bad in [
        "|\n        refs/heads/main",
        "\"refs/heads/main \"",
        "\"refs/heads/main\\n\"",
        "\"refs/heads/main\\0\"",
        "refs/heads/../main",
        "refs/heads//main",
        "refs/heads/main/",
        "refs/heads/a.lock",
        "refs/heads/a^1",
        "\"refs/heads/*\\n\"",
        "{ like: refs/heads/**, not: \"refs/heads/main\\n\" }",
    ] {
        let found = found(bad);
        assert!(found.iter().any(|fault| fault.code == "value_never_claimed"), "{bad}: {found:?}");
    }
    for good in ["refs/heads/main", "refs/heads/v1.*", "refs/heads/a-b_c/ü", "\"refs/heads/**\"", "refs/tags/v1.2.3"] {
        assert!(found(good).is_empty(), "{good}");
    }
}

#[test]
fn for_a_guardrail_an_absent_optional_attribute_has_none_of_the_values() {
    let rails = PROTECTED.replace("ref_protected: { not: true }", "environment: { not: [production, staging] }");
    assert_eq!(under(&rails, &github(json!({}))), Some(Reason::Denied));
    assert_eq!(under(&rails, &github(json!({"environment": ""}))), Some(Reason::Denied));
    assert_eq!(under(&rails, &github(json!({"environment": ["production"]}))), Some(Reason::ClaimUnreadable));
    assert_eq!(under(&rails, &github(json!({"sub": "x", "environment": "Production"}))), None);
    let value = rails.replace("{ not: [production, staging] }", "production");
    assert_eq!(under(&value, &github(json!({}))), None);
    let claim = PROTECTED.replace("match: { ref_protected: { not: true } }", "claims: { /enterprise: { not: acme } }");
    assert_eq!(under(&claim, &github(json!({}))), Some(Reason::Denied));
    assert_eq!(under(&claim, &github(json!({"enterprise": "acme"}))), None);
    assert_eq!(under(&claim, &github(json!({"enterprise": ["acme"]}))), Some(Reason::Denied));
}

#[test]
fn a_line_that_does_not_hold_decides_whatever_other_lines_cannot_read() {
    let elsewhere = PROTECTED.replace("match: {", "match: { repository: acme/other@7,");
    let unreadable = github(json!({"ref_protected": "False"}));
    assert_eq!(under(&elsewhere, &unreadable), None);
    let both = format!("{PROTECTED}  - description: All of it.\n    match: {{ owner: acme@9001 }}\n");
    assert_eq!(under(&both, &unreadable), Some(Reason::Denied), "a denial that is sure comes before a doubt");
}

#[test]
fn a_guardrail_by_id_refuses_a_token_without_one() {
    let rails = PROTECTED.replace("ref_protected: { not: true }", "owner: evil@6");
    let named = |owner: &str, id: Json| github(json!({"sub": "x", "repository_owner": owner, "repository_owner_id": id}));
    assert_eq!(under(&rails, &named("evil", json!("6"))), Some(Reason::Denied));
    assert_eq!(under(&rails, &named("acme", json!("9001"))), None);
    assert_eq!(under(&rails, &named("acme", json!(null))), Some(Reason::ClaimUnreadable), "GitHub always claims the id");
    assert_eq!(under(&rails, &named("acme", json!(6))), Some(Reason::ClaimUnreadable));
    let but = rails.replace("evil@6", "{ not: acme@9001 }");
    assert_eq!(under(&but, &named("acme", json!(null))), Some(Reason::ClaimUnreadable));
}

/// With some CIs the job chooses whether its token has ids. It does not escape a denial by leaving them out.
#[test]
fn a_guardrail_by_id_counts_by_name_where_a_job_may_leave_the_id_out() {
    let id = "0184990a-4777-4d3a-a0d8-7c6a1e2f3b4c";
    let policy = "issuer: buildkite\nmatch: { owner: [acme-inc, evil], event: webhook }\ngrant: { aws: [ { role: \"arn:aws:iam::123456789012:role/r\" } ] }\n";
    let rails = format!("denials:\n  - description: No.\n    match: {{ owner: evil@{id} }}\n    issuer: buildkite\n");
    let ruleset = good(&[("policies/a.yaml", policy), ("guardrails.yaml", &rails)]);
    let job = |slug: &str| facts_of("buildkite", "buildkite", json!({"organization_slug": slug, "build_source": "webhook"}));
    assert_eq!(reason(&ruleset, &job("evil")), Some(Reason::Denied));
    assert_eq!(reason(&ruleset, &job("acme-inc")), None);
    let but = good(&[
        ("policies/a.yaml", policy),
        ("guardrails.yaml", &rails.replace(&format!("evil@{id}"), &format!("{{ not: acme-inc@{id} }}"))),
    ]);
    assert_eq!(reason(&but, &job("acme-inc")), Some(Reason::Denied), "an exception by id needs the id");
}

#[test]
fn a_guardrail_on_what_an_issuer_never_claims_is_an_error_or_a_finding() {
    let named = PROTECTED.replace("issuer: github", "issuer: circle");
    let fault = &faults(&named)[0];
    assert_eq!((fault.code, fault.place.line), ("attribute_never_claimed", 3));
    assert!(fault.message.contains("this issuer never claims `ref_protected`, so nothing would be denied"), "{fault}");
    let nobody = PROTECTED.replace("    issuer: github\n", "").replace("ref_protected: { not: true }", "run_url: x");
    assert!(faults(&nobody)[0].message.contains("no configured issuer claims `run_url`"));
    let everybody = PROTECTED.replace("    issuer: github\n", "");
    assert!(faults(&everybody).is_empty());
    assert_eq!(under(&everybody, &github(json!({"ref_protected": "false"}))), Some(Reason::Denied));
    let pod = "issuer: eu\nmatch: { namespace: shop }\ngrant: { aws: [ { role: \"arn:aws:iam::123456789012:role/r\" } ] }\n";
    let facts = facts_of(
        "kubernetes",
        "eu",
        json!({"kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "a", "uid": "b"}}}),
    );
    assert_eq!(
        reason(&good(&[("policies/a.yaml", pod), ("guardrails.yaml", &everybody)]), &facts),
        None,
        "it says nothing of pods"
    );
}

#[test]
fn a_flag_that_cannot_be_read_does_not_let_a_person_into_the_job() {
    let policy = "issuer: circle\nmatch: { owner: 0f1e2d3c-4b5a-4697-8877-665544332211@0f1e2d3c-4b5a-4697-8877-665544332211 }\ngrant: { aws: [ { role: \"arn:aws:iam::123456789012:role/r\" } ] }\n";
    let ruleset = good(&[("policies/a.yaml", policy)]);
    let job = |ssh: Json| {
        let org = "0f1e2d3c-4b5a-4697-8877-665544332211";
        facts_of("circleci", "circle", json!({"oidc.circleci.com/org-id": org, "oidc.circleci.com/ssh-rerun": ssh}))
    };
    assert_eq!(reason(&ruleset, &job(json!(false))), None);
    assert_eq!(reason(&ruleset, &job(json!("false"))), None);
    assert_eq!(reason(&ruleset, &job(json!(true))), Some(Reason::NoMatchingPolicy));
    for garbled in [json!("True"), json!("1"), json!(""), json!(null), json!([true])] {
        assert_eq!(reason(&ruleset, &job(garbled.clone())), Some(Reason::ClaimUnreadable), "{garbled}");
    }
    let named = good(&[("policies/a.yaml", &policy.replace(" }\ngrant", ", ssh_session: [true, false] }\ngrant"))]);
    assert_eq!(reason(&named, &job(json!("True"))), Some(Reason::ClaimUnreadable), "a policy does not match it either");
}

#[test]
fn a_guardrail_and_an_exception_by_pattern_fold_where_the_ci_does() {
    let rails = PROTECTED.replace("ref_protected: { not: true }", "environment: prod-*");
    for name in ["prod-eu", "Prod-eu", "PROD-EU"] {
        let facts = github(json!({"sub": "x", "environment": name}));
        assert_eq!(under(&rails, &facts), Some(Reason::Denied), "{name}");
        let policy = open().replace("match:\n", "match:\n  environment: { not: prod-* }\n");
        assert_eq!(reason(&good(&[("policies/a.yaml", &policy)]), &facts), Some(Reason::NoMatchingPolicy), "{name}");
    }
    let branch = PROTECTED.replace("ref_protected: { not: true }", "ref: refs/heads/prod-*");
    assert_eq!(under(&branch, &github(json!({"sub": "x", "ref": "refs/heads/Prod-eu"}))), None, "refs have their case");
}

#[test]
fn an_id_that_the_issuer_cannot_emit_does_not_load() {
    let robot =
        "denials:\n  - description: No robot.\n    issuer: google\n    match:\n      owner: bot@proj.iam.gserviceaccount.com\n";
    let fault = &faults(robot)[0];
    assert_eq!((fault.code, fault.place.line, fault.place.column), ("value_never_claimed", 5, 14));
    assert!(
        fault
            .message
            .contains("`proj.iam.gserviceaccount.com` is no id of `owner` in the mapping google: such an id is a number"),
        "{fault}"
    );
    assert!(faults(&robot.replace(".com", ".com@108070605040302010123")).is_empty());
    for (issuer, line) in [
        ("github", "repository: acme/shop@x1"),
        ("github", "repository: acme/shop@00456789"),
        ("github", "commit: 0123456789ABCDEF0123456789ABCDEF01234567"),
        ("github", "ref: refs/head/main"),
        ("github", "actor: octocat@users.noreply.github.com"),
        ("circle", "repository: github.com/acme/shop@7"),
        ("eu", "service_account: web@Prod"),
        ("buildkite", "owner: acme@1"),
    ] {
        let rails = format!("denials:\n  - description: No.\n    issuer: {issuer}\n    match: {{ {line} }}\n");
        assert_eq!(faults(&rails)[0].code, "value_never_claimed", "{issuer} {line}");
    }
}

/// The author of a denial of one value would believe it safe, and the holder of the document would have the value.
#[test]
fn a_denial_of_impossible_documents_does_not_load() {
    for pattern in ["production/db.yaml#/password", "production/**#/password", "production/", "/production/**"] {
        let rails = format!("denials: [ {{ description: No., deny: {{ secrets: [\"{pattern}\"] }} }} ]\n");
        assert!(faults(&rails).iter().any(|fault| fault.message.contains("document")), "{pattern}");
    }
}

/// The authors of these would believe that something is denied.
#[test]
fn a_denial_with_a_part_that_can_hit_nothing_does_not_load() {
    let arn = "arn:aws:iam::123456789012:role";
    let rails = |body: &str| format!("denials: [ {{ description: No., {body} }} ]\n");
    for (body, expected) in [
        ("deny: {}".to_owned(), "nothing would be denied"),
        ("deny: { aws: [] }".to_owned(), "an empty list denies nothing"),
        (format!("deny: {{ aws: [\"{arn}/a\"], secrets: [] }}"), "an empty list denies nothing"),
        ("deny: { aws: [deploy] }".to_owned(), "no role is called like that: `d` cannot stand at its beginning"),
        ("deny: { aws: [\"role/prod-*\"] }".to_owned(), "no role is called like that"),
        ("deny: { aws: [\"arn:aws:iam::123456789012:*\"] }".to_owned(), "no role is called like that"),
        ("deny: { aws: [\"arn:aws:iam::1234:role/a\"] }".to_owned(), "no role is called like that"),
        ("deny: { transit: [\"decrypt flux\"] }".to_owned(), "no transit key is called like that: a space cannot stand"),
        ("deny: { transit: [\"encrypt/*\"] }".to_owned(), "`encrypt` is an operation"),
        ("deny: { secrets: [\"shop/../**\"] }".to_owned(), "no document is called like that: `.` cannot stand behind `shop/`"),
        ("deny: { github: [\"acme corp/*\"] }".to_owned(), "no repository of GitHub is called like that"),
        ("deny: { gcp: [\"Deploy@**\"] }".to_owned(), "no service account is called like that: `D` cannot stand"),
        ("deny: { azure: [\"shop/**\"] }".to_owned(), "no application is called like that: `s` cannot stand"),
        ("deny: { id_token: [\"https://a b/**\"] }".to_owned(), "no audience is called like that"),
        ("deny: { token_exchange: [\"Partner\"] }".to_owned(), "no service is called like that: `P` cannot stand"),
        ("deny: { token_exchange: [\"*?ro le=admin\"] }".to_owned(), "no field is called like that"),
        ("issuer: github, match: { ref: { not: [] } }".to_owned(), "an empty list leaves out nothing"),
        ("issuer: github, claims: { /enterprise: { not: [] } }".to_owned(), "an empty list leaves out nothing"),
    ] {
        let faults = faults(&rails(&body));
        assert!(faults.iter().any(|fault| fault.message.contains(expected)), "{body}: {faults:?}");
    }
    for body in [
        format!("deny: {{ aws: [\"{arn}/team/prod-*\", \"arn:aws:iam::*:role/**\", \"**\"] }}"),
        format!("deny: {{ aws: {arn}/a, transit: [flux, \"shop/*\"], daypass: policy.replay }}"),
        "deny: { aws: [\"arn:aws-cn:iam::123456789012:role/*\", \"*:*:*:*:*:role/a\"] }".to_owned(),
    ] {
        let faults = faults(&rails(&body));
        assert!(faults.is_empty(), "{body}: {faults:?}");
    }
    let policy = open().replace("match:\n", "match:\n  environment: { not: [] }\n");
    let (_, faults) = Ruleset::load(&tree(&[("policies/a.yaml", &policy)]), &catalogue(), None);
    assert!(faults[0].message.contains("an empty list leaves out nothing"), "{faults:?}");
}

#[test]
fn not_never_includes_an_event_that_may_be_a_strangers() {
    let policy = |event: &str| open().replace("[push, manual]", event);
    let allowed = |event: &str, name: &str| {
        reason(&good(&[("policies/a.yaml", &policy(event))]), &github(json!({"sub": "x", "event_name": name}))).is_none()
    };
    assert!(allowed("{ not: pull-request }", "push"));
    assert!(!allowed("{ not: pull-request }", "pull_request_target"));
    assert!(allowed("[push, privileged-pull-request]", "pull_request_target"));
    let rails = PROTECTED.replace("ref_protected: { not: true }", "event: { not: push }");
    let privileged = policy("[push, privileged-pull-request]");
    let ruleset = good(&[("policies/a.yaml", &privileged), ("guardrails.yaml", &rails)]);
    let facts = github(json!({"sub": "x", "event_name": "pull_request_target"}));
    assert_eq!(reason(&ruleset, &facts), Some(Reason::Denied), "a denial means all of them");
    let job = |source: &str| facts_of("buildkite", "buildkite", json!({"organization_slug": "acme", "build_source": source}));
    let builds = |event: &str| {
        format!(
            "issuer: buildkite\nmatch: {{ owner: acme, event: {event} }}\ngrant: {{ aws: [ {{ role: \"arn:aws:iam::123456789012:role/r\" }} ] }}\n"
        )
    };
    let lets_in = |event: &str, source: &str| reason(&good(&[("policies/a.yaml", &builds(event))]), &job(source)).is_none();
    assert!(!lets_in("{ not: upstream }", "webhook") && lets_in("{ not: upstream }", "ui") && lets_in("webhook", "webhook"));
    let (_, faults) = Ruleset::load(&tree(&[("policies/a.yaml", &builds("push"))]), &catalogue(), None);
    assert!(faults[0].message.contains("never claim `event` as `push`"), "{}", faults[0]);
}

/// GitHub, GitLab and Forgejo compare logins without case.
#[test]
fn a_denial_of_an_actor_folds() {
    let rails =
        |actor: &str| format!("denials:\n  - description: Not him.\n    issuer: github\n    match: {{ actor: \"{actor}\" }}\n");
    for (denied, actor) in [("mallory", "Mallory"), ("MALLORY", "mallory"), ("dep*", "Dependabot")] {
        let ruleset = good(&[("policies/a.yaml", &open()), ("guardrails.yaml", &rails(denied))]);
        let facts = github(json!({"sub": "x", "actor": actor}));
        assert_eq!(reason(&ruleset, &facts), Some(Reason::Denied), "{denied}: {actor}");
    }
}

#[test]
fn an_operators_denial_refuses_a_token_without_a_readable_repository() {
    let stop = |repository: Option<&str>, run: Option<&str>| OperatorDenial {
        policy: None,
        repository: repository.map(str::to_owned),
        issuer: None,
        run: run.map(str::to_owned),
        reason: "INC-1".to_owned(),
    };
    let decided = |stop: OperatorDenial, claims: Json| {
        let denials = BTreeMap::from([(String::new(), (stop, None))]);
        let standing = LiveChecks::new(&denials, UnixTime::from_seconds(0), &|_| Ok(()));
        Decision::new(Vec::new(), &Request::nothing(None)).stands(&standing, &github(claims)).err().map(|denial| denial.reason)
    };
    let run = json!({"run_id": "7"});
    assert_eq!(decided(stop(Some("acme/shop@456789"), None), run.clone()), Some(Reason::Denied));
    assert_eq!(decided(stop(Some("acme/x@1"), None), run.clone()), None);
    assert_eq!(decided(stop(Some("acme/x@1"), None), json!({"sub": "x", "repository": null})), Some(Reason::ClaimUnreadable));
    assert_eq!(decided(stop(Some("acme/x@1"), None), json!({"repository_id": 1})), Some(Reason::ClaimUnreadable));
    assert_eq!(decided(stop(None, Some("7")), run.clone()), Some(Reason::Denied));
    assert_eq!(decided(stop(None, Some("7")), json!({"run_id": 7})), Some(Reason::ClaimUnreadable));
    assert_eq!(decided(stop(Some("acme/x@1"), Some("7")), json!({"run_id": 7})), None, "it is about another repository");
}

/// For example after an incident: the first guardrails went live without a confirmation, because nothing of them had to wait.
#[test]
fn the_first_guardrails_of_a_running_server_are_not_taken_back_unconfirmed() {
    let rails = "denials:\n  - description: No.\n    match: { repository: acme/shop@456789 }\n";
    let (open, _) = Ruleset::load(&tree(&[("policies/a.yaml", DEPLOY)]), &catalogue(), None);
    let next =
        |files: &[(&str, &str)], old: &Ruleset| Ruleset::load_with(&tree(files), &catalogue(), Some(old), Widening::Waits, &[]);
    for extra in [None, Some(("policies/b.yaml", DEPLOY))] {
        let files = |rails: Option<&'static str>| {
            let rails = rails.map(|rails| ("guardrails.yaml", rails));
            std::iter::once(("policies/a.yaml", DEPLOY)).chain(extra).chain(rails).collect::<Vec<_>>()
        };
        let denying = next(&files(Some(rails)), &open);
        assert!(!denying.pending.contains(&"guardrails.yaml".to_owned()), "what only takes away waits for nobody");
        for taken_back in [None, Some("denials: []\n")] {
            let lifted = next(&files(taken_back), &denying.ruleset);
            assert!(lifted.pending.contains(&"guardrails.yaml".to_owned()), "{taken_back:?}");
            assert_eq!(reason(&lifted.ruleset, &github(json!({}))), Some(Reason::Denied), "{taken_back:?}");
        }
    }
}

/// Each change takes away at once, and what it gives back waits, also if nobody has confirmed the change before it.
#[test]
fn guardrails_that_change_twice_unconfirmed_lose_no_denial() {
    let rails = |repositories: &[&str]| -> String {
        let one = |repository: &&str| format!("  - {{ description: No., match: {{ repository: {repository} }} }}\n");
        "denials:\n".to_owned() + &repositories.iter().map(one).collect::<String>()
    };
    let [zero, first, second] = ["acme/x@1", "acme/shop@456789", "acme/y@2"];
    let files = |text: &str| tree(&[("policies/a.yaml", DEPLOY), ("guardrails.yaml", text)]);
    let next = |text: &str, old: &Ruleset| Ruleset::load_with(&files(text), &catalogue(), Some(old), Widening::Waits, &[]);
    let (old, _) = Ruleset::load(&files(&rails(&[zero])), &catalogue(), None);
    let denying = next(&rails(&[first]), &old);
    let again = next(&rails(&[second]), &denying.ruleset);
    for loaded in [&denying, &again] {
        assert_eq!(loaded.pending, ["guardrails.yaml"]);
        assert_eq!(reason(&loaded.ruleset, &github(json!({}))), Some(Reason::Denied));
    }
    let back = next(&rails(&[zero]), &again.ruleset);
    assert_eq!(back.pending, ["guardrails.yaml"], "what was denied since is given back by a person alone");
    let all = next(&rails(&[second, first, zero]), &again.ruleset);
    assert_eq!(all.pending, Vec::<String>::new(), "nothing of what was denied is missing");
    let (confirmed, _) = Ruleset::load(&files(&rails(&[second])), &catalogue(), Some(&again.ruleset));
    assert_eq!(reason(&confirmed, &github(json!({}))), None);
}
