//! Identities that open a single header and keep its file key: for `age-plugin-daypass`, and for nothing else.

use super::stanza::Unwrapped;
use crate::secrets::Header;
use crate::words::{Digest, Secret};
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret;
use std::sync::{Mutex, PoisonError};

/// The one header, and its file key once it was opened.
pub(super) struct Only {
    header: Digest,
    seen: Mutex<Option<Secret>>,
}

impl Only {
    pub(super) fn new(header: Digest) -> Self {
        Self { header, seen: Mutex::new(None) }
    }

    pub(super) fn is(&self, header: &Header) -> bool {
        *header.id() == self.header
    }

    /// Takes the file key. Call it after the whole file opened: before that, nothing proves that the key is the file's own.
    pub(super) fn seen(&self) -> Option<Secret> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn see(&self, key: &FileKey) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Secret::new(key.expose_secret().to_vec()));
    }
}

/// An identity that also stores the file key in `only`, if there is one.
pub(super) struct Watched<'a> {
    identity: &'a dyn age::Identity,
    only: Option<&'a Only>,
}

impl<'a> Watched<'a> {
    pub(super) fn new(identity: &'a dyn age::Identity, only: Option<&'a Only>) -> Self {
        Self { identity, only }
    }
}

impl age::Identity for Watched<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Unwrapped {
        let unwrapped = self.identity.unwrap_stanza(stanza);
        if let (Some(Ok(key)), Some(only)) = (&unwrapped, self.only) {
            only.see(key);
        }
        unwrapped
    }
}
