//! A second evaluator, slow and obvious, written only from the language's description: it shares no code with the first. Each run tries
//! 100,000 pairs of policies and claims; `DAYPASS_PAIRS` sets another number.

use super::tests::{catalogue, tree};
use super::*;
use crate::identity::Mapping;
use crate::kind::{AwsTarget, Target};
use crate::policy::Ruleset;
use crate::token::Claims;
use crate::words::names::IssuerName;
use crate::words::names::RoleArn;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value as Json, json};

const PAIRS: usize = 100_000;
const TOKENS_PER_SET: usize = 100;

/// GitHub's claims as attributes, by hand.
fn attribute(claims: &Map<String, Json>, name: &str) -> Option<Json> {
    let text = |claim: &str| claims.get(claim).and_then(Json::as_str).filter(|text| !text.is_empty());
    let flag = |claim: &str| match claims.get(claim) {
        Some(Json::Bool(flag)) => Some(*flag),
        Some(Json::String(text)) if text == "true" => Some(true),
        Some(Json::String(text)) if text == "false" => Some(false),
        _ => None,
    };
    match name {
        "repository" => text("repository").map(|name| json!({"name": name, "id": text("repository_id")})),
        "owner" => text("repository_owner").map(|name| json!({"name": name, "id": text("repository_owner_id")})),
        "ref" => text("ref").map(Json::from),
        "environment" => text("environment").map(Json::from),
        "ref_protected" => flag("ref_protected").map(Json::from),
        "event" => match text("event_name")? {
            "push" if text("ref_type") == Some("tag") => Some("tag".into()),
            "push" => Some("push".into()),
            "workflow_dispatch" => Some("manual".into()),
            "schedule" => Some("schedule".into()),
            "pull_request" => Some("pull-request".into()),
            "pull_request_target" => Some("privileged-pull-request".into()),
            _ => None,
        },
        other => panic!("{other}"),
    }
}

/// The attributes that every job of GitHub has, by docs/attributes.md; each repository and owner has an id. Only some jobs have the others.
const ALWAYS: [&str; 4] = ["repository", "owner", "ref_protected", "event"];

/// Whether a denial cannot read the attribute: the token lacks it and every token has it, or its claim is neither text nor a flag.
fn is_unreadable(claims: &Map<String, Json>, name: &str) -> bool {
    if attribute(claims, name).is_some() {
        return false;
    }
    let claim = claims.get(name);
    ALWAYS.contains(&name) || claim.is_some_and(|claim| !claim.is_null() && claim != "")
}

/// `*` within a segment, `**` over segments: it tries every way to divide the text among the wildcards.
fn fits(pattern: &[u8], text: &[u8], at_start: bool) -> bool {
    let ends_segment = |byte: u8| matches!(byte, b'/' | b':' | b'@');
    match pattern {
        [] => text.is_empty(),
        [b'*', b'*'] if at_start => true,
        [b'*', b'*', end, rest @ ..] if at_start && ends_segment(*end) => {
            fits(rest, text, true) || (0..text.len()).any(|at| text[at] == *end && fits(rest, &text[at + 1..], true))
        }
        [b'*', rest @ ..] => {
            (0..=text.len()).take_while(|at| *at == 0 || !ends_segment(text[at - 1])).any(|at| fits(rest, &text[at..], false))
        }
        [byte, rest @ ..] => text.first() == Some(byte) && fits(rest, &text[1..], ends_segment(*byte)),
    }
}

fn one_fits(name: &str, expected: &Json, actual: &Json) -> bool {
    let folds = matches!(name, "repository" | "owner" | "environment");
    match (expected, actual) {
        (Json::Bool(expected), Json::Bool(actual)) => expected == actual,
        (Json::String(expected), actual) => {
            let named = matches!(name, "repository" | "owner");
            if named && let Some((_, id)) = expected.rsplit_once('@') {
                return actual["id"] == id;
            }
            let actual = if named { &actual["name"] } else { actual };
            let Some(actual) = actual.as_str() else { return false };
            if folds {
                return fits(expected.to_ascii_lowercase().as_bytes(), actual.to_ascii_lowercase().as_bytes(), true);
            }
            fits(expected.as_bytes(), actual.as_bytes(), true)
        }
        (expected, actual) => expected == actual,
    }
}

fn line_holds(name: &str, line: &Json, actual: Option<Json>) -> bool {
    let Some(actual) = actual else { return false };
    let any = |list: &Json| match list {
        Json::Array(items) => items.iter().any(|item| one_fits(name, item, &actual)),
        one => one_fits(name, one, &actual),
    };
    let excluded = line.get("not");
    if let Some(excluded) = excluded.filter(|_| name.starts_with('/'))
        && !listed(excluded).iter().any(|item| is_of_one_type(item, &actual))
    {
        return false;
    }
    match excluded {
        // A policy has to name this event.
        Some(_) if name == "event" && actual == "privileged-pull-request" => false,
        Some(excluded) => !any(excluded),
        None => any(line),
    }
}

fn listed(values: &Json) -> Vec<Json> {
    values.as_array().cloned().unwrap_or_else(|| vec![values.clone()])
}

fn is_of_one_type(one: &Json, other: &Json) -> bool {
    (one.is_string() && other.is_string()) || (one.is_number() && other.is_number()) || (one.is_boolean() && other.is_boolean())
}

fn raw_value_is_listed(name: &str, list: &[Json], actual: &Json) -> Option<bool> {
    let entries = if actual.is_null() { Vec::new() } else { listed(actual) };
    if entries.iter().any(|entry| list.iter().any(|item| one_fits(name, item, entry))) {
        return Some(true);
    }
    let known = |entry: &Json| list.iter().any(|item| is_of_one_type(item, entry));
    entries.iter().all(known).then_some(false)
}

/// Whether a line of a denial holds; `None` if nobody can tell.
fn denial_holds(name: &str, line: &Json, claims: &Map<String, Json>) -> Option<bool> {
    let (negated, expected) = line.get("not").map_or((false, line), |excluded| (true, excluded));
    let list = listed(expected);
    let raw = name.starts_with('/');
    let actual = if raw { claims.get(&name[1..]).cloned() } else { attribute(claims, name) };
    let Some(actual) = actual else {
        return if !raw && is_unreadable(claims, name) { None } else { Some(negated) };
    };
    if raw && !negated {
        return raw_value_is_listed(name, &list, &actual);
    }
    if list.iter().any(|item| one_fits(name, item, &actual)) {
        return Some(!negated);
    }
    let by_id = |item: &Json| item.as_str().is_some_and(|text| text.contains('@'));
    let id_is_missing = matches!(name, "repository" | "owner") && actual["id"].is_null() && list.iter().any(by_id);
    if id_is_missing { None } else { Some(negated) }
}

fn denies(rail: &Json, claims: &Map<String, Json>) -> Option<bool> {
    let members = |key: &str| rail.get(key).and_then(Json::as_object).cloned().unwrap_or_default();
    let lines: Vec<Option<bool>> =
        members("match").iter().chain(&members("claims")).map(|(name, line)| denial_holds(name, line, claims)).collect();
    if lines.contains(&Some(false)) {
        Some(false)
    } else if lines.contains(&None) {
        None
    } else {
        Some(true)
    }
}

fn matches(policy: &Json, claims: &Map<String, Json>) -> bool {
    let lines = policy["match"].as_object().unwrap();
    let raw = policy.get("claims").and_then(Json::as_object).cloned().unwrap_or_default();
    lines.iter().all(|(name, line)| line_holds(name, line, attribute(claims, name)))
        && raw.iter().all(|(pointer, line)| line_holds(pointer, line, claims.get(&pointer[1..]).cloned()))
}

/// Why the role is denied; `None` if a policy allows it and no guardrail denies it.
fn refusal(policies: &[Json], guardrails: &[Json], role: &str, claims: &Map<String, Json>) -> Option<Reason> {
    let grants = |policy: &Json| policy["grant"]["aws"].as_array().unwrap().iter().any(|grant| grant["role"] == role);
    if !policies.iter().any(|policy| grants(policy) && matches(policy, claims)) {
        return Some(Reason::NoMatchingPolicy);
    }
    let verdicts: Vec<Option<bool>> = guardrails.iter().map(|rail| denies(rail, claims)).collect();
    if verdicts.contains(&Some(true)) {
        Some(Reason::Denied)
    } else if verdicts.contains(&None) {
        Some(Reason::ClaimUnreadable)
    } else {
        None
    }
}

fn lines() -> impl Strategy<Value = Map<String, Json>> {
    let pick = |values: Vec<Json>| prop::sample::select(values);
    (
        pick(vec![
            json!("acme/a@1"),
            json!("acme/b@2"),
            json!(["acme/a@1", "acme/b"]),
            json!("acme/a"),
            json!(["Acme/A", "acme/b@3"]),
        ]),
        prop::option::of(pick(vec![
            json!("refs/heads/main"),
            json!("refs/heads/*"),
            json!("refs/heads/**"),
            json!("refs/**/main"),
            json!(["refs/tags/v*", "refs/heads/main"]),
            json!({"not": "refs/heads/main"}),
            json!({"not": ["refs/heads/*", "refs/tags/**"]}),
        ])),
        pick(vec![json!("push"), json!(["push", "manual"]), json!({"not": "pull-request"}), json!(["tag", "pull-request"])]),
        prop::option::of(pick(vec![json!(true), json!(false)])),
        prop::option::of(pick(vec![json!("Prod"), json!("pro*"), json!("PRO*"), json!({"not": "prod"}), json!({"not": "Pro*"})])),
        prop::option::of(pick(vec![json!("acme@9"), json!("acme"), json!({"not": "evil@6"})])),
    )
        .prop_map(|(repository, reference, event, protected, environment, owner)| {
            let optional = [("ref", reference), ("ref_protected", protected), ("environment", environment), ("owner", owner)];
            let mut lines: Map<String, Json> =
                optional.into_iter().filter_map(|(name, line)| Some((name.to_owned(), line?))).collect();
            lines.insert("repository".to_owned(), repository);
            lines.insert("event".to_owned(), event);
            lines
        })
}

/// A denial has few lines, so that it does not deny everybody.
fn rail() -> impl Strategy<Value = Json> {
    let pick = |values: Vec<Json>| prop::sample::select(values);
    let line = prop_oneof![
        pick(vec![
            json!("acme/a@1"),
            json!(["acme/b@2", "evil/*"]),
            json!({"not": ["acme/a@1", "acme/b@2"]}),
            json!({"not": "acme/*"})
        ])
        .prop_map(|line| ("repository", line)),
        pick(vec![
            json!("refs/heads/main"),
            json!({"not": "refs/heads/**"}),
            json!({"not": ["refs/heads/main", "refs/tags/v*"]})
        ])
        .prop_map(|line| ("ref", line)),
        pick(vec![json!("pull-request"), json!({"not": ["push", "manual"]}), json!(["tag", "privileged-pull-request"])])
            .prop_map(|line| ("event", line)),
        pick(vec![json!(false), json!({"not": true}), json!([true, false]), json!({"not": false})])
            .prop_map(|line| ("ref_protected", line)),
        pick(vec![json!("PRO*"), json!({"not": "prod"}), json!({"not": ["Prod", "dev"]}), json!("dev")])
            .prop_map(|line| ("environment", line)),
        pick(vec![json!("evil@6"), json!({"not": "acme@9"}), json!({"not": ["acme"]}), json!(["evil", "acme@6"])])
            .prop_map(|line| ("owner", line)),
    ];
    let claims = prop::option::weighted(
        0.2,
        pick(vec![json!({"/x": "a*"}), json!({"/x": {"not": ["ab", 5]}}), json!({"/x": {"not": "b*"}}), json!({"/x": 7})]),
    );
    (prop::collection::vec(line, 1..3), claims).prop_map(|(lines, claims)| {
        let lines: Map<String, Json> = lines.into_iter().map(|(name, line)| (name.to_owned(), line)).collect();
        let mut rail = json!({"description": "no", "match": lines});
        rail.as_object_mut().unwrap().extend(claims.map(|claims| ("claims".to_owned(), claims)));
        rail
    })
}

fn policy() -> impl Strategy<Value = Json> {
    let claims = prop::option::of(prop::sample::select(vec![
        json!({"/x": "a*"}),
        json!({"/x": 5}),
        json!({"/x": {"not": ["ab", 7]}}),
        json!({"/x": ["b", 5]}),
    ]));
    (lines(), claims, prop::sample::select(vec!["deploy", "plan"])).prop_map(|(lines, claims, role)| {
        let mut policy = json!({"issuer": "github", "match": lines, "grant": {"aws": [{"role": format!("arn:aws:iam::123456789012:role/{role}")}]}});
        if let Some(claims) = claims {
            policy["claims"] = claims;
        }
        policy
    })
}

fn token() -> impl Strategy<Value = Map<String, Json>> {
    let pick = |values: &[&str]| {
        prop::option::weighted(0.9, prop::sample::select(values.iter().map(|value| json!(value)).collect::<Vec<_>>()))
    };
    let x = prop::option::of(prop::sample::select(vec![
        json!("ab"),
        json!("b"),
        json!(5),
        json!("5"),
        json!(7),
        json!(""),
        json!(null),
        json!(true),
        json!(["ab", "c"]),
        json!(["c"]),
        json!([7, "ab"]),
        json!(["x", false]),
    ]));
    let names = (
        pick(&["acme/a", "acme/b", "ACME/A", "evil/a"]),
        pick(&["1", "2", "3"]),
        pick(&["acme", "Acme", "evil"]),
        pick(&["9", "6"]),
    );
    let rest = (
        pick(&["refs/heads/main", "refs/heads/x", "refs/heads/x/main", "refs/tags/v1", "refs/tags/x/v1"]),
        pick(&["push", "workflow_dispatch", "pull_request", "schedule", "pull_request_target", "unheard_of"]),
        pick(&["branch", "tag"]),
        prop::option::weighted(
            0.9,
            prop::sample::select(vec![
                json!("true"),
                json!("false"),
                json!(true),
                json!("False"),
                json!("0"),
                json!(""),
                json!(null),
            ]),
        ),
        prop::option::weighted(
            0.8,
            prop::sample::select(vec![
                json!("prod"),
                json!("PROD"),
                json!("pro"),
                json!("dev"),
                json!(""),
                json!(null),
                json!(["prod"]),
            ]),
        ),
        x,
    );
    (names, rest).prop_map(|((repository, id, owner, owner_id), (reference, event, kind, protected, environment, x))| {
        let members = [
            ("repository", repository),
            ("repository_id", id),
            ("repository_owner", owner),
            ("repository_owner_id", owner_id),
            ("ref", reference),
            ("event_name", event),
            ("ref_type", kind),
            ("ref_protected", protected),
            ("environment", environment),
            ("x", x),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    })
}

#[test]
fn agrees_with_the_slow_evaluator() {
    let pairs = std::env::vars().find(|(name, _)| name == "DAYPASS_PAIRS").map_or(PAIRS, |(_, count)| count.parse().unwrap());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let sets = (
        prop::collection::vec(policy(), 1..5),
        prop::collection::vec(rail(), 0..3),
        prop::collection::vec(token(), TOKENS_PER_SET),
    );
    let mapping = Mapping::built_in("github-actions").unwrap();
    let (mut tried, mut allowed, mut unreadable) = (0, 0, 0);
    while tried < pairs {
        let (policies, rails, tokens) = sets.new_tree(&mut runner).unwrap().current();
        let mut files: Vec<(String, String)> = (0..)
            .zip(&policies)
            .map(|(number, policy): (u32, _)| (format!("policies/p{number}.yaml"), policy.to_string()))
            .collect();
        files.push(("guardrails.yaml".to_owned(), json!({"denials": rails}).to_string()));
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let (ruleset, faults) = Ruleset::load(&tree(&files), &catalogue(), None);
        assert!(faults.iter().all(|fault| fault.severity != crate::words::yaml::Severity::Error), "{}", faults[0]);
        for claims in &tokens {
            let facts = mapping.facts(&IssuerName::parse("github").unwrap(), Claims::from(claims.clone())).unwrap();
            for role in ["deploy", "plan"] {
                let role = format!("arn:aws:iam::123456789012:role/{role}");
                let target = Target::from(AwsTarget::of(RoleArn::parse(&role).unwrap()));
                let ours = ruleset.set().would_grant(&facts, &target, None, UnixTime::from_seconds(0));
                let ours = ours.err().map(|denial| denial.reason);
                let expected = refusal(&policies, &rails, &role, claims);
                assert_eq!(ours, expected, "{role}\n{policies:#?}\n{rails:#?}\n{claims:#?}");
                allowed += usize::from(ours.is_none());
                unreadable += usize::from(ours == Some(Reason::ClaimUnreadable));
            }
            tried += 1;
        }
    }
    println!("{tried} pairs of policies and claims, {allowed} grants, {unreadable} unreadable, 0 differences");
    assert!(allowed > tried / 100, "the pairs are no test when nothing is ever allowed");
    assert!(unreadable > tried / 1000, "the pairs are no test when every claim can be read");
}
