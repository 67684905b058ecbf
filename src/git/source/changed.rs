//! The changes between two commits in the whole tree, also in folders that nothing else reads.

use super::{DEPTH_MAX, Source, object_id, objects};
use crate::git::error::{GitError, ReadFault, TooLarge};
use crate::words::names::CommitId;
use std::collections::{BTreeMap, BTreeSet};

/// The most changed files. A branch of a year changes fewer.
const CHANGED_MAX: usize = 200_000;

/// Paths by the kind of their change. Bytes of names that are not UTF-8 are replaced.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changed {
    /// Files with another content or mode.
    pub modified: BTreeSet<String>,
    /// Files that are new.
    pub added: BTreeSet<String>,
    /// Files that were removed.
    pub removed: BTreeSet<String>,
    /// Folders that were removed entirely, each with `/` at its end.
    pub removed_folders: BTreeSet<String>,
}

impl Source {
    /// Finds the changes from one commit to another. Skips equal folders.
    pub fn changed(&self, from: &CommitId, to: &CommitId) -> Result<Changed, GitError> {
        let repository = self.open()?;
        let tree = |commit: &CommitId| {
            let commit = objects::commit(&repository, object_id(commit)?).map_err(|fault| self.fault(fault))?;
            commit.tree_id().map(gix::Id::detach).map_err(|fault| self.fault(fault.into()))
        };
        let (from, to) = (tree(from)?, tree(to)?);
        let mut walk = Walk { repository: &repository, changed: Changed::default() };
        walk.folder((Some(from), Some(to)), "", 0).map_err(|fault| self.fault(fault))?;
        Ok(walk.changed)
    }
}

struct Walk<'a> {
    repository: &'a gix::Repository,
    changed: Changed,
}

/// An entry of a tree: its mode and its id.
type Entry = (gix::object::tree::EntryMode, gix::ObjectId);

impl Walk<'_> {
    fn folder(
        &mut self,
        (from, to): (Option<gix::ObjectId>, Option<gix::ObjectId>),
        path: &str,
        depth: usize,
    ) -> Result<(), ReadFault> {
        if from == to {
            return Ok(());
        }
        if depth > DEPTH_MAX || self.changed.modified.len() + self.changed.added.len() + self.changed.removed.len() > CHANGED_MAX
        {
            return Err(TooLarge::Folders.into());
        }
        if to.is_none() {
            self.changed.removed_folders.insert(path.to_owned());
        }
        let (old, mut new) = (self.entries(from)?, self.entries(to)?);
        for (name, old) in old {
            let new = new.remove(&name);
            self.entry((Some(old), new), &format!("{path}{name}"), depth)?;
        }
        for (name, new) in new {
            self.entry((None, Some(new)), &format!("{path}{name}"), depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, (old, new): (Option<Entry>, Option<Entry>), path: &str, depth: usize) -> Result<(), ReadFault> {
        if old == new {
            return Ok(());
        }
        let folder = |entry: Option<Entry>| entry.filter(|(mode, _)| mode.is_tree()).map(|(_, id)| id);
        let file = |entry: Option<Entry>| entry.filter(|(mode, _)| !mode.is_tree());
        match (file(old), file(new)) {
            (Some(old), Some(new)) if old != new => _ = self.changed.modified.insert(path.to_owned()),
            (Some(_), None) => _ = self.changed.removed.insert(path.to_owned()),
            (None, Some(_)) => _ = self.changed.added.insert(path.to_owned()),
            _ => {}
        }
        match (folder(old), folder(new)) {
            (None, None) => Ok(()),
            folders => self.folder(folders, &format!("{path}/"), depth + 1),
        }
    }

    fn entries(&self, folder: Option<gix::ObjectId>) -> Result<BTreeMap<String, Entry>, ReadFault> {
        let Some(id) = folder else { return Ok(BTreeMap::new()) };
        let tree = objects::tree(self.repository, id)?;
        let entries = tree.decode()?.entries;
        let named = entries.iter().map(|entry| (entry.filename.to_string(), (entry.mode, entry.oid.into())));
        Ok(named.collect())
    }
}
