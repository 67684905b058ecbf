//! Layer C: what is issued. One small file for each credential; reached only with a recorded grant.

mod aws;
mod bootstrap;
mod error;
pub mod github;
mod keypair;
mod own;
mod session;
mod signing;

pub use aws::{Aws, AwsMode, AwsSettings};
pub use bootstrap::Bootstrap;
pub use error::KeysError;
pub use keypair::SigningAlgorithm;
pub use own::{CloudIssuer, IdTokenIssuer, OwnIssuers};
pub use session::Sessions;
pub use signing::{KeyTold, Publication, SigningKeys};
