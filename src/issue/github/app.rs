//! One App: finds its installations, mints their tokens, and revokes them.

use super::api::{Api, ApiCall};
use super::error::GitHubError;
use super::installation::Installation;
use super::jwt::app_jwt;
use super::key::AppKey;
use super::minted::{Minted, tokens_within};
use super::quota::Quota;
use super::refusal::{RefusedStep, cut, denied, is_githubs, not_installed, refused, spent, strange, unavailable};
use super::settings::AppSettings;
use super::token_request::TokenRequest;
use crate::issue::RateLimit;
use crate::issue::outward::{ProviderClient, ProviderResponse};
use crate::words::github::{KNOWN_EVERYWHERE, KNOWN_PAUSE, Owner, Permissions};
use crate::words::names::IssuerName;
use crate::words::{Denial, Secret, UnixTime};
use moka::future::Cache;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an installation is cached. Changed permissions and a removed App are noticed after this time, or when GitHub refuses.
const INSTALLATION_MAX: Duration = Duration::from_secs(5 * 60);
/// Accounts whose installations are cached.
const INSTALLATIONS_MAX: u64 = 10_000;
/// The least time between two lookups of an installation, so that jobs that are refused in a row do not use up the App's rate limit.
const LOOKS_APART: Duration = Duration::from_secs(5);
/// A refusal that takes longer than this is final: there is no time to ask again before the job gives up.
const AGAIN_MAX: Duration = Duration::from_secs(2);

/// GitHub, "Rate limits": without a stated time, wait for at least a minute.
const PAUSE: Duration = Duration::from_secs(60);

/// Why there is no token, and whether a change of the installation since its lookup may be the reason.
struct NotMinted {
    denial: Denial,
    may_be_stale: bool,
}

impl From<Denial> for NotMinted {
    fn from(denial: Denial) -> Self {
        Self { denial, may_be_stale: false }
    }
}

/// The result of a lookup.
struct InstallationLookup {
    looked_at: UnixTime,
    /// `None` where the App is not installed.
    installation: Option<Installation>,
}

/// An App of the configuration.
pub(super) struct App {
    name: String,
    issuer: String,
    key: AppKey,
    most: Permissions,
    repositories_of: Option<IssuerName>,
    address: String,
    api: Api,
    quota: Quota,
    installations: Cache<String, Arc<InstallationLookup>>,
}

impl App {
    pub(super) fn open(settings: &AppSettings) -> Result<Self, GitHubError> {
        let app = || settings.name.clone();
        let key = AppKey::open(&settings.key).map_err(|fault| GitHubError::Key { app: app(), fault })?;
        let (ca, proxy) = (settings.ca.as_deref(), settings.proxy.as_deref());
        let way = ProviderClient::open(ca, proxy, "the App's `ca`", "whoever runs this GitHub");
        let way = way.map_err(|fault| GitHubError::Way { app: app(), fault })?;
        Ok(Self {
            name: settings.name.clone(),
            issuer: settings.issuer.clone(),
            key,
            most: settings.max_permissions.clone(),
            repositories_of: settings.repositories_of.clone(),
            address: settings.api.to_string(),
            api: Api::new(way, settings.api.clone()),
            quota: Quota::default(),
            installations: Cache::builder().max_capacity(INSTALLATIONS_MAX).time_to_live(INSTALLATION_MAX).build(),
        })
    }

    /// Refuses `{repository}` of an issuer that does not belong to this GitHub: another forge has other repositories with the same names.
    pub(super) fn check_forge(&self, own_of: Option<&IssuerName>) -> Result<(), Denial> {
        match own_of {
            Some(issuer) if self.repositories_of.as_ref() != Some(issuer) => {
                let hint = format!(
                    "If the jobs of this issuer are in repositories of the App's GitHub, the App needs `repositories_of: {issuer}` in the configuration."
                );
                Err(denied(format!("the App `{}` is not for repositories of the issuer `{issuer}`", self.name)).with_hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// The address of GitHub's API.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Its rate limit, if GitHub reported one that still holds.
    pub(super) fn left(&self, now: UnixTime) -> Option<RateLimit> {
        self.quota.left(now)
    }

    /// Mints a token. If the installation may have changed since its lookup, looks it up and asks once more.
    pub(super) async fn mint(&self, request: &TokenRequest<'_>, now: UnixTime) -> Result<Minted, Denial> {
        if let Some((key, level)) = self.most.missing_from(request.permissions) {
            return Err(denied(format!("`{key}: {}` is more than `max_permissions` of the App", level.as_str())));
        }
        if !request.is_of_one_account() {
            return Err(denied("a repository is of another account than the token"));
        }
        let (started, key) = (Instant::now(), request.owner.folded());
        let known = self.known(request.owner, now).await?;
        match self.try_mint(&known, request, now).await {
            Err(refused)
                if refused.may_be_stale && now.since(known.looked_at) >= LOOKS_APART && started.elapsed() < AGAIN_MAX =>
            {
                self.installations.invalidate(&key).await;
                let known = self.known(request.owner, now).await?;
                self.try_mint(&known, request, now).await.map_err(|refused| refused.denial)
            }
            done => done.map_err(|refused| refused.denial),
        }
    }

    /// The installation of an account. Concurrent requests share one lookup.
    async fn known(&self, owner: &Owner, now: UnixTime) -> Result<Arc<InstallationLookup>, Denial> {
        let look = async {
            let jwt = self.jwt(now).await?;
            let response = self
                .api
                .send(&ApiCall::Installation(owner), &jwt)
                .await
                .map_err(|fault| cut(RefusedStep::Installation, &fault))?;
            let response = self.note_quota(response, now)?;
            let is_there = response.status != StatusCode::NOT_FOUND;
            let installation = is_there.then(|| Installation::read(&response, owner)).transpose()?;
            Ok(Arc::new(InstallationLookup { looked_at: now, installation }))
        };
        self.installations.try_get_with(owner.folded(), look).await.map_err(|denial: Arc<Denial>| (*denial).clone())
    }

    async fn try_mint(&self, known: &InstallationLookup, request: &TokenRequest<'_>, now: UnixTime) -> Result<Minted, NotMinted> {
        const ABOUT: RefusedStep = RefusedStep::Token;
        let stale = |denial| NotMinted { denial, may_be_stale: true };
        let installation = known.installation.as_ref().ok_or_else(|| stale(not_installed()))?;
        installation.allows(request.permissions).map_err(stale)?;
        let jwt = self.jwt(now).await?;
        let body = request.body().map_err(|_| unavailable("the request could not be made"))?;
        let response = self.api.send(&ApiCall::Mint(installation.id, body), &jwt).await.map_err(|fault| cut(ABOUT, &fault))?;
        let response = self.note_quota(response, now)?;
        if response.status != StatusCode::CREATED {
            let may_be_stale = matches!(response.status.as_u16(), 403 | 404 | 422);
            let denial = refused(ABOUT, &response);
            if response.status.is_success() {
                return Err(self.ended(response.refused_body(), denial).await.into());
            }
            return Err(NotMinted { denial, may_be_stale });
        }
        if let Some(fault) = &response.cut {
            return Err(self.ended(response.refused_body(), cut(ABOUT, fault)).await.into());
        }
        match response.credential(|body| Minted::read(body, installation.id, request, now)) {
            Ok(minted) => Ok(minted),
            Err(fault) if fault.contradicts_request() => {
                let denial = denied(fault).with_detail("GitHub's answer is wider than what was asked for, and is not taken.");
                Err(self.ended(response.refused_body(), denial).await.into())
            }
            Err(fault) => Err(self.ended(response.refused_body(), strange(ABOUT, &fault.to_string())).await.into()),
        }
    }

    /// Revokes the token of an answer that is refused. The cause says whether that worked.
    async fn ended(&self, body: &Secret, mut denial: Denial) -> Denial {
        let tokens = tokens_within(body);
        let mut outcome = match tokens.len() {
            0 => "no token was seen in it, and one that was made ends within an hour".to_owned(),
            _ => "its token was revoked".to_owned(),
        };
        for token in tokens {
            if let Err(fault) = self.revoke(&token).await {
                tracing::error!(
                    app = self.name,
                    cause = fault.cause,
                    "a token in a refused answer of GitHub could not be revoked"
                );
                outcome = format!("its token is not revoked ({}) and ends within an hour", fault.cause);
            }
        }
        denial.cause = format!("{}; {outcome}", denial.cause);
        denial
    }

    /// Revokes a token. 401 means that it has ended already, or that not all of GitHub's servers know it yet.
    pub(super) async fn revoke(&self, token: &Secret) -> Result<(), Denial> {
        const ABOUT: RefusedStep = RefusedStep::Revocation;
        let started = Instant::now();
        loop {
            let response = self.api.send(&ApiCall::Revoke, token).await.map_err(|fault| cut(ABOUT, &fault))?;
            match response.status {
                StatusCode::NO_CONTENT => return Ok(()),
                StatusCode::UNAUTHORIZED if !is_githubs(&response) => return Err(refused(ABOUT, &response)),
                StatusCode::UNAUTHORIZED if started.elapsed() < KNOWN_EVERYWHERE => tokio::time::sleep(KNOWN_PAUSE).await,
                StatusCode::UNAUTHORIZED => return Ok(()),
                _ => return Err(refused(ABOUT, &response)),
            }
        }
    }

    async fn jwt(&self, now: UnixTime) -> Result<Secret, Denial> {
        if let Some(until) = self.quota.spent(now) {
            return Err(spent(until));
        }
        app_jwt(&self.issuer, &self.key, now).await.map_err(|fault| unavailable(format!("the App `{}`: {fault}", self.name)))
    }

    /// Notes the rate limit, and maps a refusal by it.
    fn note_quota(&self, response: ProviderResponse, now: UnixTime) -> Result<ProviderResponse, Denial> {
        if let Some(left) = self.quota.note(&response.headers, now) {
            tracing::warn!(app = self.name, left.remaining, left.limit, resets_at = %left.resets_at, "GitHub's rate limit is nearly spent");
        }
        let limited = match response.status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::FORBIDDEN => response.headers.contains_key(RETRY_AFTER) || self.quota.spent(now).is_some(),
            _ => false,
        };
        if limited { Err(spent(self.quota.spent(now).unwrap_or(now.plus(PAUSE)))) } else { Ok(response) }
    }
}
