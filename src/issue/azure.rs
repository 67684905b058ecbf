//! Access tokens of Microsoft Entra ID ("OAuth 2.0 client credentials flow", third case: with a federated credential). daypass
//! presents a token of its own issuer to Entra and holds no secret of any application.

mod answer;
mod bootstrap;
mod provided;
mod refusal;
mod settings;
#[cfg(test)]
mod tests;
mod token;

pub use bootstrap::AzureBootstrap;
use settings::AzureSettings;

use super::keypair::SigningAlgorithm;
use super::outward::{FORM, ProviderClient, ProviderClientError, form};
use super::own::CloudIssuer;
use crate::kind::{AzureToken, AzureUse, Scope};
use crate::policy::AzureTerms;
use crate::store::Licence;
use crate::words::{Denial, Secret, UnixTime};
use answer::Answer;
use refusal::{cut, denied, refused, strange};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, Url};
use serde_json::Map;
use std::sync::Arc;
use std::time::Duration;

/// The only algorithm that Entra accepts in tokens of other issuers ("Workload identity federation", considerations).
const ALGORITHM: SigningAlgorithm = SigningAlgorithm::Rs256;
/// Short: the token is used at once.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(300);
/// An access token of Entra has some 2 KB, and up to 50 KB with many groups and roles.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Microsoft Entra ID, for one tenant.
pub struct Azure {
    settings: AzureSettings,
    outward: ProviderClient,
    issuer: Arc<CloudIssuer>,
}

/// Why Entra cannot be asked at all.
#[derive(Debug, thiserror::Error)]
#[error("`providers: azure`: {0}")]
pub struct AzureError(#[from] ProviderClientError);

impl Azure {
    /// Opens the client. Sends no request yet.
    pub fn connect(settings: AzureSettings, issuer: Arc<CloudIssuer>) -> Result<Self, AzureError> {
        let (ca, proxy) = (settings.ca.as_deref(), settings.proxy.as_deref());
        let outward = ProviderClient::open(ca, proxy, "`providers: azure: ca`", "whoever runs this Entra")?;
        Ok(Self { settings, outward, issuer })
    }

    /// Issues what was granted: an access token for a scope, or else the token of our issuer itself.
    pub async fn issue(&self, licence: &Licence<'_, AzureTerms>, now: UnixTime) -> Result<AzureToken, Denial> {
        let AzureTerms { granted: AzureUse { client_id, scope }, ttl } = licence.terms();
        let (token, expires_at) = match scope {
            None => (self.own(licence, now, *ttl)?, now.plus(*ttl)),
            Some(scope) => self.access(licence, scope, now).await?,
        };
        let (tenant_id, client_id, authority) =
            (self.settings.tenant.clone(), client_id.clone(), self.settings.authority.to_string());
        Ok(AzureToken { tenant_id, client_id, scope: scope.clone(), authority, token, expires_at })
    }

    /// Signs the token of our issuer. Entra compares the subject byte for byte, and a subject with capitals is easily mistyped in a
    /// federated credential, so it is refused.
    fn own(&self, licence: &Licence<'_, AzureTerms>, now: UnixTime, lifetime: Duration) -> Result<Secret, Denial> {
        let (subject, audience) = (licence.granted().subject(), self.settings.audience.as_str());
        if subject.chars().any(char::is_uppercase) {
            return Err(denied("the subject has capitals").with_detail("Azure takes no policy whose name has capitals."));
        }
        self.issuer.keys().mint(ALGORITHM, audience, &subject, licence.decision(), now, now.plus(lifetime), Map::new())
    }

    async fn access(
        &self,
        licence: &Licence<'_, AzureTerms>,
        scope: &Scope,
        now: UnixTime,
    ) -> Result<(Secret, UnixTime), Denial> {
        let AzureTerms { granted, ttl } = licence.terms();
        let assertion = self.own(licence, now, ASSERTION_LIFETIME)?;
        let body = form([
            ("client_id", granted.client_id.as_str()),
            ("scope", scope.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.expose_text().unwrap_or_default()),
            ("grant_type", "client_credentials"),
        ]);
        let address = self.address();
        let request = |client: &Client| client.post(address.clone()).header(CONTENT_TYPE, FORM).body(body.expose().to_vec());
        let sent = self.outward.send(BODY_BYTES_MAX, &[&assertion], request).await;
        let response = sent.map_err(|fault| cut(&fault))?;
        match (response.status, &response.cut) {
            (StatusCode::OK, Some(fault)) => Err(cut(fault)),
            (StatusCode::OK, None) => {
                let read = |body: &Secret| Answer::read(body, &self.settings.tenant, &granted.client_id, now, *ttl);
                let answer = response.credential(read).map_err(strange)?;
                Ok((answer.token, now.plus(answer.lifetime)))
            }
            _ => Err(refused(&response)),
        }
    }

    fn address(&self) -> Url {
        let mut url = self.settings.authority.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend([self.settings.tenant.as_str(), "oauth2", "v2.0", "token"]);
        }
        url
    }
}
