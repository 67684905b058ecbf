//! Tokens of services that accept a token of our issuer in exchange. The configuration describes each service's endpoint (RFC 8693,
//! RFC 7523 or similar), so no service needs code. Only the configuration sets the endpoint's address.

mod answer;
mod body;
mod provided;
mod refusal;
mod settings;
#[cfg(test)]
mod tests;

use super::keypair::SigningAlgorithm;
use super::outward::{FORM, ProviderClient, ProviderClientError, form};
use super::own::IdTokenIssuer;
use crate::kind::ExchangedToken;
use crate::policy::TokenExchangeTerms;
use crate::store::Licence;
use crate::words::{Denial, Secret, UnixTime};
use answer::read;
use refusal::{Refusing, denied};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, StatusCode};
use serde_json::Map;
use settings::{ServiceSettings, TokenExchangeSettings};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Short: our token is used at once.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(300);
/// A token, and the other members of a service's answer.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// The services of the configuration.
pub struct TokenExchange {
    services: BTreeMap<String, Service>,
    issuer: Arc<IdTokenIssuer>,
}

/// Why there is no client for a service.
#[derive(Debug, thiserror::Error)]
#[error("the service `{service}` of `providers: token_exchange`: {fault}")]
pub struct TokenExchangeError {
    service: String,
    #[source]
    fault: ProviderClientError,
}

struct Service {
    settings: ServiceSettings,
    outward: ProviderClient,
}

impl TokenExchange {
    /// Opens the clients. Sends no request yet. From now on no `id_token` gets the audience of a service.
    pub fn connect(settings: TokenExchangeSettings, issuer: Arc<IdTokenIssuer>) -> Result<Self, TokenExchangeError> {
        issuer.reserve(settings.services.iter().map(|service| service.audience.clone()).collect());
        let services = settings.services.into_iter().map(|settings| {
            let name = settings.name.to_string();
            let (ca, proxy) = (settings.ca.as_deref(), settings.proxy.as_deref());
            let outward = ProviderClient::open(ca, proxy, "the service's `ca`", "whoever runs the service");
            let outward = outward.map_err(|fault| TokenExchangeError { service: name.clone(), fault })?;
            Ok((name, Service { settings, outward }))
        });
        Ok(Self { services: services.collect::<Result<_, _>>()?, issuer })
    }

    /// Issues a token as the policy and the configuration describe it.
    pub async fn issue(&self, licence: &Licence<'_, TokenExchangeTerms>, now: UnixTime) -> Result<ExchangedToken, Denial> {
        self.service(licence.terms().service.as_str())?.exchange(&self.issuer, licence, now).await
    }

    /// Ends a token of this service.
    pub async fn revoke(&self, service: &str, token: &Secret) -> Result<(), Denial> {
        self.service(service)?.revoke(token).await
    }

    fn service(&self, name: &str) -> Result<&Service, Denial> {
        self.services.get(name).ok_or_else(|| denied(format!("the configuration has no service `{name}`")))
    }
}

impl Service {
    async fn exchange(
        &self,
        issuer: &IdTokenIssuer,
        licence: &Licence<'_, TokenExchangeTerms>,
        now: UnixTime,
    ) -> Result<ExchangedToken, Denial> {
        let (terms, settings) = (licence.terms(), &self.settings);
        let refusing = Refusing { service: settings.name.as_str() };
        settings.check(&terms.fields).map_err(|fault| refusing.fields(fault))?;
        let (audience, until) = (settings.audience.as_str(), now.plus(ASSERTION_LIFETIME));
        let subject = licence.granted().subject();
        let keys = issuer.keys();
        let assertion = keys.mint(SigningAlgorithm::Es256, audience, &subject, licence.decision(), now, until, Map::new())?;
        let body = body::write(settings, &terms.fields, &assertion);
        let request = |client: &Client| {
            let request = client.post(settings.url.clone()).header(ACCEPT, "application/json");
            let request = settings.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
            request.header(CONTENT_TYPE, settings.encoding.media_type()).body(body.expose().to_vec())
        };
        let response = self.outward.send(BODY_BYTES_MAX, &[&assertion], request).await.map_err(|fault| refusing.cut(&fault))?;
        if !matches!(response.status, StatusCode::OK | StatusCode::CREATED) {
            return Err(refusing.refused(&response));
        }
        if let Some(fault) = &response.cut {
            return Err(refusing.cut(fault));
        }
        let scope = terms.fields.get("scope").or_else(|| settings.fields.get("scope"));
        let answer = response.credential(|body| read(body, settings, scope, terms.ttl));
        let answer = answer.map_err(|fault| refusing.strange(fault))?;
        let (service, fields) = (terms.service.clone(), terms.fields.clone());
        let revoke = settings.revoke.as_ref().map(ToString::to_string);
        Ok(ExchangedToken { service, fields, token: answer.token, expires_at: now.plus(answer.lifetime), revoke })
    }

    /// RFC 7009, section 2.1: the token in a form; section 2.2: 200 also if the token is not valid any more.
    async fn revoke(&self, token: &Secret) -> Result<(), Denial> {
        let refusing = Refusing { service: self.settings.name.as_str() };
        let Some(address) = &self.settings.revoke else { return Err(denied("the service has no address that revokes")) };
        let body = form([("token", token.expose_text().unwrap_or_default()), ("token_type_hint", "access_token")]);
        let request = |client: &Client| client.post(address.clone()).header(CONTENT_TYPE, FORM).body(body.expose().to_vec());
        let response = self.outward.send(BODY_BYTES_MAX, &[token], request).await.map_err(|fault| refusing.cut(&fault))?;
        if response.status.is_success() { Ok(()) } else { Err(refusing.not_revoked(response.status)) }
    }
}
