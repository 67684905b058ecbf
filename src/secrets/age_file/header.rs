//! Reads an age file's header as strictly as its specification says (c2sp.org/age). The age crate is laxer: it also accepts stanzas
//! without a last line, which its first versions wrote.

use age_core::format::Stanza;
use age_core::format::read::age_stanza;

const VERSION: &[u8] = b"age-encryption.org/v1\n";
/// The start of the line with the MAC, which ends a header.
const END: &[u8] = b"\n--- ";

/// The stanzas of one header. SOPS writes one, and more recipients than this should be a group of their own. Each stanza costs a
/// key agreement for each identity.
pub const STANZAS_MAX: usize = 64;
/// One stanza less than the maximum: the age crate adds one that is for nobody (grease).
pub(super) const RECIPIENTS_MAX: usize = STANZAS_MAX - 1;
/// The lines of so many stanzas for RSA keys of 4,096 bits, whose bodies are the longest (12 lines). The number is limited because
/// the age crate parses a header anew for each of its lines.
const LINES_MAX: usize = STANZAS_MAX * 13 + 2;
/// Twice the bytes of so many post-quantum stanzas, which have about 1.6 KiB each.
const BYTES_MAX: usize = 256 * 1024;

/// Whether a header is small enough to be read. Anybody who can push a file makes every reading of its commit pay for it.
pub(super) fn is_bounded(file: &[u8]) -> bool {
    let Some(end) = file.windows(END.len()).take(BYTES_MAX).position(|window| window == END) else { return false };
    let mut lines = file[..end].split(|byte| *byte == b'\n');
    let stanzas = lines.clone().filter(|line| line.starts_with(b"-> ")).count();
    stanzas <= STANZAS_MAX && lines.by_ref().count() <= LINES_MAX
}

/// Whether the file claims to be of this version.
pub(super) fn is_of_this_version(file: &[u8]) -> bool {
    file.starts_with(VERSION)
}

/// A header's stanzas, in order. `None` if it is not a valid header of this version.
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
