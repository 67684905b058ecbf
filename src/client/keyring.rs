//! The keys that open an encrypted file for its editor: private keys, or a server that gives the key of that one file.

use super::server::Server;
use super::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{Identities, locked};

/// The source of keys.
pub enum Keyring {
    /// Private keys of this machine.
    Held(Identities),
    /// A server, for documents that it has in force and grants as a whole to this job or person.
    Server(Box<Server>),
}

impl Keyring {
    /// The identities for this file. Whether they open it is not tried here.
    pub async fn for_file(&self, bytes: &[u8]) -> Result<Identities, Failure> {
        let server = match self {
            Self::Held(identities) => return Ok(identities.clone()),
            Self::Server(server) => server,
        };
        let mut refused = Failure::new(STATUS_USAGE, "the file is not encrypted with age, so no server has a key for it");
        // There is a header for each recipient, and the server has the key of one.
        for age_file in locked(bytes) {
            match server.file_key(&age_file.stanzas).await {
                Ok(key) => {
                    let identities = Identities::of_file_key(&age_file.file, key);
                    return identities.map_err(|fault| Failure::new(STATUS_CONFIGURATION, fault));
                }
                Err(failure) => refused = or_identity(failure),
            }
        }
        Err(refused)
    }
}

/// Adds to the hint that an own key makes the server unnecessary.
fn or_identity(failure: Failure) -> Failure {
    let hint = failure.hint.as_deref().map(|hint| format!("{hint} ")).unwrap_or_default();
    failure.with_hint(format!(
        "{hint}If you have an age identity that opens the file, name it by --identity FILE: then no server is needed."
    ))
}
