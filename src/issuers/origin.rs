//! Where an issuer's keys are: a file, a configured URL, or what its discovery document names.

use super::error::{DiscoveryError, KeysError, SetupError};
use super::http::Fetcher;
use super::jwks_host::JwksHost;
use super::settings::{IssuerSettings, JwksSource};
use crate::token::{JWKS_BYTES_MAX, KeySet};
use crate::words::excerpt;
use crate::words::names::IssuerUrl;

/// Discovery documents have about 1 KiB, and large ones 10 KiB.
const DISCOVERY_BYTES_MAX: usize = 64 * 1024;
/// Characters of somebody else's address in an error.
const EXCERPT_CHARACTERS_MAX: usize = 200;

/// Where one issuer's keys are.
pub(super) struct Origin {
    issuer: IssuerUrl,
    source: JwksSource,
    /// Further hosts that may have the keys.
    hosts: Vec<JwksHost>,
    fetcher: Fetcher,
}

impl Origin {
    /// Reads only the CA file.
    pub(super) fn new(settings: &IssuerSettings) -> Result<Self, SetupError> {
        let ca = match &settings.jwks {
            JwksSource::Url { ca, .. } => ca.as_ref(),
            JwksSource::File(_) | JwksSource::Discovery => None,
        };
        let unread = |fault| SetupError::CaFile { issuer: settings.name.clone(), fault };
        let ca = ca.map(std::fs::read).transpose().map_err(unread)?;
        let issuer = &settings.expected.issuer;
        let known = settings.mapping.jwks_hosts(issuer.as_str()).iter().filter_map(|host| JwksHost::parse(host).ok());
        Ok(Self {
            issuer: issuer.clone(),
            source: settings.jwks.clone(),
            hosts: settings.jwks_hosts.iter().cloned().chain(known).collect(),
            fetcher: Fetcher::new(&settings.addresses, ca.as_deref(), settings.proxy.as_deref())?,
        })
    }

    /// Whether it is a file of this machine.
    pub(super) const fn is_file(&self) -> bool {
        matches!(self.source, JwksSource::File(_))
    }

    /// Reads the current keys.
    pub(super) async fn fetch(&self) -> Result<KeySet, KeysError> {
        let bytes = match &self.source {
            JwksSource::File(path) => {
                tokio::fs::read(path).await.map_err(|fault| KeysError::File { path: path.clone(), fault })?
            }
            JwksSource::Url { url, token_file, .. } => {
                let bearer = token_file.as_ref().map(std::fs::read_to_string).transpose().map_err(KeysError::TokenFile)?;
                self.fetcher.fetch(url, bearer.as_deref().map(str::trim), JWKS_BYTES_MAX).await?
            }
            JwksSource::Discovery => {
                let address = self.discover().await?;
                self.fetcher.fetch(&address, None, JWKS_BYTES_MAX).await?
            }
        };
        Ok(KeySet::import(&bytes)?)
    }

    /// OpenID Connect Discovery 1.0, section 4: the document has to be this issuer's own, byte for byte.
    async fn discover(&self) -> Result<String, DiscoveryError> {
        #[derive(serde::Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        let address = format!("{}/.well-known/openid-configuration", self.issuer.as_str().trim_end_matches('/'));
        let bytes = self.fetcher.fetch(&address, None, DISCOVERY_BYTES_MAX).await?;
        let document: Discovery = match serde_json::from_slice(&bytes) {
            Ok(document) => document,
            Err(fault) => return Err(DiscoveryError::Document { address, fault }),
        };
        if document.issuer != self.issuer.as_str() {
            return Err(DiscoveryError::OtherIssuer { address });
        }
        self.check_host(&address, &document.jwks_uri)?;
        Ok(document.jwks_uri)
    }

    /// The keys have to be at the issuer's own scheme and host, or by https at a host that the operator names or that the mapping
    /// knows. So somebody who can change only the document cannot choose other keys.
    pub(super) fn check_host(&self, address: &str, jwks_uri: &str) -> Result<(), DiscoveryError> {
        let shortened = || excerpt(jwks_uri, EXCERPT_CHARACTERS_MAX).into_owned();
        let parse = |text: &str| reqwest::Url::parse(text).map_err(|fault| DiscoveryError::Url { url: shortened(), fault });
        let (keys, issuer) = (parse(jwks_uri)?, parse(self.issuer.as_str())?);
        let own = keys.scheme() == issuer.scheme()
            && keys.host_str() == issuer.host_str()
            && keys.port_or_known_default() == issuer.port_or_known_default();
        match JwksHost::of(&keys) {
            _ if own => Ok(()),
            Some(host) if self.hosts.contains(&host) => Ok(()),
            Some(host) => Err(DiscoveryError::UnnamedHost { address: address.to_owned(), url: shortened(), host }),
            None => Err(DiscoveryError::OtherHost { address: address.to_owned(), url: shortened() }),
        }
    }
}
