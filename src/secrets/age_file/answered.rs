//! File keys that a server returned for headers of documents, used in place of a private key: each opens its own file only.

use super::stanza::{Unwrapped, file_key};
use crate::secrets::header::stanza as digest;
use crate::words::{Digest, Secret};
use age_core::format::Stanza;

/// The file key of one header.
pub(super) struct Answered {
    stanzas: Vec<Digest>,
    key: Secret,
}

impl Answered {
    /// The key of this file, which is binary or armored. `None`: the file has no valid header.
    pub(super) fn new(file: &[u8], key: Secret) -> Option<Self> {
        Some(Self { stanzas: super::stanzas(file)?.iter().map(of).collect(), key })
    }
}

impl age::Identity for Answered {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Unwrapped {
        self.stanzas.contains(&of(stanza)).then(|| file_key(self.key.expose()))
    }
}

fn of(stanza: &Stanza) -> Digest {
    digest(&stanza.tag, &stanza.args, &stanza.body)
}
