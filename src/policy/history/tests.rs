use super::*;
use crate::answers::FaultsLeftOut;
use crate::identity::Mapping;
use crate::kind::Target;
use crate::policy::{Catalogue, IssuerEntry, Ruleset, Tree};
use crate::token::Claims;
use crate::words::names::IssuerUrl;
use crate::words::names::SourceName;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const ROLE: &str = "aws arn:aws:iam::123456789012:role/deploy";
const DEPLOY: &str = "issuer: github
match:
  repository: acme/shop@456789
  ref: [refs/heads/main, refs/heads/release]
  event: push
grant:
  aws: [ { role: arn:aws:iam::123456789012:role/deploy } ]
  secrets: [shop/**]
";

fn catalogue() -> Catalogue {
    let entry = IssuerEntry {
        url: IssuerUrl::parse("https://token.actions.githubusercontent.com").unwrap(),
        mapping: Mapping::built_in("github-actions").unwrap(),
        session_max: None,
    };
    std::iter::once((github(), entry)).collect()
}

fn github() -> IssuerName {
    IssuerName::parse("github").unwrap()
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let secret = ("secrets/shop/a.age", "x");
    files.iter().chain([&secret]).map(|(name, text)| ((*name).to_owned(), Arc::from(text.as_bytes()))).collect()
}

fn claims(reference: &str, run: u64) -> Map<String, Json> {
    let claims = json!({"repository": "acme/shop", "repository_id": "456789", "event_name": "push", "ref": reference,
        "actor": "octocat", "actor_id": "1", "enterprise": "acme-corp", "run_id": run.to_string(), "jti": run.to_string()});
    claims.as_object().unwrap().clone()
}

fn past(reference: &str, run: u64, credential: &str) -> PastDecision {
    let facts = Mapping::built_in("github-actions").unwrap().facts(&github(), Claims::from(claims(reference, run))).unwrap();
    let policy = PolicyName::parse("deploy").unwrap();
    let target = Target::parse(credential).unwrap();
    let at = UnixTime::from_seconds(1_700_000_000 + i64::try_from(run).unwrap());
    PastDecision { at, facts, named: None, uses: vec![PastUse { released: target.to_string(), target, policy }] }
}

/// Replays these decisions, the newest first, on a candidate while `DEPLOY` is in force.
fn replayed(candidate: &Tree, pasts: &[PastDecision]) -> (Findings, usize) {
    let (in_force, faults) = Ruleset::load(&tree(&[("policies/deploy.yaml", DEPLOY)]), &catalogue(), None);
    assert!(faults.is_empty(), "{}", faults[0]);
    let request = ReplayRequest::of(candidate, "30d".to_owned()).unwrap();
    let candidate = request.candidate(&catalogue(), in_force.set(), &SourceName::root(), &[]);
    let mut replay = Replay::new(&candidate, in_force.set(), NOW);
    pasts.iter().for_each(|past| replay.add(past));
    let decided = replay.known.len();
    (replay.finish(), decided)
}

fn deploy(text: &str) -> Tree {
    tree(&[("policies/deploy.yaml", text)])
}

#[test]
fn equal_decisions_are_decided_once_and_counted_each() {
    let narrower = deploy(&DEPLOY.replace("[refs/heads/main, refs/heads/release]", "refs/heads/main"));
    let pasts: Vec<PastDecision> = (0..10_u64)
        .rev()
        .map(|run| past(if run % 2 == 0 { "refs/heads/main" } else { "refs/heads/release" }, run, ROLE))
        .collect();
    let (found, decided) = replayed(&narrower, &pasts);
    assert_eq!((decided, found.decisions, found.denied, found.grants.len()), (2, 10, 5, 1));
    let lost = &found.grants[0];
    assert_eq!((lost.policy.as_str(), lost.credential.as_str(), lost.times), ("deploy", ROLE, 5));
    assert_eq!((lost.last_run.as_deref(), lost.last_repository.as_deref()), (Some("9"), Some("acme/shop@456789")));
    assert_eq!(lost.last_at, "2023-11-14T22:13:29Z");
    let line = &lost.near_miss.as_ref().unwrap().lines[0];
    assert_eq!((line.at.as_str(), line.saw.as_deref()), ("policies/deploy.yaml:4", Some("refs/heads/release")));
    let (same, _) = replayed(&deploy(DEPLOY), &pasts);
    assert_eq!((same.decisions, same.denied, same.grants.len()), (10, 0, 0));
}

#[test]
fn a_candidate_denies_for_every_reason_that_counts_now() {
    let main = [past("refs/heads/main", 1, ROLE)];
    let rails = "denials: [ { description: Freeze., match: { repository: acme/shop@456789 } } ]\n";
    let other = DEPLOY.replace("} ]", ", ttl: 15m } ]");
    for (candidate, expected) in [
        (deploy(&format!("{DEPLOY}expires: 2027-01-01T00:00:00Z\n")), "no policy grants"),
        (deploy(&format!("{DEPLOY}mode: audit\n")), "no policy grants"),
        (tree(&[]), "no policy grants"),
        (tree(&[("policies/deploy.yaml", DEPLOY), ("guardrails.yaml", rails)]), "guardrail: Freeze."),
        (tree(&[("policies/deploy.yaml", DEPLOY), ("policies/other.yaml", &other)]), "different terms"),
    ] {
        let (found, _) = replayed(&candidate, &main);
        assert!(found.denied == 1 && found.grants[0].because.contains(expected), "{expected}: {found:?}");
        assert!(!found.grants[0].denied_already);
    }
    let named = PastDecision { named: PolicyName::parse("other").ok(), ..past("refs/heads/main", 1, ROLE) };
    let two = tree(&[("policies/deploy.yaml", DEPLOY), ("policies/other.yaml", &other)]);
    assert_eq!(replayed(&two, &[named]).0.denied, 0, "the request named one");
    let gone = [past("refs/heads/gone", 1, ROLE)];
    assert!(replayed(&tree(&[]), &gone).0.grants[0].denied_already, "the candidate takes nothing away");
}

#[test]
fn a_secret_that_the_revision_no_longer_has_is_denied() {
    let used = [past("refs/heads/main", 2, "secret shop/a.age"), past("refs/heads/main", 1, "secret shop/b.age")];
    let (found, _) = replayed(&deploy(DEPLOY), &used);
    assert_eq!((found.denied, found.grants[0].because.as_str()), (1, "the revision has no file secrets/shop/b.age"));
}

#[test]
fn a_faulty_file_counts_in_the_form_that_is_in_force_and_is_reported() {
    let faulty =
        tree(&[("policies/deploy.yaml", "grant: ["), ("policies/new.yaml", "issuer: github\n"), ("guardrails.yaml", "x: 1")]);
    let (found, _) = replayed(&faulty, &[past("refs/heads/main", 1, ROLE)]);
    assert_eq!(found.denied, 0);
    let files: BTreeSet<&str> = found.faults.iter().map(|fault| &*fault.file).collect();
    assert_eq!(files, ["guardrails.yaml", "policies/deploy.yaml", "policies/new.yaml"].into());
}

#[test]
fn a_file_with_many_faults_hides_no_other_and_what_is_not_listed_is_counted() {
    let unknown = |count: usize| (0..count).map(|key| format!("key{key}: 1\n")).collect::<String>() + DEPLOY;
    let (y, z) = (unknown(175), unknown(1));
    let others = ["policies/za.yaml", "policies/zb.yaml", "policies/zc.yaml"].map(|file| (file, z.as_str()));
    let (found, _) = replayed(&tree(&[&[("policies/y.yaml", y.as_str())], &others[..]].concat()), &[]);
    let codes = |file: &str| found.faults.iter().filter(|fault| fault.file == file).map(|fault| &*fault.code).collect::<Vec<_>>();
    assert_eq!((codes("policies/y.yaml").len(), codes("policies/y.yaml").last()), (101, Some(&"not_listed")));
    assert!(others.iter().all(|(file, _)| codes(file) == ["unknown_key"]), "{:?}", found.faults.len());
    assert_eq!(found.faults_left_out, None);
    let files: Vec<String> = (0..6).map(|file| format!("policies/{file}.yaml")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|file| (file.as_str(), y.as_str())).collect();
    let (found, _) = replayed(&tree(&files), &[]);
    assert_eq!((found.faults.len(), found.faults_left_out), (500, Some(FaultsLeftOut { faults: 106, files: 0 })));
}

#[test]
fn nothing_that_may_name_a_person_is_reported() {
    let asking = DEPLOY.replace("  event: push\n", "  event: push\n  actor: somebody\nclaims: { /enterprise: other }\n");
    let (found, _) = replayed(&deploy(&asking), &[past("refs/heads/main", 1, ROLE)]);
    let output = serde_json::to_string(&found).unwrap();
    assert!(output.contains("actor: somebody") && output.contains("/enterprise: other"), "{output}");
    for person in ["octocat", "acme-corp"] {
        assert!(!output.contains(person), "{output}");
    }
}

#[test]
fn only_lines_that_read_raw_claims_need_them() {
    let by_claim = DEPLOY.replace("grant:", "claims: { /enterprise: acme-corp }\ngrant:");
    let mapping = Mapping::built_in("github-actions").unwrap();
    let recorded = past("refs/heads/main", 1, ROLE);
    let attributes = recorded.facts.attributes_json();
    let pruned = mapping.facts_of_record(&github(), attributes.as_object().unwrap());
    assert_eq!(pruned.attributes, recorded.facts.attributes, "a record holds the attributes as they were");
    for (text, needed) in [(DEPLOY, false), (&*by_claim, true)] {
        let request = ReplayRequest::of(&deploy(text), "1d".to_owned()).unwrap();
        let candidate = request.candidate(&catalogue(), &PolicySet::default(), &SourceName::root(), &[]);
        let set = PolicySet::default();
        assert_eq!(Replay::new(&candidate, &set, NOW).looks_at_claims(&github()), needed);
    }
}

#[test]
fn what_reading_a_candidate_costs_is_bounded() {
    let each = DEPLOY
        .replace("arn:aws:iam::123456789012:role/deploy", "\"arn:aws:iam::123456789012:role/{each.name}\"")
        .replace("issuer", "for_each: rows.yaml\nissuer");
    let rows = |count: usize, name: &str| (0..count).map(|row| format!("- {{ name: {name}{row} }}\n")).collect::<String>();
    let files = |count: usize| (0..count).map(|number| (format!("policies/p{number}.yaml"), each.clone())).collect::<Vec<_>>();
    let candidate = |policies: usize, rows: &str| {
        let files = files(policies);
        let mut all: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        all.push(("rows.yaml", rows));
        let request = ReplayRequest::of(&tree(&all), "1d".to_owned()).unwrap();
        request
            .check_size(&catalogue())
            .map(|()| request.candidate(&catalogue(), &PolicySet::default(), &SourceName::root(), &[]))
    };
    assert_eq!(candidate(2, &rows(100, "x")).unwrap().faults().count(), 0);
    assert_eq!(candidate(20, &rows(9_000, "x")).err(), Some(CandidateSizeError::Values));
    let long = format!("- {{ name: {} }}\n", "x".repeat(70_000));
    let text = candidate(1, &long).unwrap().faults().map(ToString::to_string).collect::<String>();
    assert!(text.contains("longer than 65536 characters"), "{text}");
    assert!(candidate(1, &"- { name: x }\n".repeat(90_000)).is_err(), "also where it is larger than a file may be");
    let faulty: Vec<String> = (0..30).map(|number| format!("policies/faulty{number}.yaml")).collect();
    let faulty: Vec<(&str, &str)> = faulty.iter().map(|name| (name.as_str(), "grant: [")).collect();
    assert!(ReplayRequest::of(&tree(&faulty[..10]), "1d".to_owned()).unwrap().check_size(&catalogue()).is_ok());
    assert!(ReplayRequest::of(&tree(&faulty), "1d".to_owned()).unwrap().check_size(&catalogue()).is_err());
    for bad in ["0d", "91d", "soon"] {
        assert!(ReplayRequest::of(&tree(&[]), bad.to_owned()).unwrap().lookback().is_err(), "{bad}");
    }
}
