//! Layer C: what is issued. One small file for each credential; reached only with a recorded grant.

mod aws;
mod bootstrap;
mod error;
pub mod github;
mod keypair;
mod own;
mod provider;
mod session;
mod signing;

pub use aws::{Aws, AwsMode, AwsSettings};
pub use bootstrap::Bootstrap;
pub use error::{ConnectError, KeysError};
pub use keypair::SigningAlgorithm;
pub use own::{CloudIssuer, IdTokenIssuer, OwnIssuers};
pub(crate) use provider::each_provider;
pub use provider::{Connected, Places, Provided, ProviderSettings, Providers};
pub use session::Sessions;
pub use signing::{KeyTold, Publication, SigningKeys};
