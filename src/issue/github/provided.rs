//! Connects the configuration and the grants with the Apps.

use super::{GitHub, GitHubError, GitHubSettings, Minted, TokenRequest};
use crate::issue::provider::{Endpoint, Places, ProviderKind};
use crate::issue::{OwnIssuers, ProviderMismatch, RateLimit, RevocableToken, RevocationHandle};
use crate::kind::{GitHubTarget, GitHubToken};
use crate::policy::{GitHubTerms, InRepositories};
use crate::store::Licence;
use crate::words::github::{Owner, Repositories, RepositoriesError};
use crate::words::yaml::Fields;
use crate::words::{Denial, Reason, UnixTime};

/// The provider's name in a denial.
const PROVIDER: &str = "github";

impl ProviderKind for GitHubTarget {
    type Settings = GitHubSettings;
    type Provider = GitHub;
    type Answer = GitHubToken;
    type ConnectError = GitHubError;

    fn settings(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<GitHubSettings> {
        GitHubSettings::read(fields, places)
    }

    async fn connect(settings: GitHubSettings, _: &OwnIssuers) -> Result<GitHub, GitHubError> {
        GitHub::connect(&settings)
    }

    async fn issue(github: &GitHub, licence: &Licence<'_, GitHubTerms>, now: UnixTime) -> Result<GitHubToken, Denial> {
        let terms = licence.terms();
        let (owner, repositories) = chosen(&terms.to).map_err(|fault| Reason::Internal.with_cause(fault.to_string()))?;
        let request =
            TokenRequest { app: terms.app.as_str(), owner: &owner, repositories: &repositories, permissions: &terms.permissions };
        let app = github.app(terms.app.as_str())?;
        app.check_forge(terms.own_of.as_ref())?;
        let Minted { token, expires_at, permissions, repositories, installation: _ } = app.mint(&request, now).await?;
        let api = app.address().to_owned();
        Ok(GitHubToken { app: terms.app.clone(), owner, repositories, permissions, token, expires_at, api })
    }

    fn revocable(terms: &GitHubTerms, answer: &GitHubToken) -> Option<RevocableToken> {
        let handle = RevocationHandle { part: answer.app.to_string(), token: answer.token.duplicate() };
        Some(RevocableToken { provider: PROVIDER, handle, expires_at: answer.expires_at, is_kept: terms.server_revokes })
    }

    async fn revoke(github: &GitHub, handle: &RevocationHandle) -> Result<(), Denial> {
        github.revoke(&handle.part, &handle.token).await
    }

    fn misfit(settings: &GitHubSettings, granted: &GitHubTarget) -> Option<ProviderMismatch> {
        let (name, what) = (granted.app.as_ref()?.as_str(), "App");
        let Some(app) = settings.apps.iter().find(|app| app.name == name) else {
            let known = settings.apps.iter().map(|app| app.name.clone()).collect();
            return Some(ProviderMismatch::NoName { what, name: name.to_owned(), known });
        };
        let (key, level) = app.max_permissions.missing_from(granted.permissions.as_ref()?)?;
        let why = format!("`{key}: {}` is more than its `max_permissions`", level.as_str());
        Some(ProviderMismatch::Refused { what, name: name.to_owned(), why })
    }

    fn endpoints(settings: &GitHubSettings) -> Vec<Endpoint<'_>> {
        let mut all: Vec<_> =
            settings.apps.iter().map(|app| (app.api.clone(), app.ca.as_deref(), app.proxy.as_deref())).collect();
        all.dedup();
        all.into_iter().map(|(url, ca, proxy)| Endpoint { url, ca, proxy }).collect()
    }

    fn rate_limits(github: &GitHub, now: UnixTime) -> Vec<(&str, RateLimit)> {
        github.left(now).collect()
    }

    fn absent() -> Denial {
        Reason::ProviderDenied.with_cause("the configuration has no `providers: { github: … }`").by(PROVIDER)
    }
}

fn chosen(to: &InRepositories) -> Result<(Owner, Repositories), RepositoriesError> {
    match to {
        InRepositories::All(owner) => Ok((owner.clone(), Repositories::All)),
        InRepositories::Named(named) => Repositories::of(named),
    }
}
