//! The path that a file is bound to, as a stanza of its own. The header's MAC covers the stanza, it wraps no key, and age
//! implementations ignore stanzas of unknown kinds (c2sp.org/age).

use super::error::AgeError;
use crate::secrets::RepositoryPath;
use crate::words::excerpt;
use age::{EncryptError, Recipient};
use age_core::format::{FileKey, Stanza};
use std::collections::HashSet;

const KIND: &str = "daypass-path";
/// Age's libraries add stanzas of kinds that end like this and are for nobody (grease), so that readers keep ignoring unknown kinds.
const GREASE: &str = "-grease";
/// The writer of a file chooses the path in it, so errors show only so much of it.
const SHOWN_CHARACTERS: usize = 200;

/// Whether a stanza wraps no key: it holds the path, or is grease.
pub(in crate::secrets) fn is_bystander(stanza: &Stanza) -> bool {
    stanza.tag == KIND || stanza.tag.ends_with(GREASE)
}

/// Refuses a file whose header binds it to another path. A file that is bound to no path opens everywhere.
pub(in crate::secrets) fn check(stanzas: &[Stanza], here: &RepositoryPath) -> Result<(), AgeError> {
    let foreign = paths(stanzas).find(|path| path != here.as_str());
    foreign.map_or(Ok(()), |path| Err(AgeError::ForOtherPath { path: printable(&path), here: here.clone() }))
}

/// The paths that a file is bound to. A file that was encrypted here has at most one.
pub(in crate::secrets) fn paths(stanzas: &[Stanza]) -> impl Iterator<Item = String> {
    stanzas.iter().filter(|stanza| stanza.tag == KIND).map(|stanza| stanza.args.join(" "))
}

/// Such a path, made safe to print.
pub(in crate::secrets) fn printable(path: &str) -> String {
    excerpt(path, SHOWN_CHARACTERS).into_owned()
}

/// A recipient whose file is bound to a path. It keeps its labels: age refuses to mix recipients with different labels.
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
