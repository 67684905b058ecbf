//! The metrics of requests, at a running server.

use crate::support::{Setup, World};
use daypass::words::{Clock, SystemClock};
use serde_json::json;

/// The value of the only series that starts with this text.
fn value(metrics: &str, series: &str) -> f64 {
    let lines: Vec<&str> = metrics.lines().filter(|line| line.starts_with(series)).collect();
    let [line] = lines[..] else { panic!("{series}: {lines:?} in\n{metrics}") };
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_counted_by_policy_and_requests_are_measured_by_their_templates() {
    let world = World::start(Setup::default()).await;
    assert_eq!(world.exchange(&world.token(), json!([{"secret": "shop/password.age"}])).await.0, 200);
    assert_eq!(world.exchange(&world.token(), json!([{"id_token": {"audience": "https://nobody.example"}}])).await.0, 403);
    let secret = world.http.get(world.url("/v1/secrets/shop/password.age")).bearer_auth(world.token()).send().await.unwrap();
    assert_eq!(secret.status(), 200);
    let unknown = world.http.get(world.url("/nobody/knows/hunter2")).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    let metrics = world.metrics().await;
    assert_eq!(value(&metrics, "daypass_decisions_total{policy=\"shop/deploy\",code=\"granted\"}"), 2.0);
    assert_eq!(value(&metrics, "daypass_requests_refused_total{code=\"no_matching_policy\"}"), 1.0);
    assert_eq!(value(&metrics, "daypass_request_duration_seconds_count{route=\"/v1/exchange\"}"), 2.0);
    assert_eq!(value(&metrics, "daypass_request_duration_seconds_count{route=\"/v1/secrets/{*path}\"}"), 1.0);
    assert!(!metrics.contains("shop/password") && !metrics.contains("hunter2"), "no value of a request is a label: {metrics}");
    assert_eq!(value(&metrics, "daypass_issue_duration_seconds_count{credential=\"secret\"}"), 2.0);
    assert!(value(&metrics, "daypass_store_write_duration_seconds_count") >= 3.0, "{metrics}");
    let read_at = value(&metrics, "daypass_issuer_keys_read_timestamp_seconds{issuer=\"github\"}");
    assert!((read_at - SystemClock.now().seconds() as f64).abs() < 600.0, "{read_at}");
}
