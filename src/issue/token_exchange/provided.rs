//! Connects the configuration and the grants with the services.

use super::refusal::PROVIDER;
use super::settings::TokenExchangeSettings;
use super::{TokenExchange, TokenExchangeError};
use crate::issue::provider::{Endpoint, Places, ProviderKind};
use crate::issue::{OwnIssuers, ProviderMismatch, RevocableToken, RevocationHandle};
use crate::kind::{ExchangedToken, TokenExchangeTarget};
use crate::policy::TokenExchangeTerms;
use crate::store::Licence;
use crate::words::yaml::Fields;
use crate::words::{Denial, Reason, UnixTime};

impl ProviderKind for TokenExchangeTarget {
    type Settings = TokenExchangeSettings;
    type Provider = TokenExchange;
    type Answer = ExchangedToken;
    type ConnectError = TokenExchangeError;

    fn settings(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<TokenExchangeSettings> {
        TokenExchangeSettings::read(fields, places)
    }

    async fn connect(settings: TokenExchangeSettings, own: &OwnIssuers) -> Result<TokenExchange, TokenExchangeError> {
        TokenExchange::connect(settings, own.id_tokens().clone())
    }

    async fn issue(
        services: &TokenExchange,
        licence: &Licence<'_, TokenExchangeTerms>,
        now: UnixTime,
    ) -> Result<ExchangedToken, Denial> {
        services.issue(licence, now).await
    }

    fn revocable(_: &TokenExchangeTerms, answer: &ExchangedToken) -> Option<RevocableToken> {
        answer.revoke.as_ref()?;
        let handle = RevocationHandle { part: answer.service.to_string(), token: answer.token.duplicate() };
        Some(RevocableToken { provider: PROVIDER, handle, expires_at: answer.expires_at, is_kept: false })
    }

    async fn revoke(services: &TokenExchange, handle: &RevocationHandle) -> Result<(), Denial> {
        services.revoke(&handle.part, &handle.token).await
    }

    fn misfit(settings: &TokenExchangeSettings, granted: &TokenExchangeTarget) -> Option<ProviderMismatch> {
        let (name, what) = (granted.service.as_ref()?, "service");
        let Some(service) = settings.services.iter().find(|service| service.name == *name) else {
            let known = settings.services.iter().map(|service| service.name.to_string()).collect();
            return Some(ProviderMismatch::NoName { what, name: name.to_string(), known });
        };
        let fault = service.check(granted.fields.as_ref()?).err()?;
        Some(ProviderMismatch::Refused { what, name: name.to_string(), why: fault.to_string() })
    }

    fn endpoints(settings: &TokenExchangeSettings) -> Vec<Endpoint<'_>> {
        let services = settings.services.iter();
        services
            .map(|service| Endpoint { url: service.url.clone(), ca: service.ca.as_deref(), proxy: service.proxy.as_deref() })
            .collect()
    }

    fn absent() -> Denial {
        Reason::ProviderDenied.with_cause("the configuration has no `providers: { token_exchange: … }`").by(PROVIDER)
    }
}
