//! One App: finds its installations, mints their tokens, and revokes them.

use super::api::{Api, Call};
use super::asked::Asked;
use super::error::GitHubError;
use super::installation::Installation;
use super::jwt::app_jwt;
use super::key::AppKey;
use super::minted::{Minted, tokens_within};
use super::quota::{Left, Quota};
use super::refusal::{About, cut, denied, not_installed, refused, spent, strange, unavailable};
use super::settings::AppSettings;
use crate::issue::outward::{Heard, Outward};
use crate::words::github::{Owner, Permissions};
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
struct Known {
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
    installations: Cache<String, Arc<Known>>,
}

impl App {
    pub(super) fn open(settings: &AppSettings) -> Result<Self, GitHubError> {
        let app = || settings.name.clone();
        let key = AppKey::open(&settings.key).map_err(|fault| GitHubError::Key { app: app(), fault })?;
        let (ca, proxy) = (settings.ca.as_deref(), settings.proxy.as_deref());
        let way = Outward::open(ca, proxy, "the App's `ca`", "whoever runs this GitHub");
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
                Err(denied(format!("the App `{}` is not for repositories of the issuer `{issuer}`", self.name)).advising(hint))
            }
            _ => Ok(()),
        }
    }

    /// The address of GitHub's API.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn left(&self) -> Option<Left> {
        self.quota.left()
    }

    /// Mints a token. If the installation may have changed since its lookup, looks it up and asks once more.
    pub(super) async fn mint(&self, asked: &Asked<'_>, now: UnixTime) -> Result<Minted, Denial> {
        if let Some((key, level)) = self.most.lacks(asked.permissions) {
            return Err(denied(format!("`{key}: {}` is more than `max_permissions` of the App", level.as_str())));
        }
        if !asked.is_of_one_account() {
            return Err(denied("a repository is of another account than the token"));
        }
        let (started, key) = (Instant::now(), asked.owner.folded());
        let known = self.known(asked.owner, now).await?;
        match self.ask(&known, asked, now).await {
            Err(refused)
                if refused.may_be_stale && now.since(known.looked_at) >= LOOKS_APART && started.elapsed() < AGAIN_MAX =>
            {
                self.installations.invalidate(&key).await;
                let known = self.known(asked.owner, now).await?;
                self.ask(&known, asked, now).await.map_err(|refused| refused.denial)
            }
            done => done.map_err(|refused| refused.denial),
        }
    }

    /// The installation of an account. Concurrent requests share one lookup.
    async fn known(&self, owner: &Owner, now: UnixTime) -> Result<Arc<Known>, Denial> {
        let look = async {
            let jwt = self.jwt(now).await?;
            let heard =
                self.api.send(&Call::Installation(owner), &jwt).await.map_err(|fault| cut(About::Installation, &fault))?;
            let heard = self.noted(heard, now)?;
            let is_there = heard.status != StatusCode::NOT_FOUND;
            let installation = is_there.then(|| Installation::read(&heard, owner)).transpose()?;
            Ok(Arc::new(Known { looked_at: now, installation }))
        };
        self.installations.try_get_with(owner.folded(), look).await.map_err(|denial: Arc<Denial>| (*denial).clone())
    }

    async fn ask(&self, known: &Known, asked: &Asked<'_>, now: UnixTime) -> Result<Minted, NotMinted> {
        const ABOUT: About = About::Token;
        let stale = |denial| NotMinted { denial, may_be_stale: true };
        let installation = known.installation.as_ref().ok_or_else(|| stale(not_installed()))?;
        installation.allows(asked.permissions).map_err(stale)?;
        let jwt = self.jwt(now).await?;
        let body = asked.body().map_err(|_| unavailable("the request could not be made"))?;
        let heard = self.api.send(&Call::Mint(installation.id, body), &jwt).await.map_err(|fault| cut(ABOUT, &fault))?;
        let heard = self.noted(heard, now)?;
        if heard.status != StatusCode::CREATED {
            let may_be_stale = matches!(heard.status.as_u16(), 403 | 404 | 422);
            return Err(NotMinted { denial: refused(ABOUT, &heard), may_be_stale });
        }
        if let Some(fault) = &heard.cut {
            return Err(self.ended(&heard.body, cut(ABOUT, fault)).await.into());
        }
        match Minted::read(&heard.body, installation.id, asked, now) {
            Ok(minted) => Ok(minted),
            Err(fault) if fault.is_lie() => {
                let denial = denied(fault).saying("GitHub's answer is wider than what was asked for, and is not taken.");
                Err(self.ended(&heard.body, denial).await.into())
            }
            Err(fault) => Err(self.ended(&heard.body, strange(ABOUT, &fault.to_string())).await.into()),
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

    /// Revokes a token. 401 means that it has ended already.
    pub(super) async fn revoke(&self, token: &Secret) -> Result<(), Denial> {
        const ABOUT: About = About::Revocation;
        let heard = self.api.send(&Call::Revoke, token).await.map_err(|fault| cut(ABOUT, &fault))?;
        match heard.status {
            StatusCode::NO_CONTENT | StatusCode::UNAUTHORIZED => Ok(()),
            _ => Err(refused(ABOUT, &heard)),
        }
    }

    async fn jwt(&self, now: UnixTime) -> Result<Secret, Denial> {
        if let Some(until) = self.quota.spent(now) {
            return Err(spent(until));
        }
        app_jwt(&self.issuer, &self.key, now).await.map_err(|fault| unavailable(format!("the App `{}`: {fault}", self.name)))
    }

    /// Notes the rate limit, and maps a refusal by it.
    fn noted(&self, heard: Heard, now: UnixTime) -> Result<Heard, Denial> {
        if self.quota.note(&heard.headers, now)
            && let Some(left) = self.left()
        {
            tracing::warn!(app = self.name, left.remaining, left.limit, resets_at = %left.resets_at, "GitHub's rate limit is nearly spent");
        }
        let limited = match heard.status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::FORBIDDEN => heard.headers.contains_key(RETRY_AFTER) || self.quota.spent(now).is_some(),
            _ => false,
        };
        if limited { Err(spent(self.quota.spent(now).unwrap_or(now.plus(PAUSE)))) } else { Ok(heard) }
    }
}
