//! Where an issuer's keys are: a file, a configured URL, or what its discovery document names.

use super::http::Fetcher;
use super::settings::{IssuerSettings, JwksSource};
use crate::token::{JWKS_BYTES_MAX, KeySet};
use crate::words::names::IssuerUrl;

/// Discovery documents are near 1 KiB; large ones 10.
const DISCOVERY_BYTES_MAX: usize = 64 * 1024;

/// Why there are no keys.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// They cannot be reached: another try may bring them.
    Unreached(String),
    /// They are there and are refused, as a private or symmetric key is: another try brings the same.
    Refused(String),
}

impl From<String> for Fault {
    fn from(cause: String) -> Self {
        Self::Unreached(cause)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Unreached(cause) | Self::Refused(cause)) = self;
        f.write_str(cause)
    }
}

/// One issuer's.
pub(super) struct Origin {
    issuer: IssuerUrl,
    source: JwksSource,
    hosts: Vec<String>,
    fetcher: Fetcher,
}

impl Origin {
    /// Nothing is read yet but the CA file.
    pub(super) fn new(settings: &IssuerSettings) -> Result<Self, String> {
        let ca = match &settings.jwks {
            JwksSource::Url { ca, .. } => ca.as_ref(),
            JwksSource::File(_) | JwksSource::Discovery => None,
        };
        let ca = ca.map(std::fs::read).transpose().map_err(|fault| format!("issuer {}: its CA file: {fault}", settings.name))?;
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
    pub(super) async fn fetch(&self) -> Result<KeySet, Fault> {
        let bytes = match &self.source {
            JwksSource::File(path) => tokio::fs::read(path).await.map_err(|fault| format!("{}: {fault}", path.display()))?,
            JwksSource::Url { url, token_file, .. } => {
                let bearer = token_file
                    .as_ref()
                    .map(std::fs::read_to_string)
                    .transpose()
                    .map_err(|fault| format!("its token file: {fault}"))?;
                self.fetcher.fetch(url, bearer.as_deref().map(str::trim), JWKS_BYTES_MAX).await?
            }
            JwksSource::Discovery => {
                let address = self.discover().await?;
                self.fetcher.fetch(&address, None, JWKS_BYTES_MAX).await?
            }
        };
        KeySet::import(&bytes).map_err(|fault| Fault::Refused(fault.to_string()))
    }

    /// OpenID Connect Discovery 1.0, section 4: the document has to be this issuer's own, byte for byte.
    async fn discover(&self) -> Result<String, String> {
        #[derive(serde::Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        let address = format!("{}/.well-known/openid-configuration", self.issuer.as_str().trim_end_matches('/'));
        let document: Discovery = serde_json::from_slice(&self.fetcher.fetch(&address, None, DISCOVERY_BYTES_MAX).await?)
            .map_err(|fault| format!("{address}: {fault}"))?;
        if document.issuer != self.issuer.as_str() {
            return Err(format!("{address}: the document is of another issuer"));
        }
        self.check_host(&document.jwks_uri)?;
        Ok(document.jwks_uri)
    }

    /// The keys are on the issuer's own host and scheme, or on a host that the operator names, by https.
    fn check_host(&self, jwks_uri: &str) -> Result<(), String> {
        let parse = |text: &str| reqwest::Url::parse(text).map_err(|fault| format!("{text}: {fault}"));
        let (keys, issuer) = (parse(jwks_uri)?, parse(self.issuer.as_str())?);
        let own = keys.scheme() == issuer.scheme()
            && keys.host_str() == issuer.host_str()
            && keys.port_or_known_default() == issuer.port_or_known_default();
        let named = keys.scheme() == "https" && self.hosts.iter().any(|host| Some(host.as_str()) == keys.host_str());
        if own || named { Ok(()) } else { Err(format!("{jwks_uri}: not on the issuer's host nor one of its `jwks_hosts`")) }
    }
}
