//! Connects the configuration and the grants with Google Cloud.

use super::refusal::{PROVIDER, denied};
use super::{Gcp, GcpSettings};
use crate::issue::provider::{Endpoint, Places, ProviderKind};
use crate::issue::{OwnIssuers, ProviderClientError};
use crate::kind::{GcpTarget, GcpToken};
use crate::policy::GcpTerms;
use crate::store::Licence;
use crate::words::yaml::Fields;
use crate::words::{Denial, UnixTime};
use reqwest::Url;

/// Why there is no client for Google Cloud.
#[derive(Debug, thiserror::Error)]
#[error("`providers: {{ {PROVIDER}: … }}`: {0}")]
pub struct GcpError(#[from] ProviderClientError);

impl ProviderKind for GcpTarget {
    type Settings = GcpSettings;
    type Provider = Gcp;
    type Answer = GcpToken;
    type ConnectError = GcpError;

    fn settings(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<GcpSettings> {
        GcpSettings::read(fields, places)
    }

    async fn connect(settings: GcpSettings, own: &OwnIssuers) -> Result<Gcp, GcpError> {
        Ok(Gcp::connect(&settings, own.clouds().clone())?)
    }

    async fn issue(gcp: &Gcp, licence: &Licence<'_, GcpTerms>, now: UnixTime) -> Result<GcpToken, Denial> {
        gcp.issue(licence, now).await
    }

    fn endpoints(settings: &GcpSettings) -> Vec<Endpoint<'_>> {
        let at = |url: &Url| Endpoint { url: url.clone(), ca: settings.ca.as_deref(), proxy: settings.proxy.as_deref() };
        vec![at(&settings.sts), at(&settings.iamcredentials)]
    }

    fn absent() -> Denial {
        denied("the configuration has no `providers: { gcp: … }`")
    }
}
