//! The `aws` section of the configuration.

use super::{Aws, AwsMode, AwsSettings};
use crate::issue::provider::{Endpoint, Places, Provided};
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
}

impl Provided for AwsTarget {
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
        let mut regions = Vec::new();
        if let Some(list) = fields.required("regions") {
            for node in fields.one_or_many(list) {
                regions.extend(fields.text(node).map(str::to_owned));
            }
        }
        let endpoint = fields.optional("endpoint").and_then(|node| fields.text(node)).map(str::to_owned);
        let algorithm = fields.optional("algorithm").map_or(Some(SigningAlgorithm::Es256), |node| {
            fields.parsed(node, |text| SigningAlgorithm::parse(text).ok_or(ValueError::Algorithm))
        });
        Some(AwsSettings { mode: mode?, regions, endpoint, algorithm: algorithm? })
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
        Reason::AwsDenied.because("the configuration has no `aws` section")
    }
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
