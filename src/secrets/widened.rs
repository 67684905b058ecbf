//! The encrypted files and rules of a new revision by which somebody may read more than by the active ones. This is the only
//! definition: `policy diff` reports what is found here, and with `widening: hold` what is found here waits.

use super::origins::{Files, Origins, SourceFile};
use super::{encrypted_path, readable, readers};
use crate::words::names::SourceName;
use crate::words::{Digest, Gain, TransitFile, WidenedFile};
use std::collections::BTreeMap;

/// At most so many other paths of one file are listed: a key that was moved often may have many.
const PLACES_LISTED_MAX: usize = 3;

/// Compares the files of a source's new revision with the active ones. `changed` has the wrapped keys of the files that differ
/// ([`super::changed_keys`]), and `origins` the known places of these keys.
pub fn widened(
    source: &SourceName,
    in_force: &Files,
    new: &Files,
    changed: &BTreeMap<String, Vec<Digest>>,
    origins: &mut Origins,
) -> Vec<WidenedFile> {
    let mut found: Vec<WidenedFile> = changed.keys().filter_map(|file| new_file(in_force, file)).collect();
    found.extend(readers::widened(in_force, new));
    found.extend(readable::readable(in_force, new));
    found.extend(copied(source, new, changed, origins));
    found.sort();
    found
}

/// A file that is new. Another version of a known transit key gives nobody access.
fn new_file(in_force: &Files, file: &str) -> Option<WidenedFile> {
    if let Ok(transit) = TransitFile::parse(file) {
        let known = TransitFile::is_any_of(in_force, &transit.key);
        return (!known).then(|| WidenedFile::new(file, Gain::NewTransitKey, "is the first version of a new key"));
    }
    (!in_force.contains_key(file)).then(|| WidenedFile::new(file, Gain::NewSecret, "is a new file"))
}

fn copied(source: &SourceName, new: &Files, changed: &BTreeMap<String, Vec<Digest>>, origins: &mut Origins) -> Vec<WidenedFile> {
    let place = |file: &String| SourceFile { source: source.clone(), file: file.clone() };
    // If two new files have a key in common, it is unknown which one is the original.
    for (file, keys) in changed {
        keys.iter().for_each(|key| origins.add(*key, place(file), false));
    }
    let of = |(file, keys): (&String, &Vec<Digest>)| {
        let places = origins.elsewhere(&place(file), keys);
        // Files outside of the folders that are read here are not known to be gone.
        let is_gone = |file: &str| encrypted_path(file).is_ok() && !new.contains_key(file);
        let all_gone = places.iter().all(|place| place.source == *source && is_gone(&place.file));
        let listed: Vec<String> = places.iter().take(PLACES_LISTED_MAX).map(ToString::to_string).collect();
        let more = if places.len() > listed.len() { " and elsewhere" } else { "" };
        let listed = listed.join(", ");
        match (places.is_empty(), all_gone) {
            (true, _) if origins.full => Some(WidenedFile::new(file, Gain::Unread, NOT_KEPT)),
            (true, _) => None,
            (false, true) => {
                Some(WidenedFile::new(file, Gain::Moved, format!("holds what stood at {listed}{more}, which is gone: a move")))
            }
            (false, false) => {
                Some(WidenedFile::new(file, Gain::Copied, format!("holds what stands or stood at {listed}{more}: a copy")))
            }
        }
    };
    changed.iter().filter(|(file, _)| encrypted_path(file).is_ok()).filter_map(of).collect()
}

const NOT_KEPT: &str = "may hold what stood elsewhere: the record of wrapped keys is full and keeps no further ones";
