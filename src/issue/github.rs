//! Installation tokens of GitHub Apps (GitHub REST API, "Create an installation access token for an app"). An App's own key signs a
//! short JWT; what comes back is compared with what was asked, and revoked at once where it is more.

mod api;
mod app;
mod asked;
mod error;
mod installation;
mod jwt;
mod key;
mod minted;
mod provided;
mod quota;
mod refusal;
mod settings;

pub use asked::Asked;
pub use error::GitHubError;
pub use key::{AppKeyError, PemKeyError};
pub use minted::Minted;
pub use quota::Left;
pub use settings::{AppSettings, GitHubSettings, KeyAt, read_permissions};

use crate::words::names::IssuerName;
use crate::words::{Denial, Secret, UnixTime};
use app::App;
use refusal::{denied, unavailable};
use std::collections::BTreeMap;

/// The Apps of the configuration.
pub struct GitHub {
    apps: BTreeMap<String, App>,
}

impl GitHub {
    /// Reads their keys; asks nobody.
    pub fn connect(settings: &GitHubSettings) -> Result<Self, GitHubError> {
        let apps = settings.apps.iter().map(|settings| Ok((settings.name.clone(), App::open(settings)?)));
        Ok(Self { apps: apps.collect::<Result<_, _>>()? })
    }

    /// A token that may do what is asked, and no more.
    pub async fn mint(&self, asked: &Asked<'_>, now: UnixTime) -> Result<Minted, Denial> {
        match self.apps.get(asked.app) {
            Some(app) => app.mint(asked, now).await,
            None => Err(denied(format!("the configuration has no App `{}`", asked.app))),
        }
    }

    /// Refuses `{repository}` of an issuer that is not of the App's own GitHub: another forge has other repositories of the same names.
    pub fn check_forge(&self, app: &str, own_of: Option<&IssuerName>) -> Result<(), Denial> {
        let known = self.apps.get(app).and_then(App::repositories_of);
        match own_of {
            Some(issuer) if known != Some(issuer) => {
                let hint = format!(
                    "If the jobs of this issuer are in repositories of the App's GitHub, the App needs `repositories_of: {issuer}` in the configuration."
                );
                Err(denied(format!("the App `{app}` is not for repositories of the issuer `{issuer}`")).advising(hint))
            }
            _ => Ok(()),
        }
    }

    /// Where GitHub's API is for this App.
    pub fn api(&self, app: &str) -> Option<&str> {
        self.apps.get(app).map(App::address)
    }

    /// Ends a token of this App before its time.
    pub async fn revoke(&self, app: &str, token: &Secret) -> Result<(), Denial> {
        match self.apps.get(app) {
            Some(app) => app.revoke(token).await,
            None => Err(unavailable(format!("the configuration has no App `{app}`"))),
        }
    }

    /// How many requests GitHub still takes of each App, as far as it said.
    pub fn left(&self) -> impl Iterator<Item = (&str, Left)> {
        self.apps.iter().filter_map(|(name, app)| Some((name.as_str(), app.left()?)))
    }
}
