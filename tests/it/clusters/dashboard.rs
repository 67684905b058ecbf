//! The Grafana dashboard: its structure, and its queries. Prometheus accepts each query, and the server has its metrics.

use super::alerts::{metrics, used};
use super::{deploy, text_of};
use crate::support::peer;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Grafana's grid.
const WIDTH: u64 = 24;

fn panels() -> Vec<Value> {
    let text = std::fs::read_to_string(deploy("grafana/daypass.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    assert!(dashboard["uid"].is_string() && dashboard["title"].is_string() && dashboard["schemaVersion"].is_u64(), "{dashboard}");
    let variables: Vec<&str> =
        dashboard["templating"]["list"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(variables, ["datasource", "job"]);
    dashboard["panels"].as_array().unwrap().clone()
}

fn expressions(panel: &Value) -> Vec<String> {
    let targets = panel["targets"].as_array().into_iter().flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn panels_have_their_places_and_their_data() {
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(!panel["title"].as_str().unwrap().is_empty(), "{panel}");
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(place("x") + place("w") <= WIDTH, "{panel}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "two panels are at one place: {panel}");
            }
        }
        if panel["type"] != "row" {
            assert!(!expressions(&panel).is_empty() && panel["description"].is_string(), "{panel}");
            assert_eq!(panel["datasource"], json!({ "type": "prometheus", "uid": "${datasource}" }));
            assert!(expressions(&panel).iter().all(|text| text.contains("job=\"$job\"")), "{panel}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_names_existing_metrics() {
    let known = metrics().await;
    for panel in panels().iter().filter(|panel| panel["type"] != "row") {
        for expression in expressions(panel) {
            let own = used(&expression);
            assert!(own.iter().all(|name| known.contains(name)), "{expression}");
            assert!(!own.is_empty() || expression.contains("up{"), "{expression}");
        }
    }
}

#[test]
fn prometheus_accepts_every_query() {
    let Some(promtool) = peer("promtool") else { return };
    let whole = |text: String| text.replace("$__rate_interval", "5m").replace("$__range", "6h");
    let rule = |(at, text): (usize, String)| json!({ "record": format!("panel:{at}"), "expr": whole(text) });
    let all: Vec<Value> = panels().iter().flat_map(expressions).enumerate().map(rule).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yaml");
    std::fs::write(&file, json!({ "groups": [{ "name": "dashboard", "rules": all }] }).to_string()).unwrap();
    let output = Command::new(promtool).args(["check", "rules"]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), text_of(&output));
}

/// A page that sends an operator to a panel that is not there costs minutes of an outage.
#[test]
fn runbooks_name_existing_panels() {
    let titles: Vec<String> = panels().iter().map(|panel| panel["title"].as_str().unwrap().to_owned()).collect();
    let mut named = 0;
    for page in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbooks")).unwrap() {
        let text = std::fs::read_to_string(page.unwrap().path()).unwrap();
        for line in text.lines().filter(|line| line.contains("panel")) {
            for title in line.split('"').skip(1).step_by(2) {
                assert!(titles.iter().any(|known| known == title), "{title}: {titles:?}");
                named += 1;
            }
        }
    }
    assert!(named >= 5, "{named}");
}
