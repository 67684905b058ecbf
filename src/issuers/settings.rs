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
    /// How its claims are read.
    pub mapping: Arc<Mapping>,
    /// What its tokens have to be.
    pub expected: Expected,
    /// Where its keys are.
    pub jwks: JwksSource,
    /// Further hosts that its discovery document may name for the keys.
    pub jwks_hosts: Vec<JwksHost>,
    /// The private networks in which it may be; without any, only public addresses are contacted.
    pub addresses: Vec<Network>,
    /// A proxy, which is never taken from the environment.
    pub proxy: Option<String>,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug)]
pub enum JwksSource {
    /// OpenID Connect discovery.
    Discovery,
    /// A file, followed live.
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
