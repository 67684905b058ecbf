//! Says on standard error what stays in clear: who gives a value to be encrypted believes that it is.

use crate::secrets::{SopsFile, turned_readable};
use crate::words::names::SecretPath;
use crate::words::plain;
use std::path::Path;

/// Of a document that was encrypted as a whole; `before` is what its file held. What a rule leaves in clear by naming what it
/// encrypts, as for Kubernetes, is meant, unless that is all.
pub(super) fn tell_of_document(file: &Path, path: &SecretPath, before: &[u8], after: &[u8]) {
    let Ok(mut sops) = SopsFile::parse(path, after) else { return };
    let (clear, all) = sops.clear_values();
    let told = if all {
        ": nothing of it is encrypted".to_owned()
    } else if let Some(turned) = turned_readable(path, before, after) {
        format!(" {turned}")
    } else if sops.names_what_is_clear() && before.is_empty() && !clear.is_empty() {
        format!(": {} in clear", clear.join(", "))
    } else {
        return;
    };
    tell(file, &told, &sops);
}

/// Of one value.
pub(super) fn tell_of_value(file: &Path, path: &SecretPath, pointer: &str, after: &[u8]) {
    if let Ok(sops) = SopsFile::parse(path, after)
        && sops.is_clear(pointer)
    {
        tell(file, &format!(": {pointer} stays in clear"), &sops);
    }
}

fn tell(file: &Path, what: &str, sops: &SopsFile) {
    anstream::eprintln!("{}{}, by `{}`", file.display(), plain(what), plain(&sops.setting()));
}
