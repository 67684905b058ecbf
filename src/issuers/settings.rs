//! What the configuration says of one issuer.

use super::{JwksHost, Network};
use crate::identity::Mapping;
use crate::token::Expected;
use crate::words::names::IssuerName;
use std::path::PathBuf;
use std::sync::Arc;

/// One issuer of the configuration.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// Its name.
    pub name: IssuerName,
    /// The mapping of its claims.
    pub mapping: Arc<Mapping>,
    /// The requirements for its tokens.
    pub expected: Expected,
    /// Where its keys are.
    pub jwks: JwksSource,
    /// Further hosts that its discovery document may name for the keys.
    pub jwks_hosts: Vec<JwksHost>,
    /// The private networks that it may be in. If there are none, only public addresses are contacted.
    pub addresses: Vec<Network>,
    /// A proxy. The environment never sets one.
    pub proxy: Option<String>,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug)]
pub enum JwksSource {
    /// OpenID Connect discovery.
    Discovery,
    /// A file, which is read again when it changes.
    File(PathBuf),
    /// An address of its own, such as a private Kubernetes API server's.
    Url {
        /// The address.
        url: String,
        /// A CA to trust, PEM; the system's otherwise.
        ca: Option<PathBuf>,
        /// A file with a bearer token, read anew for each fetch.
        token_file: Option<PathBuf>,
    },
}
