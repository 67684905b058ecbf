//! The `traces` of `daypass.yaml`: the collector of traces.

use super::error::{RatioError, ValueError};
use super::section::trusted_path;
use crate::issue::address;
use crate::words::yaml::{Fields, Node, Yaml};
use reqwest::Url;
use std::path::{Path, PathBuf};

/// The path of traces below a collector's address (OTLP 1.9, OTLP/HTTP request).
const PATH: &str = "v1/traces";
/// Whoever names a collector wants to see traces.
const RATIO_DEFAULT: f64 = 1.0;

/// Where traces go.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    /// The collector's address for traces (OTLP over HTTP).
    pub url: Url,
    /// The share of requests that have a trace, from 0 to 1.
    pub ratio: f64,
    /// The authorities of the collector's certificate, PEM; absent: the system's.
    pub ca: Option<PathBuf>,
}

/// `traces: { otlp: "https://collector:4318", ratio: 0.1, ca: FILE }`. The outer `None` is a reported fault.
pub(super) fn read(fields: &mut Fields<'_, '_>, folder: &Path) -> Option<Option<TraceSettings>> {
    let Some(node) = fields.optional("traces") else { return Some(None) };
    let mut inner = fields.below(node);
    let url = inner.required("otlp").and_then(|node| inner.parsed(node, collector));
    let ratio = inner.optional("ratio").map_or(Some(RATIO_DEFAULT), |node| ratio(&mut inner, node));
    let ca = inner.optional("ca").map(|node| trusted_path(&mut inner, node, folder));
    inner.finish();
    Some(Some(TraceSettings { url: url?, ratio: ratio?, ca: ca.map_or(Some(None), |ca| ca.map(Some))? }))
}

/// The address for traces, below the configured one.
fn collector(text: &str) -> Result<Url, ValueError> {
    let mut url = address(text)?;
    let path = format!("{}/{PATH}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

fn ratio<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<f64> {
    let ratio = match node.value {
        Yaml::Integer(0) => Some(0.0),
        Yaml::Integer(1) => Some(1.0),
        Yaml::Float(ratio) if (0.0..=1.0).contains(&ratio) => Some(ratio),
        _ => None,
    };
    if ratio.is_none() {
        fields.fault(node.place, RatioError);
    }
    ratio
}

#[cfg(test)]
mod tests {
    use super::super::tests::{GOOD, parse};

    #[test]
    fn a_collector_is_an_https_address_and_a_ratio_a_share() {
        assert!(parse(GOOD).unwrap().traces.is_none(), "off where nothing is said");
        let read = |traces: &str| parse(&format!("{GOOD}traces: {traces}\n"));
        let traces = read("{ otlp: \"https://collector:4318\", ratio: 0.1, ca: ca.pem }").unwrap().traces.unwrap();
        assert_eq!((traces.url.as_str(), traces.ratio), ("https://collector:4318/v1/traces", 0.1));
        assert!(traces.ca.unwrap().ends_with("ca.pem"));
        for (text, url, ratio) in [
            ("{ otlp: \"http://127.0.0.1:4318/\" }", "http://127.0.0.1:4318/v1/traces", 1.0),
            ("{ otlp: \"https://a.example/otlp\", ratio: 0 }", "https://a.example/otlp/v1/traces", 0.0),
            ("{ otlp: \"https://a.example\", ratio: 1 }", "https://a.example/v1/traces", 1.0),
        ] {
            let traces = read(text).unwrap().traces.unwrap();
            assert_eq!((traces.url.as_str(), traces.ratio, traces.ca), (url, ratio, None));
        }
        for (text, expected) in [
            ("{}", "`otlp` is missing"),
            ("{ otlp: \"http://collector:4318\" }", "expected an https address"),
            ("{ otlp: \"https://user:key@collector\" }", "without a user"),
            ("{ otlp: \"https://collector?key=x\" }", "a query"),
            ("{ otlp: \"https://collector\", ratio: 1.1 }", "from 0 to 1"),
            ("{ otlp: \"https://collector\", ratio: -0.1 }", "from 0 to 1"),
            ("{ otlp: \"https://collector\", ratio: 2 }", "from 0 to 1"),
            ("{ otlp: \"https://collector\", ratio: .nan }", "not finite"),
            ("{ otlp: \"https://collector\", ratio: all }", "from 0 to 1"),
            ("{ otlp: \"https://collector\", headers: { x: y } }", "unknown key `headers`"),
        ] {
            let fault = read(text).expect_err(text);
            assert!(fault.contains(expected), "{text}: {fault}");
        }
    }
}
