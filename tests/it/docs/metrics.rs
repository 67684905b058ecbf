//! The page of metrics has the endpoint's names, types, labels and help.

use super::reference::{assert_page_has, cell};
use daypass::issue::RateLimit;
use daypass::telemetry::{Metrics, SourceState};
use daypass::words::names::{IssuerName, PolicyName, SourceName};
use daypass::words::{Reason, UnixTime};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

/// The endpoint's text with one series of each metric.
fn rendered() -> String {
    let metrics = Metrics::default();
    metrics.released(["transit"]);
    metrics.refused(Reason::Denied);
    metrics.certificates(std::iter::once(("public", UnixTime::from_seconds(0))));
    let issuer = IssuerName::parse("github").unwrap();
    metrics.issuers(std::iter::once((&issuer, false)));
    metrics.keys_read(std::iter::once((&issuer, UnixTime::from_seconds(0))));
    metrics.decided(&[PolicyName::parse("shop/deploy").unwrap()], None);
    metrics.served("/v1/exchange", Duration::ZERO);
    metrics.minted("aws", Duration::ZERO);
    metrics.providers(std::iter::once(("aws", false)));
    let limit = RateLimit { limit: 0, remaining: 0, resets_at: UnixTime::from_seconds(0) };
    metrics.rate_limits(std::iter::once(("github", "acme", limit)));
    metrics.sources(std::iter::once((SourceName::root(), SourceState { faulty: 0, held: 0, read_at: None, alarmed: false })));
    metrics.render()
}

#[test]
fn the_page_of_metrics_matches_the_endpoint() {
    let text = rendered();
    // A family without a series is not rendered at all.
    let registered = include_str!("../../../src/telemetry.rs").matches("registry.register(").count();
    assert_eq!(text.lines().filter(|line| line.starts_with("# HELP ")).count(), registered, "one series of each\n{text}");
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for sample in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = sample.split_once('{').unwrap_or((sample.split(' ').next().unwrap(), ""));
        let names = rest.split("\"").step_by(2).filter_map(|part| part.trim_matches([',', '}', '=']).split(' ').next());
        labels.entry(name).or_default().extend(names.filter(|name| !name.is_empty()));
    }
    let mut table = "| metric | type | labels | |\n|---|---|---|---|\n".to_owned();
    for help in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let (name, help) = help.split_once(' ').unwrap();
        let kind = text.lines().find_map(|line| line.strip_prefix("# TYPE ")?.strip_prefix(name)?.strip_prefix(' ')).unwrap();
        let printed = if kind == "counter" { format!("{name}_total") } else { name.to_owned() };
        let sample = if kind == "histogram" { format!("{name}_count") } else { printed.clone() };
        let labels: Vec<String> = labels.get(sample.as_str()).into_iter().flatten().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(table, "| `{printed}` | {kind} | {} | {} |", labels.join(", "), cell(help));
    }
    assert_page_has("docs/reference/metrics.md", "metrics", &table);
}
