//! When files got their present content: the times of the commits that last changed them.

use super::super::error::{GitError, ReadFault};
use super::{ANCESTORS_MAX, DEPTH_MAX, FOLDER_BYTES_MAX, Source, object_id, objects};
use crate::words::UnixTime;
use crate::words::names::CommitId;
use gix::ObjectId;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

/// The most entries of folders that one walk reads, which takes a second. A history that changes large folders a thousand times ends
/// the walk.
const ENTRIES_MAX: usize = 10_000_000;
/// The last second that RFC 3339 can write in every time zone. The author of a commit can choose any time.
const LAST_SECOND: i64 = 253_402_207_200;

/// When each file got its content, as of one commit.
#[derive(Debug)]
pub struct LastChanges {
    commit: ObjectId,
    files: BTreeMap<String, Changed>,
}

/// A file's content by its Git id, and since when the file has it.
#[derive(Clone, Copy, Debug)]
struct Changed {
    id: ObjectId,
    at: UnixTime,
}

impl LastChanges {
    /// When this file got its content.
    pub fn of(&self, file: &str) -> Option<UnixTime> {
        self.files.get(file).map(|changed| changed.at)
    }
}

impl Source {
    /// Finds when these files got their content: the time of the newest commit on the first-parent line that changed each one. A merge
    /// counts as the commit of what it brings in. A file that is older than the available history, or than the bounded walk, gets the time
    /// of the oldest commit. If the result of an older commit is `known`, the walk ends there.
    pub fn last_changes<'a>(
        &self,
        from: &CommitId,
        files: impl Iterator<Item = (String, &'a [u8])>,
        known: Option<&LastChanges>,
    ) -> Result<LastChanges, GitError> {
        let repository = self.open()?;
        let from = object_id(from)?;
        let id = |bytes: &[u8]| gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::object::Kind::Blob, bytes);
        let sought = files.map(|(path, bytes)| Ok((path, id(bytes).map_err(|fault| self.git(fault))?)));
        let sought = sought.collect::<Result<_, GitError>>()?;
        let mut search = Search { repository: &repository, sought, found: BTreeMap::new(), entries_left: ENTRIES_MAX };
        let line = repository.rev_walk([from]).first_parent_only().all().map_err(|fault| self.git(fault))?;
        let mut newer: Option<(ObjectId, UnixTime)> = None;
        // A shallow history ends the walk, as the first commit does.
        for commit in line.take(ANCESTORS_MAX).map_while(Result::ok) {
            let Ok(commit) = commit.object() else { break };
            let (Ok(tree), Ok(time)) = (commit.tree_id(), commit.time()) else { break };
            let (tree, time) = (tree.detach(), UnixTime::from_seconds(time.seconds.clamp(0, LAST_SECOND)));
            if let Some((newer, at)) = newer
                && search.compare("", newer, Some(tree), at, 0).map_err(|fault| self.fault(fault))?.is_break()
            {
                break;
            }
            newer = Some((tree, time));
            if let Some(known) = known.filter(|known| known.commit == commit.id) {
                search.take_known(known);
            }
            if search.sought.is_empty() {
                break;
            }
        }
        let (_, oldest) = newer.ok_or_else(|| self.fault(ReadFault::NoCommit))?;
        let Search { sought, mut found, .. } = search;
        found.extend(sought.into_iter().map(|(path, id)| (path, Changed { id, at: oldest })));
        Ok(LastChanges { commit: from, files: found })
    }
}

/// The state of a walk.
struct Search<'a> {
    repository: &'a gix::Repository,
    sought: BTreeMap<String, ObjectId>,
    found: BTreeMap<String, Changed>,
    entries_left: usize,
}

impl Search<'_> {
    /// Takes the known times of files that have not changed since.
    fn take_known(&mut self, known: &LastChanges) {
        let found = &mut self.found;
        self.sought.retain(|path, id| match known.files.get(path) {
            Some(changed) if changed.id == *id => {
                found.insert(path.clone(), *changed);
                false
            }
            Some(_) | None => true,
        });
    }

    /// Finds the files of a folder that a commit of this time changed in comparison with its parent.
    fn compare(
        &mut self,
        folder: &str,
        new: ObjectId,
        old: Option<ObjectId>,
        at: UnixTime,
        depth: usize,
    ) -> Result<ControlFlow<()>, ReadFault> {
        if Some(new) == old || depth > DEPTH_MAX {
            return Ok(ControlFlow::Continue(()));
        }
        let before: HashMap<Vec<u8>, (ObjectId, bool)> = match old {
            Some(old) => self.entries(old)?.into_iter().map(|(name, id, is_tree)| (name, (id, is_tree))).collect(),
            None => HashMap::new(),
        };
        let entries = self.entries(new)?;
        let Some(left) = self.entries_left.checked_sub(before.len() + entries.len()) else {
            return Ok(ControlFlow::Break(()));
        };
        self.entries_left = left;
        for (name, id, is_tree) in entries {
            let was = before.get(&name);
            if was == Some(&(id, is_tree)) {
                continue;
            }
            let Ok(name) = std::str::from_utf8(&name) else { continue };
            let path = format!("{folder}{name}");
            if !is_tree && self.sought.get(&path) == Some(&id) {
                self.sought.remove(&path);
                self.found.insert(path, Changed { id, at });
                continue;
            }
            let below = format!("{path}/");
            let is_sought = self.sought.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below));
            if is_tree && is_sought {
                let old = was.and_then(|(id, is_tree)| is_tree.then_some(*id));
                if self.compare(&below, id, old, at, depth + 1)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The name, the id and whether it is a folder, of each entry. Empty for a folder that is too large for an active commit.
    fn entries(&self, tree: ObjectId) -> Result<Vec<(Vec<u8>, ObjectId, bool)>, ReadFault> {
        if self.repository.find_header(tree)?.size() > FOLDER_BYTES_MAX {
            return Ok(Vec::new());
        }
        let tree = objects::tree(self.repository, tree)?;
        let entries = tree.decode()?;
        let entry = |entry: &gix::objs::tree::EntryRef<'_>| (entry.filename.to_vec(), entry.oid.to_owned(), entry.mode.is_tree());
        Ok(entries.entries.iter().map(entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Repository;
    use super::*;

    /// The commit's time.
    fn time(repository: &Repository, commit: &str) -> UnixTime {
        UnixTime::from_seconds(repository.git(&["log", "-1", "--format=%ct", commit]).parse().unwrap())
    }

    /// Makes a commit at this minute.
    fn commit(repository: &Repository, minute: i64, files: &[(&str, &str)]) -> UnixTime {
        repository.commit(files);
        let at = 1_800_000_000 + minute * 60;
        let tree = repository.git(&["rev-parse", "HEAD^{tree}"]);
        let parents = repository.git(&["log", "-1", "--format=%P"]);
        let mut text = format!("tree {tree}\n");
        parents.split_whitespace().for_each(|parent| text += &format!("parent {parent}\n"));
        text += &format!("author t <t@t.example> {at} +0000\ncommitter t <t@t.example> {at} +0000\n\nx\n");
        let id = repository.git_with(&["hash-object", "-t", "commit", "-w", "--stdin"], text.as_bytes());
        repository.git(&["reset", "--quiet", "--soft", &id]);
        UnixTime::from_seconds(at)
    }

    fn head(repository: &Repository) -> CommitId {
        CommitId::parse(&repository.git(&["rev-parse", "HEAD"])).unwrap()
    }

    fn changes(repository: &Repository, files: &[(&str, &str)], known: Option<&LastChanges>) -> LastChanges {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()));
        repository.source().last_changes(&head(repository), files, known).unwrap()
    }

    const A: &str = "secrets/a.age";
    const DEEP: &str = "secrets/x/y/b.age";

    #[test]
    fn a_file_is_as_old_as_the_commit_that_last_changed_it() {
        let repository = Repository::new();
        let first = commit(&repository, 1, &[(A, "1"), (DEEP, "1"), ("policies/p.yaml", "1")]);
        assert_eq!(first, time(&repository, "HEAD"));
        let second = commit(&repository, 2, &[(DEEP, "2")]);
        commit(&repository, 3, &[("policies/p.yaml", "2")]);
        let now = changes(&repository, &[(A, "1"), (DEEP, "2")], None);
        assert_eq!([now.of(A), now.of(DEEP), now.of("secrets/none")], [Some(first), Some(second), None]);
        // The active form may be older than the form in the commit, if that one is faulty or waits.
        let older = changes(&repository, &[(DEEP, "1")], None);
        assert_eq!(older.of(DEEP), Some(first));
        // A file that was changed and changed back has its content since it was changed back.
        commit(&repository, 4, &[(A, "2")]);
        let back = commit(&repository, 5, &[(A, "1")]);
        assert_eq!(changes(&repository, &[(A, "1")], None).of(A), Some(back));
        assert_eq!(
            changes(&repository, &[(A, "1"), (DEEP, "2")], Some(&now)).of(A),
            Some(back),
            "also where it was known before"
        );
    }

    #[test]
    fn a_known_result_ends_the_walk() {
        let repository = Repository::new();
        let first = commit(&repository, 1, &[(A, "1"), (DEEP, "1")]);
        let known = changes(&repository, &[(A, "1"), (DEEP, "1")], None);
        let altered = LastChanges {
            commit: known.commit,
            files: known
                .files
                .iter()
                .map(|(path, changed)| (path.clone(), Changed { at: UnixTime::from_seconds(7), ..*changed }))
                .collect(),
        };
        let second = commit(&repository, 2, &[(DEEP, "2")]);
        let next = changes(&repository, &[(A, "1"), (DEEP, "2")], Some(&altered));
        assert_eq!([next.of(A), next.of(DEEP)], [Some(UnixTime::from_seconds(7)), Some(second)]);
        assert_eq!(changes(&repository, &[(A, "1"), (DEEP, "2")], None).of(A), Some(first));
    }

    #[test]
    fn a_merge_speaks_for_what_it_brings_in() {
        let repository = Repository::new();
        commit(&repository, 1, &[(A, "1")]);
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        commit(&repository, 2, &[(DEEP, "1")]);
        repository.git(&["checkout", "--quiet", "main"]);
        commit(&repository, 3, &[("policies/p.yaml", "1")]);
        repository.git(&["merge", "--quiet", "--no-ff", "--no-edit", "side"]);
        assert_eq!(changes(&repository, &[(DEEP, "1")], None).of(DEEP), Some(time(&repository, "HEAD")));
    }

    #[test]
    fn in_a_shallow_history_an_older_file_is_as_old_as_the_oldest_commit() {
        let repository = Repository::new();
        commit(&repository, 1, &[(A, "1")]);
        let second = commit(&repository, 2, &[(DEEP, "1")]);
        let third = commit(&repository, 3, &[(DEEP, "2")]);
        let cut = Repository::new();
        let url = format!("file://{}", repository.folder().display());
        cut.git(&["fetch", "--quiet", "--depth=2", &url, "main"]);
        cut.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
        let now = changes(&cut, &[(A, "1"), (DEEP, "2")], None);
        assert_eq!([now.of(A), now.of(DEEP)], [Some(second), Some(third)]);
    }

    #[test]
    fn a_walk_ends_after_so_many_entries() {
        let repository = Repository::new();
        commit(&repository, 1, &[(A, "1"), ("secrets/b.age", "1"), ("secrets/c.age", "1")]);
        let (source, tree) = (repository.source(), repository.git(&["rev-parse", "HEAD^{tree}"]));
        let opened = source.open().unwrap();
        let id = |text: &str| ObjectId::from_hex(text.as_bytes()).unwrap();
        let file = id(&repository.git(&["rev-parse", &format!("HEAD:{A}")]));
        for (entries_left, ended) in [(3, true), (4, false)] {
            let sought = BTreeMap::from([(A.to_owned(), file)]);
            let mut search = Search { repository: &opened, sought, found: BTreeMap::new(), entries_left };
            let came = search.compare("", id(&tree), None, UnixTime::from_seconds(1), 0).unwrap();
            assert_eq!((came.is_break(), search.found.is_empty()), (ended, ended), "one folder, and three files in it");
        }
    }

    #[test]
    fn a_time_that_nobody_can_write_and_a_commit_that_is_not_there() {
        let repository = Repository::new();
        commit(&repository, 999_999_999_999, &[(A, "1")]);
        assert_eq!(changes(&repository, &[(A, "1")], None).of(A).unwrap().to_string(), "9999-12-30T22:00:00Z");
        let none = CommitId::parse(&"12".repeat(20)).unwrap();
        assert!(repository.source().last_changes(&none, std::iter::empty(), None).is_err());
    }
}
