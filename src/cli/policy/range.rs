//! The two revisions that a diff compares. A merge is computed file by file: a change of only one side is taken.

use super::place::{PolicyTreeArgs, TreeSnapshot};
use crate::client::{Failure, STATUS_USAGE, note};
use crate::git::Changed;
use crate::policy::Tree;
use crate::words::names::CommitId;
use std::collections::BTreeSet;

/// What a range is.
const TWO_REVISIONS: &str = "expected two revisions, such as origin/main...HEAD: OLD...NEW compares OLD with the result of merging NEW into it, OLD..NEW the two themselves";

/// Two revisions that are compared.
pub(super) struct Range {
    pub(super) old: TreeSnapshot,
    pub(super) new: TreeSnapshot,
    /// Files that both sides changed since their common base: the result of a merge is not known.
    pub(super) changed_by_both: Vec<String>,
}

/// The files after a merge.
struct Merged {
    files: Tree,
    /// Files that both sides changed differently: their lines are not merged here. The form of the merged side stands for them.
    changed_by_both: Vec<String>,
}

/// Merges `theirs` into `ours`, which both come from `base`.
fn merge(base: &Tree, ours: &Tree, theirs: &Tree) -> Merged {
    let (mut files, mut changed_by_both) = (ours.clone(), Vec::new());
    let all: BTreeSet<&String> = base.keys().chain(theirs.keys()).collect();
    for file in all.into_iter().filter(|file| base.get(*file) != theirs.get(*file)) {
        if ours.get(file) != base.get(file) && ours.get(file) != theirs.get(file) {
            changed_by_both.push(file.clone());
        }
        match theirs.get(file) {
            Some(bytes) => files.insert(file.clone(), bytes.clone()),
            None => files.remove(file),
        };
    }
    Merged { files, changed_by_both }
}

/// Files that one side changed, or added to a folder, while the other side removed the file or the folder. If that other side has
/// new files that are read, Git may see a move: the merge then changes the moved files, or adds to the moved folder.
fn perhaps_moved(changed: &Changed, away: &Changed, read: &Tree) -> Vec<String> {
    if !away.added.iter().any(|file| read.contains_key(file)) {
        return Vec::new();
    }
    let is_below = |file: &String| away.removed_folders.iter().any(|folder| file.starts_with(folder.as_str()));
    let modified = changed.modified.intersection(&away.removed);
    modified.chain(changed.added.iter().filter(|file| is_below(file))).cloned().collect()
}

impl PolicyTreeArgs {
    /// `OLD...NEW` compares OLD with the result of merging NEW into it, `OLD..NEW` the two themselves.
    pub(super) fn range(&self, range: &str) -> Result<Range, Failure> {
        let usage = || Failure::new(STATUS_USAGE, TWO_REVISIONS);
        let (old, new, from_base) = match range.split_once("...") {
            Some((old, new)) => (old, new, true),
            None => range.split_once("..").map(|(old, new)| (old, new, false)).ok_or_else(usage)?,
        };
        if old.is_empty() || new.is_empty() {
            return Err(usage());
        }
        let repository = self.source()?;
        let (old, mut new) = (repository.at(old)?, repository.at(new)?);
        let (Some(ours), Some(theirs)) = (old.at.commit().cloned(), new.at.commit().cloned()) else { return Err(usage()) };
        if !from_base {
            return Ok(Range { old, new, changed_by_both: Vec::new() });
        }
        let base = repository.source.merge_base(&ours, &theirs).map_err(|fault| repository.unreadable(&fault))?;
        if base == ours {
            return Ok(Range { old, new, changed_by_both: Vec::new() });
        }
        if base == theirs {
            note(format!("{range}: NEW is in OLD already, so its merge changes nothing; OLD..NEW compares the two themselves"));
        }
        let Merged { files, mut changed_by_both } = merge(&repository.at(base.as_str())?.files, &old.files, &new.files);
        let since_base = |to: &CommitId| repository.source.changed(&base, to).map_err(|fault| repository.unreadable(&fault));
        let (by_ours, by_theirs) = (since_base(&ours)?, since_base(&theirs)?);
        changed_by_both.extend(perhaps_moved(&by_ours, &by_theirs, &new.files));
        changed_by_both.extend(perhaps_moved(&by_theirs, &by_ours, &old.files));
        changed_by_both.sort();
        changed_by_both.dedup();
        (new.files, new.at.merged_into) = (files, Some(ours));
        Ok(Range { old, new, changed_by_both })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        files.iter().map(|(file, text)| ((*file).to_owned(), text.as_bytes().into())).collect()
    }

    #[test]
    fn a_change_of_one_side_is_taken_and_one_of_both_is_reported() {
        let base =
            tree(&[("kept", "0"), ("ours", "0"), ("theirs", "0"), ("both", "0"), ("alike", "0"), ("gone", "0"), ("left", "0")]);
        let ours =
            tree(&[("kept", "0"), ("ours", "1"), ("theirs", "0"), ("both", "1"), ("alike", "1"), ("gone", "0"), ("left", "1")]);
        let theirs = tree(&[("kept", "0"), ("ours", "0"), ("theirs", "2"), ("both", "2"), ("alike", "1"), ("new", "2")]);
        let merged = merge(&base, &ours, &theirs);
        let expected = tree(&[("kept", "0"), ("ours", "1"), ("theirs", "2"), ("both", "2"), ("alike", "1"), ("new", "2")]);
        assert_eq!(merged.files, expected);
        assert_eq!(merged.changed_by_both, ["both", "left"]);
    }
}
