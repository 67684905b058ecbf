//! Why the Apps of the configuration cannot be used.

use super::key::AppKeyError;
use crate::issuers::http::ClientError;
use std::path::PathBuf;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// Its private key.
    #[error("the key of the GitHub App `{app}`: {fault}")]
    Key {
        /// Whose.
        app: String,
        /// Why not.
        #[source]
        fault: AppKeyError,
    },
    /// The authorities of its GitHub.
    #[error("the `ca` of the GitHub App `{app}`: {}: {fault}", .path.display())]
    Authorities {
        /// Whose.
        app: String,
        /// Where they should be.
        path: PathBuf,
        /// Why not.
        #[source]
        fault: std::io::Error,
    },
    /// The way to its GitHub.
    #[error("the GitHub App `{app}`: {fault}")]
    Client {
        /// Whose.
        app: String,
        /// Why not.
        #[source]
        fault: ClientError,
    },
}
