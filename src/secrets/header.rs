//! The header of an age file, as one is compared with another.

use crate::words::Digest;

/// One header: each of its stanzas, in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    id: Digest,
    stanzas: Vec<Digest>,
}

impl Header {
    pub(super) fn new(stanzas: Vec<Digest>) -> Self {
        let parts: Vec<&[u8]> = stanzas.iter().map(|stanza| &stanza.as_bytes()[..]).collect();
        Self { id: Digest::of(&parts), stanzas }
    }

    /// By which it is named.
    pub const fn id(&self) -> &Digest {
        &self.id
    }

    /// How many stanzas it has.
    pub fn stanza_count(&self) -> usize {
        self.stanzas.len()
    }

    /// Whether it has every one of these stanzas.
    pub fn has(&self, stanzas: &[Digest]) -> bool {
        !stanzas.is_empty() && stanzas.iter().all(|stanza| self.stanzas.contains(stanza))
    }
}

/// A stanza as it stands in a header: its kind, its arguments, and its body.
pub fn stanza(kind: &str, arguments: &[String], body: &[u8]) -> Digest {
    let parts = std::iter::once(kind.as_bytes()).chain(arguments.iter().map(String::as_bytes)).chain([body]);
    Digest::of(&parts.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_its_own_stanzas_and_nothing_has_none() {
        let (one, other) = (stanza("X25519", &["a".to_owned()], b"1"), stanza("X25519", &["b".to_owned()], b"1"));
        let header = Header::new(vec![one, other]);
        assert!(header.has(&[one]) && header.has(&[other, one]));
        assert!(!header.has(&[]) && !header.has(&[Digest::plain(b"")]) && !header.has(&[one, Digest::plain(b"")]));
    }
}
