//! What opens an encrypted file for its editor: private keys at hand, or a server that gives out the key of that one file.

use super::server::Server;
use super::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{Identities, locked};

/// What opens files.
pub enum Keyring {
    /// Private keys of this machine.
    Held(Identities),
    /// A server, for documents that it has in force and grants whole to this job or person.
    Server(Box<Server>),
}

impl Keyring {
    /// What opens this file, as far as it is known before it is tried.
    pub async fn for_file(&self, bytes: &[u8]) -> Result<Identities, Failure> {
        let server = match self {
            Self::Held(identities) => return Ok(identities.clone()),
            Self::Server(server) => server,
        };
        let mut refused = Failure::new(STATUS_USAGE, "the file is not encrypted with age: there is no key to ask a server for");
        // A header for each recipient, and the server has the key of one.
        for age_file in locked(bytes) {
            match server.file_key(&age_file.stanzas).await {
                Ok(key) => {
                    let made = Identities::of_file_key(&age_file.file, key);
                    return made.map_err(|fault| Failure::new(STATUS_CONFIGURATION, fault));
                }
                Err(failure) => refused = or_identity(failure),
            }
        }
        Err(refused)
    }
}

/// Whoever holds a key that opens the file needs no server.
fn or_identity(failure: Failure) -> Failure {
    let hint = failure.hint.as_deref().map(|hint| format!("{hint} ")).unwrap_or_default();
    failure.advising(format!(
        "{hint}Whoever has an age identity that opens the file names it by --identity FILE, and no server is asked."
    ))
}
