//! What a diff tells of files by themselves: bytes that stood at another path, and definitions of sources. New files are told as the
//! credentials that they are, and recipients by name.

use crate::cli::policy::place::{Seen, Where};
use crate::client::Failure;
use crate::config::{FurtherSource, SourceFiles};
use crate::policy::{Catalogue, Ruleset, Tree, document_grants};
use crate::secrets::{Origins, Place, Seen as Look, changed_keys, is_rules_file, look, widened as by_files, wrapped_keys};
use crate::words::names::{SecretPath, SourceName};
use crate::words::{Digest, Gain, UnixTime, Widened};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// By which files somebody gains. There is no server here: what was in force is what the old commit has, and what stood elsewhere
/// is what it and the commits behind it have.
pub(super) fn widened(at: &Where, old_seen: &Seen, new_seen: &Seen, opens_past: bool) -> Result<Vec<Widened>, Failure> {
    let (old, new) = (&old_seen.files, &new_seen.files);
    let mut changed = changed_keys(old, new);
    let unknown = if opens_past { on_the_way(at, old_seen, new_seen, &mut changed)? } else { None };
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
        missing = at.each_form(old_seen, None, &mut take)?;
    }
    let mut found = by_files(&SourceName::root(), old, new, &changed, &mut origins);
    found.retain(|file| matches!(file.gain, Gain::Copied | Gain::Moved | Gain::Readable));
    found.extend(unknown);
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
    Ok(found)
}

/// Adds the keys of each form that files had in the commits in between: whoever has documents of the past has those too. Tells where not
/// all of these commits are here.
fn on_the_way(
    at: &Where,
    old: &Seen,
    new: &Seen,
    changed: &mut BTreeMap<String, Vec<Digest>>,
) -> Result<Option<Widened>, Failure> {
    let mut take = |file: &str, bytes: &[u8]| {
        let known = old.files.get(file).map(|bytes| wrapped_keys(file, bytes)).unwrap_or_default();
        let anew = wrapped_keys(file, bytes).into_iter().filter(|key| !known.contains(key));
        anew.for_each(|key| changed.entry(file.to_owned()).or_default().push(key));
    };
    let missing = at.each_form(new, Some(old), &mut take)?;
    // Of a clone that begins behind OLD nothing is missing that lies between the two.
    let is_behind = match (old.at.commit(), new.at.commit()) {
        (Some(old), Some(new)) => at.own_source()?.is_forward(old, new).unwrap_or_default(),
        _ => false,
    };
    Ok(missing.filter(|_| !is_behind).map(|why| {
        let told =
            format!("may have held, in a commit on the way, what stands at another path, and a policy grants the past: {why}");
        Widened::new("secrets/", Gain::Unread, told)
    }))
}

/// Definitions of further sources that are others, or that a server takes now and did not take; and the files of those who sign.
pub(super) fn sources(old: &Tree, new: &Tree, files: Option<&SourceFiles>, catalogue: &Catalogue) -> Vec<Widened> {
    let below = new.iter().filter(|(file, _)| file.starts_with("sources/"));
    let tell = |(file, bytes): (&String, &Arc<[u8]>)| {
        let is_other = old.get(file) != Some(bytes);
        let is_taken = |tree: &Tree| FurtherSource::faults(file, tree, files, catalogue).is_empty();
        match (file.ends_with(".yaml"), is_other) {
            (true, true) => Some("defines a further source"),
            (true, false) => {
                (!is_taken(old) && is_taken(new)).then_some("defines a further source, which a server does not take as it stands")
            }
            (false, true) => Some("may say who signs for a further source"),
            (false, false) => None,
        }
        .map(|why| Widened::new(file, Gain::Source, why))
    };
    below.filter_map(tell).collect()
}

/// Values that come into documents that stand, where a policy grants them, or a mapping that they are in, by themselves.
pub(super) fn values(old: &Tree, new: &Tree, ruleset: &Ruleset, now: UnixTime) -> Vec<Widened> {
    let grants = document_grants(ruleset, now);
    let mut found = Vec::new();
    for (file, path, [before, after]) in changed_documents(old, new) {
        let keys: BTreeSet<&str> = grants.iter().filter(|grant| grant.covers(&path)).filter_map(|grant| grant.key()).collect();
        let came = |key: &&str| !values_below(&path, after, key).is_subset(&values_below(&path, before, key));
        let told = |key: &str| {
            let what = if values_below(&path, before, key).is_empty() { "a value at" } else { "more below" };
            Widened::new(file, Gain::NewSecret, format!("has {what} {key}, which policies grant by itself"))
        };
        found.extend(keys.into_iter().filter(came).map(told));
    }
    found
}

/// Secrets, values and transit keys that are new beside a policy that does not load: the form of it that a server keeps may grant them.
pub(super) fn beside_unloaded(old: &Tree, new: &Tree) -> Vec<Widened> {
    let is_encrypted = |file: &str| ["secrets/", "transit/"].iter().any(|room| file.starts_with(room)) && !is_rules_file(file);
    let why = "and a policy does not load: nobody can tell here whether the form that a server keeps grants it";
    let files = new.keys().filter(|file| is_encrypted(file) && !old.contains_key(*file));
    let files = files.map(|file| Widened::new(file, Gain::NewSecret, format!("is new, {why}")));
    let values = changed_documents(old, new);
    let came = |(_, path, [before, after]): &(_, SecretPath, [&[u8]; 2])| {
        !values_below(path, after, "").is_subset(&values_below(path, before, ""))
    };
    let values = values.filter(came).map(|(file, ..)| Widened::new(file, Gain::NewSecret, format!("has new values, {why}")));
    files.chain(values).collect()
}

/// The documents that both have, each otherwise: with both forms.
fn changed_documents<'a>(old: &'a Tree, new: &'a Tree) -> impl Iterator<Item = (&'a String, SecretPath, [&'a [u8]; 2])> {
    new.iter().filter_map(|(file, after)| {
        let before = old.get(file).filter(|before| *before != after)?;
        Some((file, SecretPath::parse(file.strip_prefix("secrets/")?).ok()?, [&**before, &**after]))
    })
}

fn values_below(path: &SecretPath, bytes: &[u8], pointer: &str) -> BTreeSet<String> {
    match look(path, bytes) {
        Ok(Look::Sops(sops)) => sops.values_below(pointer),
        _ => BTreeSet::new(),
    }
}

/// Files that both sides changed: what becomes of them is looked at once they are merged.
pub(super) fn unmerged(files: &[String]) -> impl Iterator<Item = Widened> {
    let why = "was changed on both sides: merge the one into the other, and compare again";
    files.iter().map(move |file| Widened::new(file, Gain::Unread, why))
}
