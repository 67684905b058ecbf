//! The `aws` section of the configuration.

use super::{Aws, AwsMode, AwsSettings};
use crate::issue::outward::address;
use crate::issue::provider::{Endpoint, Places, ProviderKind};
use crate::issue::{OwnIssuers, SigningAlgorithm};
use crate::kind::{AwsKeys, AwsTarget};
use crate::policy::AwsTerms;
use crate::store::Licence;
use crate::words::yaml::Fields;
use crate::words::{Denial, Reason, UnixTime};
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use reqwest::Url;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Why a value is not valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
enum ValueError {
    #[error("expected web-identity or assume-role")]
    Mode,
    #[error("expected ES256 or RS256")]
    Algorithm,
    #[error("expected a region, such as eu-west-1")]
    Region,
}

impl ProviderKind for AwsTarget {
    type Settings = AwsSettings;
    type Provider = Aws;
    type Answer = AwsKeys;
    type ConnectError = Infallible;

    const AT_TOP: bool = true;

    fn settings(fields: &mut Fields<'_, '_>, _: &dyn Places) -> Option<AwsSettings> {
        let mode = fields.required("mode").and_then(|node| {
            fields.parsed(node, |text| match text {
                "web-identity" => Ok(AwsMode::WebIdentity),
                "assume-role" => Ok(AwsMode::AssumeRole),
                _ => Err(ValueError::Mode),
            })
        });
        let regions = regions(fields);
        let endpoint = endpoint(fields);
        let algorithm = fields.optional("algorithm").map_or(Some(SigningAlgorithm::Es256), |node| {
            fields.parsed(node, |text| SigningAlgorithm::parse(text).ok_or(ValueError::Algorithm))
        });
        Some(AwsSettings { mode: mode?, regions, endpoint: endpoint?, algorithm: algorithm? })
    }

    async fn connect(settings: AwsSettings, own: &OwnIssuers) -> Result<Aws, Infallible> {
        Ok(Aws::new(&settings, own.clouds().clone()).await)
    }

    async fn issue(aws: &Aws, licence: &Licence<'_, AwsTerms>, now: UnixTime) -> Result<AwsKeys, Denial> {
        aws.issue(licence, now).await
    }

    fn endpoints(settings: &AwsSettings) -> Vec<Endpoint<'_>> {
        let own = settings.endpoint.iter().cloned();
        let regional = settings.regions.iter().filter_map(|region| address_of(region));
        let all: BTreeSet<String> = if settings.endpoint.is_some() { own.collect() } else { regional.collect() };
        let urls = all.iter().filter_map(|url| Url::parse(url).ok());
        urls.map(|url| Endpoint { url, ca: None, proxy: None }).collect()
    }

    fn absent() -> Denial {
        Reason::AwsDenied.with_cause("the configuration has no `aws` section")
    }
}

/// The address of an STS, which stands in alarms, in the log and at `/readyz`. The outer `None` is a reported fault.
fn endpoint(fields: &mut Fields<'_, '_>) -> Option<Option<String>> {
    let Some(node) = fields.optional("endpoint") else { return Some(None) };
    fields.parsed(node, |text| address(text).map(|_| text.to_owned())).map(Some)
}

/// The regions, in their order.
fn regions(fields: &mut Fields<'_, '_>) -> Vec<String> {
    let Some(list) = fields.required("regions") else { return Vec::new() };
    let nodes = fields.one_or_many(list);
    if nodes.is_empty() {
        fields.fault(list.place, "name at least one region: without one, AWS is never asked");
    }
    nodes.iter().filter_map(|node| fields.parsed(node, region)).collect()
}

/// A region's name is a label of a host's name. One that is not known here may be new.
fn region(text: &str) -> Result<String, ValueError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !text.is_empty() && text.bytes().all(fits) { Ok(text.to_owned()) } else { Err(ValueError::Region) }
}

/// The address that AWS's library uses for a region. The library computes it without I/O, so the first poll is ready.
fn address_of(region: &str) -> Option<String> {
    let resolver = DefaultResolver::new();
    let parameters = Params::builder().region(region).build().ok()?;
    match pin!(resolver.resolve_endpoint(&parameters)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(endpoint)) => Some(endpoint.url().to_owned()),
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::yaml::Node;

    #[test]
    fn an_endpoint_is_the_address_of_a_provider() {
        let read = |value: &str| {
            let text = format!("endpoint: '{value}'\n");
            let (node, mut faults) = (Node::parse("a.yaml", text.as_bytes()).unwrap(), Vec::new());
            let read = endpoint(&mut Fields::new("a.yaml", &text, &node, &mut faults));
            (read, faults.iter().map(ToString::to_string).collect::<String>())
        };
        for good in ["https://sts.acme.com", "http://127.0.0.1:4566"] {
            assert_eq!(read(good), (Some(Some(good.to_owned())), String::new()));
        }
        for bad in ["https://u:HUNTER2@sts.acme.com", "https://sts.acme.com?token=HUNTER2", "http://sts.acme.com", "sts.acme.com"]
        {
            let (endpoint, faults) = read(bad);
            assert!(
                endpoint.is_none() && faults.contains("expected an https address") && !faults.contains("HUNTER2"),
                "{faults}"
            );
        }
    }

    #[test]
    fn there_is_a_region() {
        let read = |list: &str| {
            let text = format!("regions: {list}\n");
            let (node, mut faults) = (Node::parse("a.yaml", text.as_bytes()).unwrap(), Vec::new());
            let regions = regions(&mut Fields::new("a.yaml", &text, &node, &mut faults));
            (regions, faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>())
        };
        let list = |text: &[&str]| text.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(read("[eu-west-1, us-gov-west-1]"), (list(&["eu-west-1", "us-gov-west-1"]), Vec::new()));
        assert_eq!(read("eu-west-1"), (list(&["eu-west-1"]), Vec::new()));
        for (bad, expected) in [
            ("[]", "name at least one region"),
            ("['']", "expected a region"),
            ("eu-west-1,us-east-1", "expected a region"),
            ("[eu-west-1, EU]", "expected a region"),
        ] {
            let (_, faults) = read(bad);
            assert!(matches!(&faults[..], [fault] if fault.contains(expected)), "{bad}: {faults:?}");
        }
    }
}
