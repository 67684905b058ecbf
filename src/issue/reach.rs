//! Checks whether the providers answer. The request uses the same authorities, proxy and deadline as one for a credential, and asks
//! for none.

use super::outward::ProviderClientError;
use super::provider::ProviderSettings;
use crate::words::root_cause;
use reqwest::{Client, Url};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// A host of a provider, and whether it answers.
#[derive(Debug)]
pub struct Reachability {
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
    /// There is no client for it.
    #[error(transparent)]
    NoWay(#[from] ProviderClientError),
    /// The connection failed, or there was no answer.
    #[error("{}", root_cause(.0))]
    Failed(#[from] reqwest::Error),
}

impl ProviderSettings {
    /// Sends one request to each host of every provider, all at the same time.
    pub async fn reach(&self) -> Vec<Reachability> {
        let mut origins = BTreeSet::new();
        let mut looks = JoinSet::new();
        for (provider, endpoint) in self.endpoints() {
            let Some(origin) = endpoint.url.join("/").ok().filter(|origin| origins.insert((provider, origin.clone()))) else {
                continue;
            };
            let client = endpoint.client();
            looks.spawn(async move { Reachability { provider, fault: fault(client, origin.clone()).await, origin } });
        }
        let mut all = looks.join_all().await;
        all.sort_by(|one, other| (one.provider, &one.origin).cmp(&(other.provider, &other.origin)));
        all
    }
}

/// Any answer counts, also an error status: the request is not authenticated.
async fn fault(client: Result<Client, ProviderClientError>, origin: Url) -> Option<ReachError> {
    let client = match client {
        Ok(client) => client,
        Err(fault) => return Some(fault.into()),
    };
    // The client waits as long as it does for a credential.
    client.head(origin).send().await.err().map(ReachError::from)
}
