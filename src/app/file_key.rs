//! Finds the document that a request for a file key means, and opens the key.

use super::live::Live;
use super::secret::unreadable;
use crate::kind::FileKey;
use crate::policy::FileKeyTerms;
use crate::secrets::Header;
use crate::store::Licence;
use crate::words::names::{SecretName, SecretPath};
use crate::words::{Denial, Digest};

impl Live {
    /// The documents with a header that has all of these stanzas, and that header, whoever may read them. The header with the
    /// fewest other stanzas comes first, so that nobody gets ahead by copying these stanzas into a longer header.
    pub fn with_stanzas(&self, stanzas: &[Digest]) -> Vec<(SecretPath, Digest)> {
        let found = self.sources().flat_map(|(name, source)| {
            let full = move |path: &SecretPath| {
                if name.is_root() { Ok(path.clone()) } else { SecretPath::parse(&format!("{name}/{path}")) }
            };
            source.revision.with_stanzas(stanzas).filter_map(move |(path, header)| Some((full(path).ok()?, header)))
        });
        let mut found: Vec<(SecretPath, &Header)> = found.collect();
        found.sort_by_key(|(_, header)| header.stanza_count());
        found.into_iter().map(|(path, header)| (path, *header.id())).collect()
    }

    /// The file key of a granted document. Like the document itself, only its own source's identities open it.
    pub fn file_key(&self, licence: &Licence<'_, FileKeyTerms>) -> Result<FileKey, Denial> {
        let (source, terms) = (&licence.granted().source, licence.terms());
        let whole = SecretName { path: terms.document.clone(), key: None };
        let (in_force, within) = self.owned(source, &whole)?;
        let key = in_force.revision.file_key(&within.path, &terms.header, &in_force.followed.identities());
        let key = key.map_err(|fault| unreadable(&whole, fault))?;
        Ok(FileKey { document: terms.document.clone(), header: terms.header, key })
    }
}
