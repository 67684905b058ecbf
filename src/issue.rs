//! Layer C: what is issued. One small file for each credential; reached only with a recorded grant.

mod aws;
mod bootstrap;
mod credential;
mod error;
mod keypair;
mod own;
mod secret;
mod session;
mod signing;

pub use aws::{Aws, AwsMode, AwsSettings};
pub use bootstrap::Bootstrap;
pub use credential::{AwsCredential, Credential, FileKey, IdToken};
pub use error::KeysError;
pub use keypair::SigningAlgorithm;
pub use own::{CloudIssuer, IdTokenIssuer, OwnIssuers};
pub use secret::OpenedSecret;
pub use session::Sessions;
pub use signing::{KeyTold, Publication, SigningKeys};
