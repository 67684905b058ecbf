//! Installation tokens of GitHub Apps (GitHub REST API, "Create an installation access token for an app"). The App's own key signs a
//! short JWT. The token that GitHub answers with is compared with the request, and revoked at once if it may do more.

mod api;
mod app;
mod error;
mod installation;
mod jwt;
mod key;
mod minted;
mod provided;
mod quota;
mod refusal;
mod settings;
mod token_request;

pub use error::GitHubError;
pub use key::{AppKeyError, PemKeyError};
pub use minted::Minted;
pub use settings::{AppSettings, GitHubSettings, KeyAt};
pub use token_request::TokenRequest;

use crate::issue::RateLimit;
use crate::words::{Denial, Secret, UnixTime};
use app::App;
use refusal::{denied, unavailable};
use std::collections::BTreeMap;

/// The Apps of the configuration.
pub struct GitHub {
    apps: BTreeMap<String, App>,
}

impl GitHub {
    /// Reads their keys. Sends no request yet.
    pub fn connect(settings: &GitHubSettings) -> Result<Self, GitHubError> {
        let apps = settings.apps.iter().map(|settings| Ok((settings.name.clone(), App::open(settings)?)));
        Ok(Self { apps: apps.collect::<Result<_, _>>()? })
    }

    /// Mints a token that may do what is asked, and no more.
    pub async fn mint(&self, request: &TokenRequest<'_>, now: UnixTime) -> Result<Minted, Denial> {
        self.app(request.app)?.mint(request, now).await
    }

    fn app(&self, name: &str) -> Result<&App, Denial> {
        self.apps.get(name).ok_or_else(|| denied(format!("the configuration has no App `{name}`")))
    }

    /// Revokes a token of this App.
    pub async fn revoke(&self, app: &str, token: &Secret) -> Result<(), Denial> {
        match self.apps.get(app) {
            Some(app) => app.revoke(token).await,
            None => Err(unavailable(format!("the configuration has no App `{app}`"))),
        }
    }

    /// The rate limit of each App for which GitHub reported one that still holds.
    pub fn left(&self, now: UnixTime) -> impl Iterator<Item = (&str, RateLimit)> {
        self.apps.iter().filter_map(move |(name, app)| Some((name.as_str(), app.left(now)?)))
    }
}
