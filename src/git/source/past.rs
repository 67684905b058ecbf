//! Reads the historical version of a file: checks which commits may be requested, and finds the blob.

use super::super::error::GitError;
use super::{ANCESTORS_MAX, DEPTH_MAX, FILE_BYTES_MAX, FOLDER_BYTES_MAX, Source, object_id, objects};
use crate::words::names::CommitId;
use gix::object::tree::EntryKind;

/// The history that may be requested.
#[derive(Clone, Debug)]
pub struct HistoryWindow {
    /// The active commit. Only this commit and its ancestors may be requested.
    pub in_force: CommitId,
    /// The oldest commit that may be requested.
    pub since: Option<CommitId>,
}

impl Source {
    /// Whether the commit is part of that history. Only the first-parent line counts: a review of a merge looks at its result and not at
    /// each commit that it brings in. A missing commit is not part of it, and neither is one beyond the bounded walk.
    pub fn is_past(&self, commit: &CommitId, past: &HistoryWindow) -> Result<bool, GitError> {
        let Ok(id) = object_id(commit) else { return Ok(false) };
        let repository = self.open()?;
        let walk = repository.rev_walk([object_id(&past.in_force)?]).first_parent_only();
        let mut behind = walk.all().map_err(|fault| self.git(fault))?.take(ANCESTORS_MAX).filter_map(Result::ok);
        if !behind.any(|commit| commit.id == id) {
            return Ok(false);
        }
        past.since.as_ref().map_or(Ok(true), |since| self.is_forward(since, commit))
    }

    /// The file's bytes at that commit; `None` if the commit has no such file. A link is not a file, and neither is a file that is too large
    /// to be active.
    pub fn file_at(&self, commit: &CommitId, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let repository = self.open()?;
        let Some(id) = self.form_at(&repository, commit, path)? else { return Ok(None) };
        let object = objects::object(&repository, id).map_err(|fault| self.fault(fault))?;
        Ok(Some(object.data.clone()))
    }

    /// Whether the file at that commit has the same form as at one of the others. A commit that no longer exists has none.
    pub fn has_form_of_any(&self, commit: &CommitId, path: &str, others: &[CommitId]) -> Result<bool, GitError> {
        let repository = self.open()?;
        let Some(form) = self.form_at(&repository, commit, path)? else { return Ok(false) };
        let is_same = |other| matches!(self.form_at(&repository, other, path), Ok(Some(id)) if id == form);
        Ok(others.contains(commit) || others.iter().any(is_same))
    }

    fn form_at(&self, repository: &gix::Repository, commit: &CommitId, path: &str) -> Result<Option<gix::ObjectId>, GitError> {
        let commit = objects::commit(repository, object_id(commit)?).map_err(|fault| self.fault(fault))?;
        let mut id = commit.tree_id().map_err(|fault| self.git(fault))?.detach();
        let size = |id: gix::ObjectId| repository.find_header(id).map(|header| header.size()).map_err(|fault| self.git(fault));
        let steps: Vec<&str> = path.split('/').collect();
        // A folder in the root has depth 1, as when a whole commit is read.
        for (depth, step) in steps.iter().enumerate() {
            if depth > DEPTH_MAX || size(id)? > FOLDER_BYTES_MAX {
                return Ok(None);
            }
            let tree = objects::tree(repository, id).map_err(|fault| self.fault(fault))?;
            let entries = tree.decode().map_err(|fault| self.git(fault))?;
            // A commit in which a name is there twice was never in force.
            let mut named = entries.entries.iter().filter(|entry| entry.filename == step.as_bytes());
            let (Some(entry), None) = (named.next(), named.next()) else { return Ok(None) };
            id = entry.oid.into();
            match (entry.mode.kind(), depth + 1 == steps.len()) {
                (EntryKind::Tree, false) | (EntryKind::Blob | EntryKind::BlobExecutable, true) => {}
                (EntryKind::Tree, true) | (EntryKind::Blob | EntryKind::BlobExecutable, false) => return Ok(None),
                (EntryKind::Link | EntryKind::Commit, _) => return Ok(None),
            }
        }
        Ok((size(id)? <= FILE_BYTES_MAX).then_some(id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Repository;
    use super::*;

    fn past(in_force: &CommitId) -> HistoryWindow {
        HistoryWindow { in_force: in_force.clone(), since: None }
    }

    #[test]
    fn a_commit_of_the_past_lies_behind_the_one_in_force_and_follows_since() {
        let repository = Repository::new();
        let at = |what: &str| CommitId::parse(&repository.git(&["rev-parse", what])).unwrap();
        for text in ["1", "2", "3"] {
            repository.commit(&[("secrets/a.age", text)]);
        }
        let (first, second, third) = (at("HEAD~2"), at("HEAD~1"), at("HEAD"));
        repository.git(&["checkout", "--quiet", "-b", "side", second.as_str()]);
        repository.commit(&[("secrets/b.age", "side")]);
        let side = at("HEAD");
        repository.git(&["checkout", "--quiet", "main"]);
        let (source, unknown) = (repository.source(), CommitId::parse(&"12".repeat(20)).unwrap());
        let other_hash = CommitId::parse(&"12".repeat(32)).unwrap();
        let is_past = |commit: &CommitId, past: &HistoryWindow| source.is_past(commit, past).unwrap();
        for good in [&first, &second, &third] {
            assert!(is_past(good, &past(&third)));
        }
        for bad in [&side, &unknown, &other_hash] {
            assert!(!is_past(bad, &past(&third)), "{bad}");
        }
        assert!(!is_past(&third, &past(&second)), "what the ref has and is not in force");
        let since = HistoryWindow { since: Some(second.clone()), ..past(&third) };
        assert_eq!([&first, &second, &third].map(|commit| is_past(commit, &since)), [false, true, true]);
        repository.git(&["merge", "--quiet", "--no-ff", "--no-edit", "side"]);
        let merged = at("HEAD");
        assert!(!is_past(&side, &past(&merged)), "a merge speaks for what it brings in");
        assert!([&first, &third, &merged].into_iter().all(|commit| is_past(commit, &past(&merged))));
    }

    #[test]
    fn one_file_is_read_and_nothing_that_would_not_be_in_force() {
        let repository = Repository::new();
        std::fs::create_dir_all(repository.folder().join("secrets")).unwrap();
        std::os::unix::fs::symlink("a.age", repository.folder().join("secrets/link.age")).unwrap();
        repository.commit(&[("secrets/a.age", "old"), ("secrets/shop/b.age", "b"), ("secrets/huge.age", &"x".repeat(2 << 20))]);
        let old = repository.source().head().unwrap();
        repository.commit(&[("secrets/a.age", "new")]);
        let read = |path: &str| repository.source().file_at(&old, path).unwrap();
        assert_eq!(read("secrets/a.age").as_deref(), Some(&b"old"[..]));
        assert_eq!(read("secrets/shop/b.age").as_deref(), Some(&b"b"[..]));
        let deep = format!("{}x", "secrets/".repeat(40));
        for none in
            ["secrets/c.age", "secrets/shop", "secrets/a.age/x", "secrets/link.age", "secrets/huge.age", "policies/x", &deep]
        {
            assert_eq!(read(none), None, "{none}");
        }
        let unknown = CommitId::parse(&"12".repeat(20)).unwrap();
        assert!(repository.source().file_at(&unknown, "secrets/a.age").is_err());
        let new = repository.source().head().unwrap();
        let has = |path: &str, others: &[&CommitId]| {
            let others: Vec<CommitId> = others.iter().map(|other| (*other).clone()).collect();
            repository.source().has_form_of_any(&old, path, &others).unwrap()
        };
        assert!(has("secrets/shop/b.age", &[&unknown, &new]) && has("secrets/a.age", &[&new, &old]));
        assert!(!has("secrets/a.age", &[&unknown, &new]) && !has("secrets/none.age", &[&old]) && !has("secrets/a.age", &[]));
    }
}
