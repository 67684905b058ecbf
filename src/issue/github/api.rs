//! One request to GitHub's REST API.

use crate::issue::outward::{ProviderClient, ProviderResponse, TransportError};
use crate::words::Secret;
use crate::words::github::Owner;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, Url};

/// GitHub, "API Versions": the version that GitHub.com and every supported GitHub Enterprise Server know. GitHub.com supports it for
/// at least 24 months after its successor of 2026-03-10, which changes nothing in these requests.
const VERSION: &str = "2022-11-28";
/// The description of a repository has some 6 KB, and an answer may list 500.
const MINTED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// One installation, or an error.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// The way to GitHub.
pub(super) struct Api {
    way: ProviderClient,
    base: Url,
}

/// A request.
pub(super) enum ApiCall<'a> {
    /// The installation of an account. GitHub finds organizations here too, as actions/create-github-app-token relies on.
    Installation(&'a Owner),
    /// A token of an installation.
    Mint(u64, Vec<u8>),
    /// The revocation of the bearer token.
    Revoke,
}

impl Api {
    pub(super) const fn new(way: ProviderClient, base: Url) -> Self {
        Self { way, base }
    }

    /// Sends a request with this bearer token.
    pub(super) async fn send(&self, call: &ApiCall<'_>, bearer: &Secret) -> Result<ProviderResponse, TransportError> {
        let limit = if matches!(call, ApiCall::Mint(..)) { MINTED_BYTES_MAX } else { BODY_BYTES_MAX };
        self.way.send(limit, &[bearer], |client| self.request(client, call, bearer)).await
    }

    fn request(&self, client: &Client, call: &ApiCall<'_>, bearer: &Secret) -> RequestBuilder {
        let id;
        let (method, segments) = match call {
            ApiCall::Installation(owner) => (Method::GET, vec!["users", owner.as_str(), "installation"]),
            ApiCall::Mint(installation, _) => {
                id = installation.to_string();
                (Method::POST, vec!["app", "installations", &id, "access_tokens"])
            }
            ApiCall::Revoke => (Method::DELETE, vec!["installation", "token"]),
        };
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        let request = client.request(method, url).bearer_auth(bearer.expose_text().unwrap_or_default());
        let request = request.header(ACCEPT, "application/vnd.github+json").header("x-github-api-version", VERSION);
        match call {
            ApiCall::Mint(_, body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
            ApiCall::Installation(_) | ApiCall::Revoke => request,
        }
    }
}
