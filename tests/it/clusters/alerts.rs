//! The alert rules: promtool runs them, the server has their metrics, and each has a runbook.

use super::{deploy, text_of};
use crate::github::AtGitHub;
use crate::sts::StandInSts;
use crate::support::{DEPLOY, Setup, World, peer};
use daypass::words::Reason;
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const PAGES: [&str; 4] = ["# ", "## What it means", "## What to look at", "## What to do"];

fn rules() -> Vec<Value> {
    let text = std::fs::read_to_string(deploy("prometheus/daypass.rules.yaml")).unwrap();
    let whole: Value = serde_saphyr::from_str(&text).unwrap();
    let groups = whole["groups"].as_array().unwrap().iter();
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn names() -> BTreeSet<String> {
    rules().iter().map(|rule| rule["alert"].as_str().unwrap().to_owned()).collect()
}

const GITHUB: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  github: { app: acme, repositories: acme/shop@456789, permissions: { contents: read } }
";

/// The samples of a running server, with the suffixes of OpenMetrics.
pub(super) async fn metrics() -> BTreeSet<String> {
    let (sts, github) = (StandInSts::start().await, AtGitHub::start(&[]).await);
    let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("shop/bot", GITHUB.to_owned())];
    let setup = Setup { policies, aws: sts.section(), more: github.section(), files: github.files(), ..Setup::default() };
    let world = World::start(setup).await;
    world.until("the providers", |ready| ready["checks"]["providers"] == "they answer").await;
    let (status, _) = world.exchange("none", serde_json::json!([{ "secret": "shop/password.age" }])).await;
    assert_eq!(status, 401);
    let (status, _) = world.exchange(&world.token(), serde_json::json!([{ "secret": "shop/password.age" }])).await;
    assert_eq!(status, 200);
    let (status, answer) = world.exchange(&world.token(), serde_json::json!([{ "github": {} }])).await;
    assert_eq!(status, 200, "{answer}");
    let text = world.metrics().await;
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

/// The metrics that an expression names.
pub(super) fn used(expression: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\bdaypass_[a-z0-9_]+").unwrap();
    name.find_iter(expression).map(|found| found.as_str().to_owned()).collect()
}

#[test]
fn promtool_accepts_the_rules_and_their_tests_pass() {
    let Some(promtool) = peer("promtool") else { return };
    for arguments in [["check", "rules", "daypass.rules.yaml"], ["test", "rules", "daypass.rules.test.yaml"]] {
        let output = Command::new(&promtool).args(arguments).current_dir(deploy("prometheus")).output().unwrap();
        assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), text_of(&output));
    }
}

/// The rule tests have a case where the alert fires, and one where it does not.
#[test]
fn every_alert_is_tested() {
    let text = std::fs::read_to_string(deploy("prometheus/daypass.rules.test.yaml")).unwrap();
    let whole: Value = serde_saphyr::from_str(&text).unwrap();
    let cases: Vec<Value> =
        whole["tests"].as_array().unwrap().iter().flat_map(|test| test["alert_rule_test"].as_array().unwrap().clone()).collect();
    for name in names() {
        let of_it = |comes: bool| {
            cases.iter().any(|case| case["alertname"] == *name && case["exp_alerts"].as_array().unwrap().is_empty() != comes)
        };
        assert!(of_it(true) && of_it(false), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_name_existing_metrics_and_codes() {
    let known = metrics().await;
    let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    let list = Regex::new(r#"code=~"([^"]+)""#).unwrap();
    for rule in rules() {
        let expression = rule["expr"].as_str().unwrap();
        let own = used(expression);
        assert!(own.iter().all(|name| known.contains(name)), "{expression}: {known:?}");
        assert!(!own.is_empty() || expression.contains("up{job=\"daypass\"}"), "{expression}");
        for found in list.captures_iter(expression) {
            assert!(found[1].split('|').all(|code| codes.contains(code)), "{expression}");
        }
    }
}

#[test]
fn every_alert_has_its_page_and_every_page_its_alert() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbooks");
    let pages = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let pages: BTreeSet<String> = pages.map(|page| page.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(pages, names());
    for rule in rules() {
        let name = rule["alert"].as_str().unwrap();
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(["info", "warning", "critical"].contains(&severity), "{name}");
        assert_eq!(rule["annotations"]["runbook"], format!("docs/runbooks/{name}.md"));
        let page = std::fs::read_to_string(folder.join(format!("{name}.md"))).unwrap();
        let headings: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(headings, [&format!("{}{name}", PAGES[0]), PAGES[1], PAGES[2], PAGES[3]], "{name}");
    }
    let guide = std::fs::read_to_string(folder.with_file_name("kubernetes.md")).unwrap();
    assert!(
        names().iter().all(|name| guide.contains(&format!("(runbooks/{name}.md)"))),
        "docs/kubernetes.md leads to every page"
    );
}
