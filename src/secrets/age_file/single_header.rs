//! Identities that open a single header and keep its file key: for `age-plugin-daypass`, and for nothing else.

use super::stanza::Unwrapped;
use crate::secrets::Header;
use crate::words::{Digest, Secret};
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret;
use std::sync::{Mutex, PoisonError};

/// The one header, and its file key once it was opened.
pub(super) struct SingleHeader {
    header: Digest,
    file_key: Mutex<Option<Secret>>,
}

impl SingleHeader {
    pub(super) fn new(header: Digest) -> Self {
        Self { header, file_key: Mutex::new(None) }
    }

    pub(super) fn is(&self, header: &Header) -> bool {
        *header.id() == self.header
    }

    /// Takes the file key. Call it after the whole file opened: before that, nothing proves that the key is the file's own.
    pub(super) fn take_file_key(&self) -> Option<Secret> {
        self.file_key.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn see(&self, key: &FileKey) {
        *self.file_key.lock().unwrap_or_else(PoisonError::into_inner) = Some(Secret::new(key.expose_secret().to_vec()));
    }
}

/// An identity that also stores the file key in `only`, if there is one.
pub(super) struct ObservedIdentity<'a> {
    identity: &'a dyn age::Identity,
    only: Option<&'a SingleHeader>,
}

impl<'a> ObservedIdentity<'a> {
    pub(super) fn new(identity: &'a dyn age::Identity, only: Option<&'a SingleHeader>) -> Self {
        Self { identity, only }
    }
}

impl age::Identity for ObservedIdentity<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Unwrapped {
        let unwrapped = self.identity.unwrap_stanza(stanza);
        if let (Some(Ok(key)), Some(only)) = (&unwrapped, self.only) {
            only.see(key);
        }
        unwrapped
    }
}
