//! What a diff tells of files by themselves: bytes that stood at another path, and definitions of sources. New files are told as the
//! credentials that they are, and recipients by name.

use crate::cli::policy::place::{Seen, Where};
use crate::client::Failure;
use crate::secrets::{Origins, Place, changed_keys, widened as by_files, wrapped_keys};
use crate::words::names::SourceName;
use crate::words::{Digest, Gain, Widened};
use std::collections::BTreeSet;

/// By which files somebody gains. There is no server here: what was in force is what the old commit has, and what stood elsewhere
/// is what it and the commits behind it have.
pub(super) fn widened(at: &Where, old_seen: &Seen, new_seen: &Seen) -> Result<Vec<Widened>, Failure> {
    let (old, new) = (&old_seen.files, &new_seen.files);
    let changed = changed_keys(old, new);
    let keys: BTreeSet<&Digest> = changed.values().flatten().collect();
    let here = |file: &str| Place { source: SourceName::root(), file: file.to_owned() };
    let mut origins = Origins::default();
    for file in changed.keys() {
        let had = old.get(file).map(|bytes| wrapped_keys(file, bytes)).unwrap_or_default();
        had.into_iter().for_each(|key| origins.add(key, here(file), true));
    }
    let mut missing = None;
    if !keys.is_empty() {
        let mut take = |file: &str, bytes: &[u8]| {
            let known = wrapped_keys(file, bytes).into_iter().filter(|key| keys.contains(key));
            known.for_each(|key| origins.add(key, here(file), false));
        };
        missing = at.each_form(old_seen, &mut take)?;
    }
    let mut found = by_files(&SourceName::root(), old, new, &changed, &mut origins);
    found.retain(|file| matches!(file.gain, Gain::Copied | Gain::Moved | Gain::Readable));
    if let Some(why) = missing {
        // A key that the file had before belongs to it. Of another one nobody knows here where else it stood.
        let known = |file: &str| old.get(file).map(|bytes| wrapped_keys(file, bytes)).unwrap_or_default();
        let is_told = |file: &str| found.iter().any(|told| told.file == file && told.gain != Gain::Readable);
        let anew = changed.iter().filter(|(file, keys)| keys.iter().any(|key| !known(file).contains(key)) && !is_told(file));
        let told = |(file, _): (&String, _)| {
            Widened::new(file, Gain::Unread, format!("may hold what stood at another path before: {why}"))
        };
        let told: Vec<Widened> = anew.map(told).collect();
        found.extend(told);
    }
    let defines =
        |(file, bytes): &(&String, _)| file.starts_with("sources/") && file.ends_with(".yaml") && old.get(*file) != Some(*bytes);
    found.extend(new.iter().filter(defines).map(|(file, _)| Widened::new(file, Gain::Source, "defines a further source")));
    Ok(found)
}
