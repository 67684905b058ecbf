//! An age file's header, read as strictly as its specification says (c2sp.org/age): the age crate also takes the stanzas without
//! a last line that its first versions wrote.

use age_core::format::Stanza;
use age_core::format::read::age_stanza;

const VERSION: &[u8] = b"age-encryption.org/v1\n";
/// How the line of its authentication begins, which ends a header.
const END: &[u8] = b"\n--- ";

/// Stanzas of one header: SOPS writes one, and more recipients than this are a group of their own. Each costs a key agreement for each
/// identity.
pub const STANZAS_MAX: usize = 64;
/// The age crate adds a stanza of nobody's, so that readers stay ready for unknown ones.
pub(super) const RECIPIENTS_MAX: usize = STANZAS_MAX - 1;
/// As many lines as that many stanzas for RSA keys of 4,096 bits have, whose bodies are the longest (12 lines). The age crate reads a
/// header anew for each of its lines.
const LINES_MAX: usize = STANZAS_MAX * 13 + 2;
/// As many bytes as that many post-quantum stanzas have (some 1.6 KiB each), twice.
const BYTES_MAX: usize = 256 * 1024;

/// Whether it is read at all. Whoever pushes a file makes every look at its commit pay for it.
pub(super) fn is_bounded(file: &[u8]) -> bool {
    let Some(end) = file.windows(END.len()).take(BYTES_MAX).position(|window| window == END) else { return false };
    let mut lines = file[..end].split(|byte| *byte == b'\n');
    let stanzas = lines.clone().filter(|line| line.starts_with(b"-> ")).count();
    stanzas <= STANZAS_MAX && lines.by_ref().count() <= LINES_MAX
}

/// Whether it says that it is one of these.
pub(super) fn is_of_this_version(file: &[u8]) -> bool {
    file.starts_with(VERSION)
}

/// A header's stanzas, in their order. `None` where it is no good header of this version.
pub(in crate::secrets) fn stanzas(file: &[u8]) -> Option<Vec<Stanza>> {
    let mut rest = file.strip_prefix(VERSION).filter(|_| is_bounded(file))?;
    let mut stanzas = Vec::new();
    while rest.starts_with(b"-> ") {
        let (after, stanza) = age_stanza(rest).ok()?;
        stanzas.push(stanza.into());
        rest = after;
    }
    (rest.starts_with(b"--- ") && !stanzas.is_empty()).then_some(stanzas)
}
