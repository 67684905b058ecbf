//! Connects the configuration and the grants with Entra.

use super::refusal::PROVIDER;
use super::{Azure, AzureError, AzureSettings};
use crate::issue::OwnIssuers;
use crate::issue::provider::{Endpoint, Places, ProviderKind};
use crate::kind::{AzureTarget, AzureToken};
use crate::policy::AzureTerms;
use crate::store::Licence;
use crate::words::yaml::Fields;
use crate::words::{Denial, Reason, UnixTime};

impl ProviderKind for AzureTarget {
    type Settings = AzureSettings;
    type Provider = Azure;
    type Answer = AzureToken;
    type ConnectError = AzureError;

    fn settings(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<AzureSettings> {
        AzureSettings::read(fields, places)
    }

    async fn connect(settings: AzureSettings, own: &OwnIssuers) -> Result<Azure, AzureError> {
        Azure::connect(settings, own.clouds().clone())
    }

    async fn issue(azure: &Azure, licence: &Licence<'_, AzureTerms>, now: UnixTime) -> Result<AzureToken, Denial> {
        azure.issue(licence, now).await
    }

    fn endpoints(settings: &AzureSettings) -> Vec<Endpoint<'_>> {
        vec![Endpoint { url: settings.authority.clone(), ca: settings.ca.as_deref(), proxy: settings.proxy.as_deref() }]
    }

    fn absent() -> Denial {
        Reason::ProviderDenied.with_cause("the configuration has no `providers: { azure: … }`").by(PROVIDER)
    }
}
