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
use super::outward::{Cut, Heard, OutwardError};
use super::own::CloudIssuer;
use crate::kind::{GcpScope, GcpToken, ServiceAccount};
use crate::policy::{Boundary, GcpTerms};
use crate::store::Licence;
use crate::words::names::DecisionId;
use crate::words::{Denial, Secret, UnixTime};
use answer::{Answer, Fault, HOUR};
use google::{Google, Method};
use refusal::{About, cut, denied, not_taken, refused, unavailable};
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
struct Shown<'a> {
    subject: &'a str,
    decision: &'a DecisionId,
    now: UnixTime,
}

impl Gcp {
    /// Opens the client. Sends no request yet.
    pub fn connect(settings: &GcpSettings, issuer: Arc<CloudIssuer>) -> Result<Self, OutwardError> {
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
                .saying(format!("The subject of this policy is longer than the {SUBJECT_BYTES_MAX} bytes that Google takes."))
                .advising("Shorten the policy's name."));
        }
        let shown = Shown { subject, decision: licence.decision(), now };
        let late = |_| unavailable(format!("no answer within {} s", TOTAL_MAX.as_secs())).saying("Google did not answer.");
        tokio::time::timeout(TOTAL_MAX, self.made(licence.terms(), &shown)).await.map_err(late)?
    }

    async fn made(&self, terms: &GcpTerms, shown: &Shown<'_>) -> Result<GcpToken, Denial> {
        match terms {
            GcpTerms::Access { account, delegates, ttl, scopes, boundary } => {
                if *ttl > self.max_ttl {
                    return Err(too_long());
                }
                let body = json!({ "scope": scopes, "lifetime": format!("{}s", ttl.as_secs()), "delegates": chain(delegates) });
                let (heard, federated) = self.impersonated(account, Method::GenerateAccessToken, &body, shown).await?;
                let about = About::Impersonation(Method::GenerateAccessToken);
                let made = taken(about, heard, *ttl, |body| answer::generated(body, shown.now, *ttl))?;
                let Answer { token, expires_at } = self.bounded(made, boundary.as_ref(), shown.now).await?;
                if token.expose() == federated.expose() {
                    return Err(not_taken(About::Boundary, Fault::Shown));
                }
                Ok(GcpToken { service_account: Some(account.clone()), audience: None, scopes: scopes.clone(), token, expires_at })
            }
            GcpTerms::Direct { scopes, boundary } => {
                // Google may limit its lifetime to that of the token that is exchanged.
                let made = self.federated(&spaced(scopes), HOUR, shown).await?;
                let Answer { token, expires_at } = self.bounded(made, boundary.as_ref(), shown.now).await?;
                Ok(GcpToken { service_account: None, audience: None, scopes: scopes.clone(), token, expires_at })
            }
            GcpTerms::IdToken { account, delegates, audience } => {
                // With the address in the token, its account can be compared.
                let body = json!({ "audience": audience, "includeEmail": true, "delegates": chain(delegates) });
                let (heard, _) = self.impersonated(account, Method::GenerateIdToken, &body, shown).await?;
                let about = About::Impersonation(Method::GenerateIdToken);
                let Answer { token, expires_at } =
                    taken(about, heard, HOUR, |body| answer::identified(body, shown.now, account, audience))?;
                let (service_account, audience) = (Some(account.clone()), Some(audience.clone()));
                Ok(GcpToken { service_account, audience, scopes: BTreeSet::new(), token, expires_at })
            }
        }
    }

    /// Exchanges a token of our issuer at Google's STS.
    async fn federated(&self, scope: &str, lifetime: Duration, shown: &Shown<'_>) -> Result<Answer, Denial> {
        let audience = format!("https:{}", self.provider.audience());
        let Shown { subject, decision, now } = *shown;
        let (begins, ends) = (now.minus(BACKDATED), now.plus(lifetime));
        let ours = self.issuer.keys().mint(SigningAlgorithm::Es256, &audience, subject, decision, begins, ends, Map::new())?;
        let heard = self.google.federate(&ours, scope).await;
        taken(About::Federation, heard, HOUR, |body| answer::federated(body, now))
    }

    async fn impersonated(
        &self,
        account: &ServiceAccount,
        method: Method,
        body: &Value,
        shown: &Shown<'_>,
    ) -> Result<(Result<Heard, Cut>, Secret), Denial> {
        let federated = self.federated(IAM_SCOPE, TOKEN_LIFETIME, shown).await?.token;
        Ok((self.google.impersonate(account, method, body, &federated).await, federated))
    }

    /// Exchanges the wide token for one within the boundary. The wide token does not leave this function.
    async fn bounded(&self, made: Answer, boundary: Option<&Boundary>, now: UnixTime) -> Result<Answer, Denial> {
        let Some(boundary) = boundary else { return Ok(made) };
        let heard = self.google.downscope(&made.token, boundary).await;
        taken(About::Boundary, heard, HOUR, |body| answer::downscoped(body, now, made.expires_at))
    }
}

/// Reads an answer, and refuses an error, a partial answer, and the token that the request presented.
fn taken(
    about: About,
    heard: Result<Heard, Cut>,
    ttl: Duration,
    read: impl FnOnce(&Secret) -> Result<Answer, Fault>,
) -> Result<Answer, Denial> {
    let heard = heard.map_err(|fault| cut(about, &fault))?;
    if !heard.status.is_success() {
        return Err(refused(about, &heard, ttl));
    }
    if let Some(fault) = &heard.cut {
        return Err(cut(about, fault));
    }
    let answer = read(&heard.body).map_err(|fault| not_taken(about, fault))?;
    if heard.was_shown(&answer.token) { Err(not_taken(about, Fault::Shown)) } else { Ok(answer) }
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
        .saying("The policy's token would live longer than this server asks of Google.")
        .advising("Where the organization's policy iam.allowServiceAccountCredentialLifetimeExtension names the account, the configuration says `max_ttl`; else the policy says `ttl: 1h`.")
}
