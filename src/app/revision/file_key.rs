//! Finds documents by their headers, and opens the file key of one.

use super::Revision;
use crate::app::not_in_force::{NoValue, NotInForce};
use crate::secrets::{self, Header, Identities, Unopened};
use crate::words::names::SecretPath;
use crate::words::{Digest, Secret};

impl Revision {
    /// The documents with a header that has all of these stanzas, by their names within this source.
    pub fn with_stanzas(&self, stanzas: &[Digest]) -> impl Iterator<Item = (&SecretPath, &Header)> {
        let each = self.headers.iter().flat_map(|(path, headers)| headers.iter().map(move |header| (path, header)));
        each.filter(|(_, header)| header.has(stanzas))
    }

    /// The file key of one header of a document.
    pub fn file_key(&self, document: &SecretPath, header: &Digest, identities: &Identities) -> Result<Secret, NoValue> {
        let bytes = self.secrets.get(document).ok_or(NotInForce::Gone)?;
        Ok(secrets::file_key(document, bytes, header, identities).map_err(Unopened::from)?)
    }
}
