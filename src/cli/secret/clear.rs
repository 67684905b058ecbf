//! Reports what stays in clear: on standard error when something is encrypted, and in `status` and `hook`.

use crate::client::note;
use crate::secrets::{SopsFile, turned_readable};
use crate::words::names::SecretPath;
use crate::words::{PlainPath, plain};
use std::path::Path;

/// How many places of one file are listed.
const LISTED_MAX: usize = 3;

/// For a document that was encrypted as a whole; `before` is the file's old content. A rule that names what it encrypts, as for
/// Kubernetes, leaves the rest in clear on purpose, unless that is everything.
pub(super) fn report_document(file: &Path, path: &SecretPath, before: &[u8], after: &[u8]) {
    let Ok(mut sops) = SopsFile::parse(path, after) else { return };
    let (clear, all) = sops.clear_values();
    let detail = if all {
        ": nothing of it is encrypted".to_owned()
    } else if let Some(turned) = turned_readable(path, before, after) {
        format!(" {turned}")
    } else if let Some(fresh) = some_of(&newly_clear(path, before, &clear)).filter(|_| sops.names_what_is_clear()) {
        format!(": {fresh} in clear")
    } else {
        return;
    };
    report(file, &detail, &sops);
}

/// The values that were not in clear in the file before: whoever writes the same again was told already.
fn newly_clear(path: &SecretPath, before: &[u8], clear: &[String]) -> Vec<String> {
    let known = SopsFile::parse(path, before).map(|mut before| before.clear_values().0).unwrap_or_default();
    clear.iter().filter(|place| !known.contains(place)).cloned().collect()
}

/// What stays in clear of a document that should be encrypted completely, and by which rule.
pub(super) fn left_in_clear(path: &SecretPath, bytes: &[u8]) -> Option<String> {
    let Ok(mut sops) = SopsFile::parse(path, bytes) else { return Some("what was encrypted cannot be read".to_owned()) };
    let places = some_of(&sops.clear_values().0)?;
    Some(format!("{places} would stay in clear, by `{}`", plain(&sops.setting())))
}

/// For one value.
pub(super) fn report_value(file: &Path, path: &SecretPath, pointer: &str, after: &[u8]) {
    if let Ok(sops) = SopsFile::parse(path, after)
        && sops.is_clear(pointer)
    {
        report(file, &format!(": {pointer} stays in clear"), &sops);
    }
}

/// Why a file breaks its own rule: somebody wrote into it without encrypting.
pub(super) fn unsealed(sops: &mut SopsFile) -> Option<String> {
    if let Some(places) = some_of(&sops.strays()) {
        let why = "is in the file's `sops` section, where sops does not write it and nothing encrypts it";
        return Some(format!(
            "{places} {why}: restore what was there from Git, and write a value with `daypass secret set` or `edit`"
        ));
    }
    let places = some_of(&sops.unsealed())?;
    Some(format!(
        "{places} should be encrypted and is not, by the file's own rule (`{}`): restore what was there from Git, and change it with \
         `daypass secret set` or `edit`",
        sops.setting()
    ))
}

fn some_of(places: &[String]) -> Option<String> {
    let listed = places[..places.len().min(LISTED_MAX)].join(", ");
    let more = if places.len() > LISTED_MAX { format!(" and {} more", places.len() - LISTED_MAX) } else { String::new() };
    (!places.is_empty()).then(|| plain(&format!("{listed}{more}")).to_string())
}

fn report(file: &Path, what: &str, sops: &SopsFile) {
    note(format!("{}{what}, by `{}`", file.plain(), sops.setting()));
}
