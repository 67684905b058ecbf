//! The path for which a file was encrypted, as a stanza of its own: the header's MAC covers it, it wraps no key, and readers of age
//! pass over stanzas that they do not know (c2sp.org/age).

use super::error::AgeError;
use crate::secrets::RepositoryPath;
use crate::words::plain;
use age::{EncryptError, Recipient};
use age_core::format::{FileKey, Stanza};
use std::collections::HashSet;

const KIND: &str = "daypass-path";
/// A stanza that is for nobody: age's libraries add some, so that readers get used to kinds that they do not know.
const GREASE: &str = "-grease";
/// A path in a fault is whatever the file's writer chose.
const SHOWN_CHARACTERS: usize = 200;

/// Whether a stanza wraps no key.
pub(in crate::secrets) fn is_bystander(stanza: &Stanza) -> bool {
    stanza.tag == KIND || stanza.tag.ends_with(GREASE)
}

/// Whether a file of this header opens at this path: it is bound to it, or to none.
pub(in crate::secrets) fn check(stanzas: &[Stanza], here: &RepositoryPath) -> Result<(), AgeError> {
    let foreign = paths(stanzas).find(|path| path != here.as_str());
    foreign.map_or(Ok(()), |path| Err(AgeError::ForOtherPath { path: shown(&path), here: here.clone() }))
}

/// The paths that it is bound to: one, where it is as it is written here.
pub(in crate::secrets) fn paths(stanzas: &[Stanza]) -> impl Iterator<Item = String> {
    stanzas.iter().filter(|stanza| stanza.tag == KIND).map(|stanza| stanza.args.join(" "))
}

/// Such a path, made fit to be shown.
pub(in crate::secrets) fn shown(path: &str) -> String {
    plain(path).chars().take(SHOWN_CHARACTERS).collect()
}

/// A recipient whose file is bound to a path. Its labels stay its own, for recipients of other labels are not mixed with it.
pub(super) struct Bound<'a> {
    pub(super) recipient: &'a dyn Recipient,
    pub(super) path: Option<&'a RepositoryPath>,
}

impl Recipient for Bound<'_> {
    fn wrap_file_key(&self, key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let (mut stanzas, labels) = self.recipient.wrap_file_key(key)?;
        let bound = |path: &RepositoryPath| Stanza { tag: KIND.to_owned(), args: vec![path.to_string()], body: Vec::new() };
        stanzas.extend(self.path.map(bound));
        Ok((stanzas, labels))
    }
}
