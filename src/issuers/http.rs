//! The one place that builds HTTP clients: deadlines, no redirects, no proxy from the environment, checked addresses.

mod body;
mod certificate;
mod error;

pub use body::{BodyError, read_body};
pub use certificate::{Cause, Trust, cause, certificate_fault};
pub use error::{ClientError, FetchError, UrlError};

use super::address::{Network, is_allowed};
use error::NoneAllowed;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Url};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// For a discovery document or keys: enough for a slow handshake, and short enough for a job that waits.
const FETCH_MAX: Duration = Duration::from_secs(3);
/// For a command: an exchange may wait 10 s for a cloud, and for our own retries.
const COMMAND_MAX: Duration = Duration::from_secs(30);
/// For a provider of credentials: a job waits for several such answers, one after the other.
const PROVIDER_MAX: Duration = Duration::from_secs(4);
/// For a collector of traces: no request waits for it, and unsent traces are kept for the next try.
const COLLECTOR_MAX: Duration = Duration::from_secs(10);
/// For a connection.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A client for one issuer.
pub(super) struct Fetcher {
    client: Client,
    networks: Vec<Network>,
    trust: Trust<'static>,
}

impl Fetcher {
    pub(super) fn new(networks: &[Network], ca: Option<&[u8]>, proxy: Option<&str>) -> Result<Self, ClientError> {
        let guard = Guard(networks.to_vec());
        let mut builder = builder(ca)?.timeout(FETCH_MAX).dns_resolver(Arc::new(guard));
        if let Some(proxy) = proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(ClientError::Proxy)?);
        }
        let trust = Trust { is_named: ca.is_some(), named_by: "the issuer's `ca`", keeper: "whoever runs the issuer" };
        Ok(Self { client: finish(builder)?, networks: networks.to_vec(), trust })
    }

    /// GETs a document of at most `limit` bytes.
    pub(super) async fn fetch(&self, url: &str, bearer: Option<&str>, limit: usize) -> Result<Vec<u8>, FetchError> {
        let url = Url::parse(url).map_err(|fault| FetchError::Url { url: url.to_owned(), fault })?;
        self.check_literal(&url)?;
        let mut request = self.client.get(url.clone());
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        let failed = |fault| FetchError::Unanswered { url: url.to_string(), trust: self.trust, fault };
        let response = request.send().await.map_err(failed)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status { status: response.status(), url: url.into() });
        }
        match read_body(response, limit).await {
            Ok(mut body) => Ok(std::mem::take(&mut *body)),
            Err(BodyError::Broken(fault)) => Err(failed(fault)),
            Err(BodyError::TooLarge(limit)) => Err(FetchError::TooLarge { url: url.into(), limit }),
        }
    }

    /// A literal address is never resolved, so it is checked here.
    fn check_literal(&self, url: &Url) -> Result<(), FetchError> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        match host.parse::<IpAddr>() {
            Ok(address) if !is_allowed(address, &self.networks) => Err(FetchError::Address { url: url.to_string() }),
            _ => Ok(()),
        }
    }
}

/// A client for `daypass` commands towards their server.
pub fn command_client(ca: Option<&[u8]>) -> Result<Client, ClientError> {
    finish(builder(ca)?.timeout(COMMAND_MAX))
}

/// The same with a new connection for each request. The buffers of an open connection would keep its last answer.
pub fn forgetful_client(ca: Option<&[u8]>) -> Result<Client, ClientError> {
    finish(builder(ca)?.timeout(COMMAND_MAX).pool_max_idle_per_host(0))
}

/// A client for a provider of credentials. It keeps no connection open, so that no buffer keeps a credential.
pub fn provider_client(ca: Option<&[u8]>, proxy: Option<&str>) -> Result<Client, ClientError> {
    let mut builder = builder(ca)?.timeout(PROVIDER_MAX).pool_max_idle_per_host(0);
    if let Some(proxy) = proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(ClientError::Proxy)?);
    }
    finish(builder)
}

/// A client for the collector of traces.
pub fn collector_client(ca: Option<&[u8]>) -> Result<Client, ClientError> {
    finish(builder(ca)?.timeout(COLLECTOR_MAX))
}

/// A client for operators' commands to the server on this machine, through its control socket.
pub fn control_client(socket: &std::path::Path) -> Result<Client, ClientError> {
    finish(builder(None)?.unix_socket(socket).timeout(COMMAND_MAX))
}

/// Builds the client. This fails if the authorities cannot be loaded, as in an image without any.
fn finish(builder: ClientBuilder) -> Result<Client, ClientError> {
    builder.build().map_err(|fault| match certificate::find(&fault) {
        Some(_) => ClientError::BrokenCertificate(fault),
        None => ClientError::NotStarted(fault),
    })
}

#[expect(clippy::disallowed_methods, reason = "the one place that builds HTTP clients")]
fn builder(ca: Option<&[u8]>) -> Result<ClientBuilder, ClientError> {
    let builder = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_MAX)
        .user_agent(concat!("daypass/", env!("CARGO_PKG_VERSION")));
    match ca {
        None => Ok(builder),
        Some(pem) => {
            let certificates = Certificate::from_pem_bundle(pem).ok().filter(|certificates| !certificates.is_empty());
            let certificates = certificates.ok_or(ClientError::NoCertificate)?;
            Ok(builder.tls_certs_only(certificates))
        }
    }
}

/// Resolves names, and keeps only allowed addresses.
struct Guard(Vec<Network>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| is_allowed(address.ip(), &networks)).collect();
            if allowed.is_empty() {
                return Err(NoneAllowed { host: name.as_str().to_owned() }.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
