//! Whether whoever makes credentials outside answers. It is asked as for a credential: with the same authorities, proxy and deadline. No
//! credential is asked for.

use super::outward::OutwardError;
use super::provider::ProviderSettings;
use crate::issuers::http::root_cause;
use reqwest::{Client, Url};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// A host at which a provider is asked, and whether it answers.
#[derive(Debug)]
pub struct Reach {
    /// The provider's section of the configuration.
    pub provider: &'static str,
    /// The host.
    pub origin: Url,
    /// Why it does not answer.
    pub fault: Option<ReachError>,
}

/// Why a provider does not answer.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// There is no way to it.
    #[error(transparent)]
    NoWay(#[from] OutwardError),
    /// The connection failed, or nothing was heard.
    #[error("{}", root_cause(.0))]
    Failed(#[from] reqwest::Error),
}

impl ProviderSettings {
    /// Asks each host of every provider once, all at the same time.
    pub async fn reach(&self) -> Vec<Reach> {
        let mut asked = BTreeSet::new();
        let mut looks = JoinSet::new();
        for (provider, endpoint) in self.endpoints() {
            let Some(origin) = endpoint.url.join("/").ok().filter(|origin| asked.insert((provider, origin.clone()))) else {
                continue;
            };
            let client = endpoint.client();
            looks.spawn(async move { Reach { provider, fault: fault(client, origin.clone()).await, origin } });
        }
        let mut all = looks.join_all().await;
        all.sort_by(|one, other| (one.provider, &one.origin).cmp(&(other.provider, &other.origin)));
        all
    }
}

/// Any answer is one: what it says to nobody in particular is its own business.
async fn fault(client: Result<Client, OutwardError>, origin: Url) -> Option<ReachError> {
    let client = match client {
        Ok(client) => client,
        Err(fault) => return Some(fault.into()),
    };
    // The client waits as long as it does for a credential.
    client.head(origin).send().await.err().map(ReachError::from)
}
