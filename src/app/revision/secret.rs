//! Opens a document of a revision, or the granted part of it.

use super::Revision;
use crate::app::not_in_force::NoValue;
use crate::policy::SecretTerms;
use crate::secrets::{self, DocumentPart, Identities, Plaintext, Unauthenticated, Unopened};
use crate::words::names::SecretName;

impl Revision {
    /// Opens one of its secrets, or the granted part of it, by its name within this source.
    pub fn open_secret(&self, name: &SecretName, terms: &SecretTerms, identities: &Identities) -> Result<Plaintext, NoValue> {
        let bytes = self.secrets.get(&name.path).ok_or_else(|| self.why_not_in_force(&format!("secrets/{}", name.path)))?;
        Ok(open_granted(name, bytes, terms, identities)?)
    }
}

/// Opens the granted part of a document.
pub(in crate::app) fn open_granted(
    name: &SecretName,
    bytes: &[u8],
    terms: &SecretTerms,
    identities: &Identities,
) -> Result<Plaintext, Unopened> {
    let part = match (&terms.only, &name.key) {
        (Some(keys), _) => DocumentPart::Values(keys),
        (None, Some(key)) => DocumentPart::Value(key),
        (None, None) => DocumentPart::Whole,
    };
    let unauthenticated = if terms.unauthenticated { Unauthenticated::Give } else { Unauthenticated::Refuse };
    secrets::open_part(&name.path, bytes, part, identities, unauthenticated)
}
