//! Where an issuer's keys are: a file, a configured URL, or what its discovery document names.

use super::error::{DiscoveryError, KeysError, SetupError};
use super::http::Fetcher;
use super::settings::{IssuerSettings, JwksSource};
use crate::token::{JWKS_BYTES_MAX, KeySet};
use crate::words::names::IssuerUrl;

/// Discovery documents are near 1 KiB; large ones 10.
const DISCOVERY_BYTES_MAX: usize = 64 * 1024;

/// One issuer's.
pub(super) struct Origin {
    issuer: IssuerUrl,
    source: JwksSource,
    hosts: Vec<String>,
    fetcher: Fetcher,
}

impl Origin {
    /// Nothing is read yet but the CA file.
    pub(super) fn new(settings: &IssuerSettings) -> Result<Self, SetupError> {
        let ca = match &settings.jwks {
            JwksSource::Url { ca, .. } => ca.as_ref(),
            JwksSource::File(_) | JwksSource::Discovery => None,
        };
        let unread = |fault| SetupError::CaFile { issuer: settings.name.clone(), fault };
        let ca = ca.map(std::fs::read).transpose().map_err(unread)?;
        Ok(Self {
            issuer: settings.expected.issuer.clone(),
            source: settings.jwks.clone(),
            hosts: settings.jwks_hosts.clone(),
            fetcher: Fetcher::new(&settings.addresses, ca.as_deref(), settings.proxy.as_deref())?,
        })
    }

    /// Whether it is a file of this machine.
    pub(super) const fn is_file(&self) -> bool {
        matches!(self.source, JwksSource::File(_))
    }

    /// The keys as they are there now.
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
        self.check_host(&document.jwks_uri)?;
        Ok(document.jwks_uri)
    }

    /// The keys are on the issuer's own host and scheme, or on a host that the operator names, by https.
    fn check_host(&self, jwks_uri: &str) -> Result<(), DiscoveryError> {
        let parse = |text: &str| reqwest::Url::parse(text).map_err(|fault| DiscoveryError::Url { url: text.to_owned(), fault });
        let (keys, issuer) = (parse(jwks_uri)?, parse(self.issuer.as_str())?);
        let own = keys.scheme() == issuer.scheme()
            && keys.host_str() == issuer.host_str()
            && keys.port_or_known_default() == issuer.port_or_known_default();
        let named = keys.scheme() == "https" && self.hosts.iter().any(|host| Some(host.as_str()) == keys.host_str());
        if own || named { Ok(()) } else { Err(DiscoveryError::OtherHost { url: jwks_uri.to_owned() }) }
    }
}
