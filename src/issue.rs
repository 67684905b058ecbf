//! Layer C: issues credentials. Each credential has a module, and none is issued without a recorded grant.

/// Passes the list of all providers to a macro: the provider's section of the configuration, and the kind that it makes.
macro_rules! each_provider {
    ($($then:tt)*) => {
        $($then)*! {
            aws: Aws(AwsTarget);
            github: GitHub(GitHubTarget);
            azure: Azure(AzureTarget);
            token_exchange: TokenExchange(TokenExchangeTarget);
            gcp: Gcp(GcpTarget);
        }
    };
}
pub(crate) use each_provider;

mod aws;
mod azure;
mod error;
pub mod gcp;
pub mod github;
mod id_token;
mod keypair;
mod misfit;
mod outward;
mod own;
mod provider;
mod rate_limit;
mod reach;
mod revocable;
mod session;
mod shell;
mod signing;
mod terraform;
mod token_exchange;

pub use aws::{AUDIENCE as AWS_AUDIENCE, Aws, AwsMode, AwsSettings, Bootstrap};
pub use azure::AzureBootstrap;
pub use error::KeysError;
pub use keypair::SigningAlgorithm;
pub use misfit::ProviderMismatch;
pub use outward::ProviderClientError;
pub(crate) use outward::{AddressError, address};
pub use own::{CloudIssuer, IdTokenIssuer, OwnIssuers};
pub use provider::{ConnectError, Connected, Endpoint, Places, ProviderKind, ProviderSettings, Providers};
pub use rate_limit::RateLimit;
pub use reach::{ReachError, Reachability};
pub use revocable::{RevocableToken, RevocationHandle, TokenSeal};
pub use session::Sessions;
pub use signing::{Publication, SigningKeys};
