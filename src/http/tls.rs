//! TLS 1.2 and 1.3 with the post-quantum exchange first; certificate and key are followed as their files change.

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The files are compared this often; Kubernetes and cert-manager swap them behind symbolic links.
pub const RELOAD_PAUSE: Duration = Duration::from_secs(10);

/// The certificate in use.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    loaded: ArcSwap<(Vec<u8>, Arc<ServerConfig>)>,
}

impl Certificate {
    /// Loads both files.
    pub fn load(chain: PathBuf, key: PathBuf) -> Result<Arc<Self>, String> {
        let loaded = read(&chain, &key)?;
        Ok(Arc::new(Self { chain, key, loaded: ArcSwap::from_pointee(loaded) }))
    }

    /// The configuration for the next connection.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.loaded.load().1.clone()
    }

    /// Follows the files; a broken pair keeps the old one, and is told.
    pub async fn follow(self: Arc<Self>, pause: Duration) {
        loop {
            tokio::time::sleep(pause).await;
            match read(&self.chain, &self.key) {
                Ok(new) if new.0 == self.loaded.load().0 => {}
                Ok(new) => {
                    tracing::info!(certificate = %self.chain.display(), "a new certificate is in use");
                    self.loaded.store(Arc::new(new));
                }
                Err(fault) => tracing::error!(%fault, "the certificate's files are broken; the old one stays in use"),
            }
        }
    }
}

/// The configuration, and the certificate chain by which a change is seen.
fn read(chain: &PathBuf, key: &PathBuf) -> Result<(Vec<u8>, Arc<ServerConfig>), String> {
    let fault = |path: &PathBuf, fault: &dyn std::fmt::Display| format!("{}: {fault}", path.display());
    let bytes = std::fs::read(chain).map_err(|error| fault(chain, &error))?;
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>().map_err(|error| fault(chain, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, &error))?;
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let builder = ServerConfig::builder_with_protocol_versions(&versions).with_no_client_auth();
    let mut config = builder.with_single_cert(certificates, private).map_err(|error| fault(chain, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((bytes, Arc::new(config)))
}
