//! Why an issuer's keys cannot be read.

use super::http::{ClientError, FetchError, UrlError};
use super::jwks_host::JwksHost;
use crate::token::KeySetError;
use crate::words::PlainPath;
use crate::words::names::IssuerName;
use std::io;
use std::path::PathBuf;

/// Why an issuer cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file of its authority cannot be read.
    #[error("issuer {issuer}: its CA file: {fault}")]
    CaFile {
        /// Its name in the configuration.
        issuer: IssuerName,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// Its HTTP client cannot be made.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeysError {
    /// Their file cannot be read.
    #[error("{}: {fault}", .path.plain())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The file of the bearer token for the request cannot be read.
    #[error("its token file: {0}")]
    TokenFile(#[source] io::Error),
    /// They cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The issuer does not say where they are.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// A fetch failed a moment ago, and is not repeated yet.
    #[error("the last try failed a moment ago")]
    JustFailed,
    /// They were fetched and refused, as a set with a private or symmetric key is. Another try would bring the same.
    #[error(transparent)]
    Refused(#[from] KeySetError),
}

/// Why a discovery document does not lead to keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiscoveryError {
    /// It cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is malformed.
    #[error("{address}: {fault}")]
    Document {
        /// Where it is.
        address: String,
        /// Why not.
        #[source]
        fault: serde_json::Error,
    },
    /// It names another issuer.
    #[error("{address}: the document is of another issuer")]
    OtherIssuer {
        /// Where it is.
        address: String,
    },
    /// An address in it is malformed.
    #[error("{url}: {fault}")]
    Url {
        /// The address as written.
        url: String,
        /// Why not.
        #[source]
        fault: UrlError,
    },
    /// It names a host for the keys that the operator does not allow.
    #[error(
        "{address} says that the keys are at {url}, which is not the issuer's host: if the issuer documents that host, write \
         `jwks_hosts: [{host}]`"
    )]
    UnnamedHost {
        /// The document's address.
        address: String,
        /// The keys' address.
        url: String,
        /// The keys' host.
        host: JwksHost,
    },
    /// It names another host without https, which `jwks_hosts` cannot allow.
    #[error("{address} says that the keys are at {url}, which is neither on the issuer's own host and port nor https")]
    OtherHost {
        /// The document's address.
        address: String,
        /// The keys' address.
        url: String,
    },
}
