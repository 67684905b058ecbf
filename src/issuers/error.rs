//! Why an issuer's keys are not had.

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
    /// Its authority's file.
    #[error("issuer {issuer}: its CA file: {fault}")]
    CaFile {
        /// Its name in the configuration.
        issuer: IssuerName,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// Nothing could be fetched.
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
    /// The file of the token that is shown for them cannot be read.
    #[error("its token file: {0}")]
    TokenFile(#[source] io::Error),
    /// They cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The issuer does not say where they are.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// Nobody tries again so soon.
    #[error("the last try failed a moment ago")]
    JustFailed,
    /// They are there and are refused, as a private or symmetric key is: another try brings the same.
    #[error(transparent)]
    Refused(#[from] KeySetError),
}

/// Why a discovery document leads to no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiscoveryError {
    /// It cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is none.
    #[error("{address}: {fault}")]
    Document {
        /// Where it is.
        address: String,
        /// Why not.
        #[source]
        fault: serde_json::Error,
    },
    /// It says that it is somebody else's.
    #[error("{address}: the document is of another issuer")]
    OtherIssuer {
        /// Where it is.
        address: String,
    },
    /// An address in it is none.
    #[error("{url}: {fault}")]
    Url {
        /// It, as it is written.
        url: String,
        /// Why not.
        #[source]
        fault: UrlError,
    },
    /// The keys are where nobody said that they would be.
    #[error(
        "{address} says that the keys are at {url}, which is not the issuer's host: if the issuer documents that host, write \
         `jwks_hosts: [{host}]`"
    )]
    UnnamedHost {
        /// The document's address.
        address: String,
        /// That of the keys.
        url: String,
        /// Where that is.
        host: JwksHost,
    },
    /// The same without https: no `jwks_hosts` could name it.
    #[error("{address} says that the keys are at {url}, which is neither on the issuer's own host and port nor https")]
    OtherHost {
        /// The document's address.
        address: String,
        /// That of the keys.
        url: String,
    },
}
