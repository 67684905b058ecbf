//! Checks that the credential in question exists: an answer about a missing one would mislead.

use crate::cli::policy::of_source::ReadSource;
use crate::kind::{Committed, Target, TreeFile};
use crate::policy::{Tree, missing};
use crate::secrets::{FileKind, look};
use crate::words::plain;

/// Why nobody can have it, whatever policies say: the file, or the value in it, does not exist.
pub(in crate::cli::policy) fn not_there(read: &ReadSource, target: &Target) -> Option<String> {
    let (snapshot, files) = (&read.snapshot, read.files_as_named());
    let kind =
        if matches!(target.committed().map(Committed::file), Some(TreeFile::TransitKey(_))) { "transit key" } else { "secret" };
    let Some(file) = missing(&files, target) else { return no_value(read, &files, target) };
    let below = |source: &&str| file.split('/').nth(1) == Some(*source);
    let elsewhere = snapshot.further_sources().into_iter().find(below).map(|source| {
        format!(". What is below {source}/ is in the repository of the source {source}: ask by the same name with --repository for that repository, and --source for sources/{source}.yaml of this one")
    });
    let within = file.strip_prefix("secrets/secrets/").map(|name| format!(": a secret is named without `secrets/`: {name}"));
    let left_out = snapshot
        .left_out()
        .find(|fault| fault.file.exact() == file)
        .map(|fault| format!(", because it was left out: {}", fault.message));
    let more = left_out.or(elsewhere).or(within).unwrap_or_default();
    Some(format!("there is no such {kind}: {} has no {file}{}", snapshot.at, plain(&more)))
}

fn no_value(read: &ReadSource, files: &Tree, target: &Target) -> Option<String> {
    let (Some(TreeFile::Document(path)), Some(pointer)) = (target.committed().and_then(Committed::current), target.pointer())
    else {
        return None;
    };
    let file = format!("secrets/{path}");
    let has = match look(path, files.get(&file)?) {
        Ok(FileKind::Sops(sops)) => sops.has(pointer),
        Ok(FileKind::Age(_)) => false,
        // Nobody can tell whether the value will exist once the file is encrypted.
        Ok(FileKind::Plain) | Err(_) => return None,
    };
    (!has).then(|| format!("there is no such secret: in {} {file} has no value at {}", read.snapshot.at, plain(pointer)))
}
