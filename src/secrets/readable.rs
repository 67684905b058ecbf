//! What becomes readable: values that were encrypted and are now in clear, and rules that will leave more in clear.

use super::origins::Files;
use super::{Creation, FileKind, Rules, encrypted_path, look};
use crate::words::names::SecretPath;
use crate::words::{Gain, WidenedFile};
use std::collections::BTreeMap;

/// At most so many places or files are listed in a reason.
const LISTED_MAX: usize = 3;

/// The files and rules by which a reader of the repository can read more than by the active ones.
pub(super) fn readable(in_force: &Files, new: &Files) -> Vec<WidenedFile> {
    let changed = new.iter().filter_map(|(file, bytes)| {
        let before = in_force.get(file).filter(|before| *before != bytes)?;
        let why = turned_readable(&encrypted_path(file).ok()?, before, bytes)?;
        Some(WidenedFile::new(file, Gain::Readable, why))
    });
    changed.chain(by_rules(in_force, new)).collect()
}

/// What is in clear in the new version of a file and was encrypted in the one before, as a text that follows the file's name. A file
/// that was encrypted as a whole, or could not be read, counts as one that hid everything.
pub fn turned_readable(path: &SecretPath, before: &[u8], after: &[u8]) -> Option<String> {
    let had = match look(path, before) {
        Ok(FileKind::Plain) => return None,
        Ok(FileKind::Sops(mut file)) => Some(file.standing()),
        Ok(FileKind::Age(_)) | Err(_) => None,
    };
    let mut file = match look(path, after) {
        Ok(FileKind::Plain) => return Some("is not encrypted any more".to_owned()),
        Ok(FileKind::Sops(file)) => file,
        Ok(FileKind::Age(_)) | Err(_) => return None,
    };
    let mut places = file.standing();
    // Items of a list share one place: if some were in clear before, only more of them in clear count.
    places.retain(|place, now| match &had {
        Some(had) => had.get(place).is_some_and(|had| had.sealed > 0 && now.clear > had.clear),
        None => now.clear > 0,
    });
    let places: Vec<String> = places.keys().map(|place| place.description()).collect();
    (!places.is_empty()).then(|| format!("has in clear what was encrypted: {}", few(&places)))
}

/// Which rule applies to a file depends on all rule files, so every changed one is reported with the same reason.
fn by_rules(in_force: &Files, new: &Files) -> Vec<WidenedFile> {
    let (old_rules, rules) = (Rules::among(in_force), Rules::among(new));
    let changed = rules.changed(&old_rules);
    if changed.is_empty() {
        return Vec::new();
    }
    let whole = Creation::default();
    let mut settings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in new.keys().filter(|file| encrypted_path(file).is_ok()) {
        let Some(Ok(creation)) = rules.for_file(file) else { continue };
        let before = old_rules.for_file(file).and_then(Result::ok).unwrap_or(&whole);
        if !creation.hides_all_of(before) {
            settings.entry(creation.setting()).or_default().push(file.clone());
        }
    }
    rules.looser(&old_rules).for_each(|setting| _ = settings.entry(setting).or_default());
    if settings.is_empty() {
        return Vec::new();
    }
    let texts = settings.iter().map(|(setting, files)| match &files[..] {
        [] => format!("`{setting}`"),
        files => format!("`{setting}` ({})", few(files)),
    });
    let why = format!("leaves more in clear in files that are encrypted next, by {}", texts.collect::<Vec<_>>().join(", "));
    changed.iter().map(|file| WidenedFile::new(file, Gain::Readable, why.clone())).collect()
}

fn few(names: &[String]) -> String {
    let listed = names[..names.len().min(LISTED_MAX)].join(", ");
    if names.len() > LISTED_MAX { format!("{listed} and {} more", names.len() - LISTED_MAX) } else { listed }
}
