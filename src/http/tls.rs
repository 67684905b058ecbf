//! TLS 1.2 and 1.3 with the post-quantum key exchange first. Certificate and key are reloaded when their files change.

mod error;
mod files;

pub use error::{ChainError, TlsError};

use super::hostname;
use super::validity::Validity;
use crate::answers::CertificateFault;
use crate::words::PlainPath;
use crate::words::names::IssuerUrl;
use arc_swap::ArcSwap;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often the files are compared; Kubernetes and cert-manager swap them behind symbolic links.
pub const RELOAD_PAUSE: Duration = Duration::from_secs(10);

/// The certificate in use.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    loaded: ArcSwap<Loaded>,
}

/// The files as they were read.
struct Loaded {
    /// The bytes of the certificates, to detect a change.
    bytes: Vec<u8>,
    config: Arc<ServerConfig>,
    validity: Validity,
    /// The server's own certificate, the first of the chain.
    own: CertificateDer<'static>,
}

impl Certificate {
    /// Loads both files.
    pub fn load(chain: PathBuf, key: PathBuf) -> Result<Arc<Self>, TlsError> {
        Self::load_for(chain, key, None)
    }

    /// Loads them for clients that have to show a certificate of this authority, where there is one.
    pub fn load_for(chain: PathBuf, key: PathBuf, client_ca: Option<PathBuf>) -> Result<Arc<Self>, TlsError> {
        let loaded = read(&chain, &key, client_ca.as_deref())?;
        Ok(Arc::new(Self { chain, key, client_ca, loaded: ArcSwap::from_pointee(loaded) }))
    }

    /// The configuration for the next connection.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.loaded.load().config.clone()
    }

    /// From when until when it is valid.
    pub fn validity(&self) -> Validity {
        self.loaded.load().validity
    }

    /// Why clients that reach us by this address refuse it, apart from its times.
    pub fn fault_for(&self, public_url: &IssuerUrl) -> Option<CertificateFault> {
        hostname::fault(&self.loaded.load().own, public_url)
    }

    /// The chain's file.
    pub fn path(&self) -> &Path {
        &self.chain
    }

    /// Follows the files. If the new pair is broken, the old one stays in use and the log says so.
    pub async fn follow(self: Arc<Self>, pause: Duration) {
        loop {
            tokio::time::sleep(pause).await;
            match read(&self.chain, &self.key, self.client_ca.as_deref()) {
                Ok(new) if new.bytes == self.loaded.load().bytes => {}
                Ok(new) => {
                    tracing::info!(certificate = %self.chain.plain(), "a new certificate is in use");
                    self.loaded.store(Arc::new(new));
                }
                Err(fault) => tracing::error!(%fault, "the certificate's files are broken; the old one stays in use"),
            }
        }
    }
}

fn read(chain: &Path, key: &Path, client_ca: Option<&Path>) -> Result<Loaded, TlsError> {
    let wrong = |path: &Path, fault: ChainError| TlsError::Chain { path: path.to_owned(), fault };
    let mut bytes = files::read(chain).map_err(|fault| wrong(chain, fault.into()))?;
    let certificates = files::certificates(&bytes).map_err(|fault| wrong(chain, fault))?;
    let validity = Validity::of(&certificates).map_err(|fault| wrong(chain, fault))?;
    let own = certificates.first().cloned().ok_or_else(|| wrong(chain, ChainError::Empty))?;
    let private = files::key(key).map_err(|fault| TlsError::Key { path: key.to_owned(), fault })?;
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let builder = ServerConfig::builder_with_protocol_versions(&versions);
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let pem = files::read(authority).map_err(|fault| wrong(authority, fault.into()))?;
            let verifier = verifier(&pem).map_err(|fault| wrong(authority, fault))?;
            bytes.extend(pem);
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(certificates, private).map_err(|fault| files::no_pair(chain, key, fault))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Loaded { bytes, config: Arc::new(config), validity, own })
}

/// Lets in whoever shows a certificate of one of these authorities.
fn verifier(pem: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, ChainError> {
    let mut roots = RootCertStore::empty();
    for certificate in files::certificates(pem)? {
        roots.add(certificate).map_err(|_| ChainError::Unreadable)?;
    }
    Ok(WebPkiClientVerifier::builder(Arc::new(roots)).build()?)
}

#[cfg(test)]
mod tests;
