//! One suite over all kinds of credentials at a running server: each API that can deliver a kind delivers what is granted, refuses
//! another of the kind, and leaves the same traces of both.
//!
//! A new kind is a row in `CASES`, and a new API that can deliver one is a way of that row: a test fails without them.

mod cases;
mod mint;
mod scene;
mod ways;

use crate::canaries::assert_kept_nowhere;
use crate::canaries::memory::Canaries;
use crate::layers::{code, kinds};
use cases::{CASES, Case, Way};
use regex::Regex;
use scene::Scene;
use std::collections::BTreeSet;
use ways::Response;

/// The code of every refusal here, at every API.
const REFUSED: &str = "no_matching_policy";

#[test]
fn every_kind_has_a_case() {
    let named: BTreeSet<String> = CASES.iter().map(|case| case.kind.to_owned()).collect();
    assert_eq!(named, kinds().into_iter().map(|(_, word)| word).collect());
    assert_eq!(named.len(), CASES.len());
}

/// An API is known by its name in the audit log, and a kind's part of an API by the name of its module.
#[test]
fn every_api_and_every_kinds_module_of_an_api_has_a_way() {
    let ways: BTreeSet<(&str, &str)> = CASES.iter().flat_map(|case| case.ways.iter().map(|way| (way.api, case.kind))).collect();
    let apis: BTreeSet<String> = ways.iter().map(|(api, _)| (*api).to_owned()).collect();
    let name = Regex::new(r#"(?:\bapi: |const API: &str = )"([a-z-]+)""#).unwrap();
    let http: Vec<_> = code().into_iter().filter(|(path, _)| path.starts_with("http/")).collect();
    let named = http.iter().flat_map(|(_, code)| name.captures_iter(code).map(|found| found[1].to_owned()));
    assert_eq!(apis, named.collect(), "the APIs of src/http");
    let kinds = kinds();
    let mut modules = 0;
    for (path, _) in &http {
        let [_, api, module] = path.split('/').collect::<Vec<_>>()[..] else { continue };
        let module = module.trim_end_matches(".rs");
        if apis.contains(api) && kinds.iter().any(|(_, word)| word == module) {
            assert!(ways.contains(&(api, module)), "no way of {module} at {api}: {path}");
            modules += 1;
        }
    }
    assert!(modules >= 3, "only {modules} modules of kinds were seen below src/http");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_delivered_refused_recorded_counted_and_kept_secret_alike() {
    let scene = Scene::start().await;
    let mut canaries = Canaries::default();
    canaries.add("the document", &scene.plaintext);
    for case in CASES {
        for way in case.ways {
            let response = (way.ask)(&scene, &scene.world.token(), case.granted).await;
            check_delivery(&scene, case, way, &response);
            for secret in &response.secrets {
                canaries.add(&format!("{} at {}", case.kind, way.api), secret);
                // Whoever writes a long token may cut it off.
                canaries
                    .add_plain(&format!("the end of {} at {}", case.kind, way.api), &secret[secret.len().saturating_sub(40)..]);
            }
            let response = (way.ask)(&scene, &scene.world.token(), case.stranger).await;
            check_refusal(&scene, case, way, &response);
        }
        check_metrics(&scene, case).await;
    }
    let search = canaries.search();
    assert!(canaries.count() > 40 && !search.found(scene.plaintext.as_bytes()).is_empty());
    assert_kept_nowhere(&scene.world, &search).await;
}

/// Whether a line of the audit log is of this credential of the case's kind.
fn is_of(case: &Case, line: &serde_json::Value, name: &str) -> bool {
    let (word, text) = line.as_str().unwrap_or_default().split_once(' ').unwrap_or_default();
    word == case.kind && text.contains(name)
}

fn check_delivery(scene: &Scene, case: &Case, way: &Way, response: &Response) {
    let place = format!("{} at {}", case.kind, way.api);
    assert!(response.released, "{place}: {response:?}");
    // A use of daypass itself hands out no secret.
    assert_eq!(response.secrets.is_empty(), case.kind == "daypass", "{place}");
    assert!(response.secrets.iter().all(|secret| secret.len() >= 10), "{place}: a value that may stand anywhere by chance");
    let records = scene.world.audit();
    let record = records.iter().rfind(|entry| entry.kind == "released").unwrap();
    assert!(is_of(case, &record.body["credentials"][0], case.granted), "{place}: {}", record.body);
    assert_eq!((&record.body["api"], &record.body["policies"][0]), (&way.api.into(), &scene::POLICY_NAME.into()), "{place}");
}

fn check_refusal(scene: &Scene, case: &Case, way: &Way, response: &Response) {
    let place = format!("{} at {}", case.kind, way.api);
    assert!(!response.released && response.secrets.is_empty(), "{place}: {response:?}");
    let records = scene.world.audit();
    let record = records.iter().rfind(|entry| entry.kind == "refused").unwrap();
    let decision = record.decision.as_ref().unwrap();
    assert!(response.message.contains(REFUSED) && response.message.contains(decision.as_str()), "{place}: {response:?}");
    assert!(is_of(case, &record.body["credentials"][0], case.stranger), "{place}: {}", record.body);
    assert_eq!((&record.body["api"], &record.body["reason"]), (&way.api.into(), &REFUSED.into()), "{place}");
}

/// The metrics count as many releases of the kind as the audit log has.
async fn check_metrics(scene: &Scene, case: &Case) {
    let released = scene.world.audit().into_iter().filter(|entry| entry.kind == "released");
    let count = released.filter(|entry| is_of(case, &entry.body["credentials"][0], "")).count();
    let metrics = scene.world.metrics().await;
    let line = format!("daypass_credentials_released_total{{credential=\"{}\"}} {count}\n", case.kind);
    assert!(metrics.contains(&line), "{line}\n{metrics}");
}
