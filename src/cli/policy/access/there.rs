//! Whether what is asked about is there at all. An answer about what is not there would only seem to be one.

use crate::cli::policy::of_source::Read;
use crate::kind::{InTree, Target};
use crate::policy::{Tree, missing};
use crate::secrets::{Seen as Look, look};
use crate::words::plain;

/// Why nobody could have it, whatever policies say: there is no such file, or no such value in it.
pub(in crate::cli::policy) fn not_there(read: &Read, wanted: &Target) -> Option<String> {
    let (seen, files) = (&read.seen, read.files_as_named());
    let kind = if matches!(wanted.in_tree(), Some(InTree::TransitKey(_))) { "transit key" } else { "secret" };
    let Some(file) = missing(&files, wanted) else { return no_value(read, &files, wanted) };
    let below = |source: &&str| file.split('/').nth(1) == Some(*source);
    let elsewhere = seen.further_sources().into_iter().find(below).map(|source| {
        format!(". What is below {source}/ is in the repository of the source {source}: ask there by the same name: --repository of that one, and --source sources/{source}.yaml of this one")
    });
    let within = file.strip_prefix("secrets/secrets/").map(|name| format!(": a secret is named without `secrets/`: {name}"));
    let left_out =
        seen.left_out().find(|fault| *fault.file == *file).map(|fault| format!(", for it was left out: {}", fault.message));
    let more = left_out.or(elsewhere).or(within).unwrap_or_default();
    Some(format!("there is no such {kind}: {} has no {file}{}", seen.at, plain(&more)))
}

fn no_value(read: &Read, files: &Tree, wanted: &Target) -> Option<String> {
    let (Some(InTree::Document(path)), Some(pointer)) = (wanted.in_tree(), wanted.pointer()) else { return None };
    let file = format!("secrets/{path}");
    let has = match look(path, files.get(&file)?) {
        Ok(Look::Sops(sops)) => sops.has(pointer),
        Ok(Look::Age(_)) => false,
        // Whether it will have it once it is encrypted, nobody can tell.
        Ok(Look::Plain) | Err(_) => return None,
    };
    (!has).then(|| format!("there is no such secret: in {} {file} has no value at {}", read.seen.at, plain(pointer)))
}
