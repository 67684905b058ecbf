//! Headers of age files, in the form in which they are compared.

use crate::words::Digest;

/// One header: the digests of its stanzas, in order.
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

    /// The digest that names it.
    pub const fn id(&self) -> &Digest {
        &self.id
    }

    /// The number of its stanzas.
    pub fn stanza_count(&self) -> usize {
        self.stanzas.len()
    }

    /// Whether it has all of these stanzas. Never true for an empty list.
    pub fn has(&self, stanzas: &[Digest]) -> bool {
        !stanzas.is_empty() && stanzas.iter().all(|stanza| self.stanzas.contains(stanza))
    }
}

/// The digest of a stanza in a header: of its kind, its arguments and its body.
pub fn stanza(kind: &str, arguments: &[String], body: &[u8]) -> Digest {
    let parts = std::iter::once(kind.as_bytes()).chain(arguments.iter().map(String::as_bytes)).chain([body]);
    Digest::of(&parts.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_its_own_stanzas_and_no_header_has_an_empty_list() {
        let (one, other) = (stanza("X25519", &["a".to_owned()], b"1"), stanza("X25519", &["b".to_owned()], b"1"));
        let header = Header::new(vec![one, other]);
        assert!(header.has(&[one]) && header.has(&[other, one]));
        assert!(!header.has(&[]) && !header.has(&[Digest::plain(b"")]) && !header.has(&[one, Digest::plain(b"")]));
    }
}
