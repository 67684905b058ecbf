//! An age file's header, read as strictly as its specification says (c2sp.org/age): the age crate also takes the stanzas without
//! a last line that its first versions wrote.

use age_core::format::Stanza;
use age_core::format::read::age_stanza;

const VERSION: &[u8] = b"age-encryption.org/v1\n";

/// A header's stanzas, in their order. `None` where it is no good header of this version.
pub(in crate::secrets) fn stanzas(file: &[u8]) -> Option<Vec<Stanza>> {
    let mut rest = file.strip_prefix(VERSION)?;
    let mut stanzas = Vec::new();
    while rest.starts_with(b"-> ") {
        let (after, stanza) = age_stanza(rest).ok()?;
        stanzas.push(stanza.into());
        rest = after;
    }
    (rest.starts_with(b"--- ") && !stanzas.is_empty()).then_some(stanzas)
}
