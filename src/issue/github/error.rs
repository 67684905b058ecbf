//! Why the Apps of the configuration cannot be used.

use super::key::AppKeyError;
use crate::issue::ProviderClientError;

/// Why an App of the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// Its private key.
    #[error("the key of the GitHub App `{app}`: {fault}")]
    Key {
        /// Whose.
        app: String,
        /// The cause.
        #[source]
        fault: AppKeyError,
    },
    /// The client for its GitHub.
    #[error("the GitHub App `{app}`: {fault}")]
    Way {
        /// Whose.
        app: String,
        /// The cause.
        #[source]
        fault: ProviderClientError,
    },
}
