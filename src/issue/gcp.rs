//! Google Cloud tokens by Workload Identity Federation. daypass presents a token of its own issuer to Google's STS. The federated
//! token that comes back impersonates a service account, or is given out itself.

mod answer;
mod bootstrap;
mod google;
mod provided;
mod refusal;
mod settings;

pub use bootstrap::{GcpBootstrap, Jwks};
pub use settings::{GcpSettings, GcpSettingsError, ProviderName};

use super::keypair::SigningAlgorithm;
use super::outward::{ProviderClientError, ProviderResponse, TransportError};
use super::own::CloudIssuer;
use crate::kind::{GcpScope, GcpToken, ServiceAccount};
use crate::policy::{Boundary, GcpTerms};
use crate::store::Licence;
use crate::words::names::DecisionId;
use crate::words::{Denial, Secret, UnixTime};
use answer::{Answer, Fault, HOUR};
use google::{Federated, Google, Method};
use refusal::{RefusedStep, cut, denied, not_accepted, refused, unavailable};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// IAM, "Workload Identity Federation": Google refuses a longer `google.subject`.
pub const SUBJECT_BYTES_MAX: usize = 127;
/// Short: the token is used at once, to impersonate.
const TOKEN_LIFETIME: Duration = Duration::from_secs(300);
/// Google refuses a token whose `iat` is ahead of Google's clock, which may be behind ours.
const BACKDATED: Duration = Duration::from_secs(60);
/// The deadline of all requests for one token together. A job waits no longer.
const TOTAL_MAX: Duration = Duration::from_secs(10);
/// A federated token of this scope can impersonate, and nothing else.
const IAM_SCOPE: &str = "https://www.googleapis.com/auth/iam";

/// Google Cloud.
pub struct Gcp {
    google: Google,
    provider: ProviderName,
    max_ttl: Duration,
    issuer: Arc<CloudIssuer>,
}

/// The caller, as the token of our issuer names it.
struct CallerToken<'a> {
    subject: &'a str,
    decision: &'a DecisionId,
    now: UnixTime,
}

impl Gcp {
    /// Opens the client. Sends no request yet.
    pub fn connect(settings: &GcpSettings, issuer: Arc<CloudIssuer>) -> Result<Self, ProviderClientError> {
        let google = Google::open(settings)?;
        Ok(Self { google, provider: settings.provider.clone(), max_ttl: settings.max_ttl, issuer })
    }

    /// The provider that trusts us.
    pub const fn provider(&self) -> &ProviderName {
        &self.provider
    }

    /// Issues a token on these terms.
    pub async fn issue(&self, licence: &Licence<'_, GcpTerms>, now: UnixTime) -> Result<GcpToken, Denial> {
        let subject = &licence.granted().subject();
        if subject.len() > SUBJECT_BYTES_MAX {
            let cause = format!("the subject has {} bytes, and Google takes {SUBJECT_BYTES_MAX}", subject.len());
            return Err(denied(cause)
                .with_detail(format!(
                    "The subject of this policy is longer than the {SUBJECT_BYTES_MAX} bytes that Google takes."
                ))
                .with_hint("Shorten the policy's name."));
        }
        let claims = CallerToken { subject, decision: licence.decision(), now };
        let late = |_| unavailable(format!("no answer within {} s", TOTAL_MAX.as_secs())).with_detail("Google did not answer.");
        tokio::time::timeout(TOTAL_MAX, self.mint(licence.terms(), &claims)).await.map_err(late)?
    }

    async fn mint(&self, terms: &GcpTerms, claims: &CallerToken<'_>) -> Result<GcpToken, Denial> {
        match terms {
            GcpTerms::Access { account, delegates, ttl, scopes, boundary } => {
                if *ttl > self.max_ttl {
                    return Err(too_long());
                }
                let body = json!({ "scope": scopes, "lifetime": format!("{}s", ttl.as_secs()), "delegates": chain(delegates) });
                let (response, federated) = self.impersonated(account, Method::GenerateAccessToken, &body, claims).await?;
                let about = RefusedStep::Impersonation(Method::GenerateAccessToken);
                let wide = accept(about, response, *ttl, |body| answer::generated(body, claims.now, *ttl))?;
                let earlier = [&federated.token, &federated.assertion];
                let Answer { token, expires_at } = self.bounded(wide, boundary.as_ref(), &earlier, claims.now).await?;
                Ok(GcpToken { service_account: Some(account.clone()), audience: None, scopes: scopes.clone(), token, expires_at })
            }
            GcpTerms::Direct { scopes, boundary } => {
                // Google may limit its lifetime to that of the token that is exchanged.
                let (wide, assertion) = self.federated(&spaced(scopes), HOUR, claims).await?;
                let Answer { token, expires_at } = self.bounded(wide, boundary.as_ref(), &[&assertion], claims.now).await?;
                Ok(GcpToken { service_account: None, audience: None, scopes: scopes.clone(), token, expires_at })
            }
            GcpTerms::IdToken { account, delegates, audience } => {
                // With the address in the token, its account can be compared.
                let body = json!({ "audience": audience, "includeEmail": true, "delegates": chain(delegates) });
                let (response, _) = self.impersonated(account, Method::GenerateIdToken, &body, claims).await?;
                let about = RefusedStep::Impersonation(Method::GenerateIdToken);
                let Answer { token, expires_at } =
                    accept(about, response, HOUR, |body| answer::identified(body, claims.now, account, audience))?;
                let (service_account, audience) = (Some(account.clone()), Some(audience.clone()));
                Ok(GcpToken { service_account, audience, scopes: BTreeSet::new(), token, expires_at })
            }
        }
    }

    /// Exchanges a token of our issuer at Google's STS. Returns that token too.
    async fn federated(&self, scope: &str, lifetime: Duration, claims: &CallerToken<'_>) -> Result<(Answer, Secret), Denial> {
        let audience = format!("https:{}", self.provider.audience());
        let CallerToken { subject, decision, now } = *claims;
        let (begins, ends) = (now.minus(BACKDATED), now.plus(lifetime));
        let assertion =
            self.issuer.keys().mint(SigningAlgorithm::Es256, &audience, subject, decision, begins, ends, Map::new())?;
        let response = self.google.federate(&assertion, scope).await;
        let answer = accept(RefusedStep::Federation, response, HOUR, |body| answer::federated(body, now))?;
        Ok((answer, assertion))
    }

    async fn impersonated(
        &self,
        account: &ServiceAccount,
        method: Method,
        body: &Value,
        claims: &CallerToken<'_>,
    ) -> Result<(Result<ProviderResponse, TransportError>, Federated), Denial> {
        let (Answer { token, .. }, assertion) = self.federated(IAM_SCOPE, TOKEN_LIFETIME, claims).await?;
        let federated = Federated { token, assertion };
        Ok((self.google.impersonate(account, method, body, &federated).await, federated))
    }

    /// Exchanges the wide token for one within the boundary. The wide token does not leave this function.
    async fn bounded(
        &self,
        wide: Answer,
        boundary: Option<&Boundary>,
        earlier: &[&Secret],
        now: UnixTime,
    ) -> Result<Answer, Denial> {
        let Some(boundary) = boundary else { return Ok(wide) };
        let response = self.google.downscope(&wide.token, boundary, earlier).await;
        accept(RefusedStep::Boundary, response, HOUR, |body| answer::downscoped(body, now, wide.expires_at))
    }
}

/// Reads an answer, and refuses an error, a partial answer, and the token that the request presented.
fn accept(
    about: RefusedStep,
    response: Result<ProviderResponse, TransportError>,
    ttl: Duration,
    read: impl FnOnce(&Secret) -> Result<Answer, Fault>,
) -> Result<Answer, Denial> {
    let response = response.map_err(|fault| cut(about, &fault))?;
    if response.status != StatusCode::OK {
        return Err(refused(about, &response, ttl));
    }
    if let Some(fault) = &response.cut {
        return Err(cut(about, fault));
    }
    response.credential(read).map_err(|fault| not_accepted(about, fault))
}

/// The resource names of a delegation chain. We impersonate the first account, and each account impersonates the next.
fn chain(delegates: &[ServiceAccount]) -> Vec<String> {
    delegates.iter().map(|account| format!("projects/-/serviceAccounts/{account}")).collect()
}

fn spaced(scopes: &BTreeSet<GcpScope>) -> String {
    scopes.iter().map(GcpScope::as_str).collect::<Vec<_>>().join(" ")
}

fn too_long() -> Denial {
    denied("the policy's `ttl` is longer than `max_ttl` of the configuration")
        .with_detail("The policy's token would live longer than this server asks of Google.")
        .with_hint("Where the organization's policy iam.allowServiceAccountCredentialLifetimeExtension names the account, the configuration says `max_ttl`; else the policy says `ttl: 1h`.")
}
