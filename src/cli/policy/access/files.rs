//! What a diff reports by file: bytes that were at another path before, and definitions of sources. It reports new files as
//! credentials, and recipients by name.

use crate::cli::policy::place::{PolicyTreeArgs, TreeSnapshot};
use crate::client::Failure;
use crate::config::{FurtherSource, SourceFiles};
use crate::policy::{Catalogue, Ruleset, Tree, document_grants};
use crate::secrets::{FileKind, Origins, SourceFile, changed_keys, is_rules_file, look, widened as by_files, wrapped_keys};
use crate::words::names::{SecretPath, SourceName};
use crate::words::{Digest, Gain, UnixTime, WidenedFile};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The files by which somebody gains. There is no server here, so the old commit counts as in force, and it and its ancestors say
/// what was at another path.
pub(super) fn widened(
    at: &PolicyTreeArgs,
    old_snapshot: &TreeSnapshot,
    new_snapshot: &TreeSnapshot,
    opens_past: bool,
) -> Result<Vec<WidenedFile>, Failure> {
    let (old, new) = (&old_snapshot.files, &new_snapshot.files);
    let mut changed = changed_keys(old, new);
    let unknown = if opens_past { add_forms_between(at, old_snapshot, new_snapshot, &mut changed)? } else { None };
    let keys: BTreeSet<&Digest> = changed.values().flatten().collect();
    let here = |file: &str| SourceFile { source: SourceName::root(), file: file.to_owned() };
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
        missing = at.each_form(old_snapshot, None, &mut take)?;
    }
    let mut found = by_files(&SourceName::root(), old, new, &changed, &mut origins);
    found.retain(|file| matches!(file.gain, Gain::Copied | Gain::Moved | Gain::Readable));
    found.extend(unknown);
    if let Some(why) = missing {
        // A key that the file had before belongs to it. Where a new key was before is not known here.
        let known = |file: &str| old.get(file).map(|bytes| wrapped_keys(file, bytes)).unwrap_or_default();
        let is_listed = |file: &str| found.iter().any(|item| item.file == file && item.gain != Gain::Readable);
        let anew = changed.iter().filter(|(file, keys)| keys.iter().any(|key| !known(file).contains(key)) && !is_listed(file));
        let unread = |(file, _): (&String, _)| {
            WidenedFile::new(file, Gain::Unread, format!("may hold what stood at another path before: {why}"))
        };
        let added: Vec<WidenedFile> = anew.map(unread).collect();
        found.extend(added);
    }
    Ok(found)
}

/// Adds the keys of each form that files had in the commits in between: whoever may read past documents has those too. Reports if
/// some of these commits are missing here.
fn add_forms_between(
    at: &PolicyTreeArgs,
    old: &TreeSnapshot,
    new: &TreeSnapshot,
    changed: &mut BTreeMap<String, Vec<Digest>>,
) -> Result<Option<WidenedFile>, Failure> {
    let mut take = |file: &str, bytes: &[u8]| {
        let known = old.files.get(file).map(|bytes| wrapped_keys(file, bytes)).unwrap_or_default();
        let anew = wrapped_keys(file, bytes).into_iter().filter(|key| !known.contains(key));
        anew.for_each(|key| changed.entry(file.to_owned()).or_default().push(key));
    };
    let missing = at.each_form(new, Some(old), &mut take)?;
    // A clone that begins before OLD has everything between the two.
    let is_behind = match (old.at.commit(), new.at.commit()) {
        (Some(old), Some(new)) => at.own_source()?.is_forward(old, new).unwrap_or_default(),
        _ => false,
    };
    Ok(missing.filter(|_| !is_behind).map(|why| {
        let message =
            format!("may have held, in a commit on the way, what stands at another path, and a policy grants the past: {why}");
        WidenedFile::new("secrets/", Gain::Unread, message)
    }))
}

/// Definitions of further sources that changed, or that a server accepts only now, and changed files of signers.
pub(super) fn sources(old: &Tree, new: &Tree, files: Option<&SourceFiles>, catalogue: &Catalogue) -> Vec<WidenedFile> {
    let below = new.iter().filter(|(file, _)| file.starts_with("sources/"));
    let widened = |(file, bytes): (&String, &Arc<[u8]>)| {
        let is_other = old.get(file) != Some(bytes);
        let is_accepted = |tree: &Tree| FurtherSource::faults(file, tree, files, catalogue).is_empty();
        match (file.ends_with(".yaml"), is_other) {
            (true, true) => Some("defines a further source"),
            (true, false) => (!is_accepted(old) && is_accepted(new))
                .then_some("defines a further source, which a server did not accept before"),
            (false, true) => Some("may say who signs for a further source"),
            (false, false) => None,
        }
        .map(|why| WidenedFile::new(file, Gain::Source, why))
    };
    below.filter_map(widened).collect()
}

/// New values in existing documents, if a policy grants the value, or a mapping that contains it, by its pointer.
pub(super) fn values(old: &Tree, new: &Tree, ruleset: &Ruleset, now: UnixTime) -> Vec<WidenedFile> {
    let grants = document_grants(ruleset, now);
    let mut found = Vec::new();
    for (file, path, [before, after]) in changed_documents(old, new) {
        let keys: BTreeSet<&str> = grants.iter().filter(|grant| grant.covers(&path)).filter_map(|grant| grant.key()).collect();
        let came = |key: &&str| !values_below(&path, after, key).is_subset(&values_below(&path, before, key));
        let new_value = |key: &str| {
            let what = if values_below(&path, before, key).is_empty() { "a value at" } else { "more below" };
            WidenedFile::new(file, Gain::NewSecret, format!("has {what} {key}, which policies grant by itself"))
        };
        found.extend(keys.into_iter().filter(came).map(new_value));
    }
    found
}

/// New secrets, values and transit keys, if a policy does not load: the older form of it that a server keeps may grant them.
pub(super) fn with_unloaded(old: &Tree, new: &Tree) -> Vec<WidenedFile> {
    let is_encrypted = |file: &str| ["secrets/", "transit/"].iter().any(|room| file.starts_with(room)) && !is_rules_file(file);
    let why = "and a policy does not load: the older form of it that a server keeps may grant this";
    let files = new.keys().filter(|file| is_encrypted(file) && !old.contains_key(*file));
    let files = files.map(|file| WidenedFile::new(file, Gain::NewSecret, format!("is new, {why}")));
    let values = changed_documents(old, new);
    let came = |(_, path, [before, after]): &(_, SecretPath, [&[u8]; 2])| {
        !values_below(path, after, "").is_subset(&values_below(path, before, ""))
    };
    let values = values.filter(came).map(|(file, ..)| WidenedFile::new(file, Gain::NewSecret, format!("has new values, {why}")));
    files.chain(values).collect()
}

/// The documents that are in both trees and differ, with both forms.
fn changed_documents<'a>(old: &'a Tree, new: &'a Tree) -> impl Iterator<Item = (&'a String, SecretPath, [&'a [u8]; 2])> {
    new.iter().filter_map(|(file, after)| {
        let before = old.get(file).filter(|before| *before != after)?;
        Some((file, SecretPath::parse(file.strip_prefix("secrets/")?).ok()?, [&**before, &**after]))
    })
}

fn values_below(path: &SecretPath, bytes: &[u8], pointer: &str) -> BTreeSet<String> {
    match look(path, bytes) {
        Ok(FileKind::Sops(sops)) => sops.values_below(pointer),
        _ => BTreeSet::new(),
    }
}

/// Files that both sides changed: they can be compared only after the merge.
pub(super) fn unmerged(files: &[String]) -> impl Iterator<Item = WidenedFile> {
    let why = "was changed on both sides: merge the two branches, and compare again";
    files.iter().map(move |file| WidenedFile::new(file, Gain::Unread, why))
}
