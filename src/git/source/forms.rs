//! Every form that files ever had, to find out whether a ciphertext was elsewhere before. That includes folders that nothing else
//! reads, and names that are not accepted.

use super::super::error::{GitError, ReadFault};
use super::{ANCESTORS_MAX, DEPTH_MAX, FILE_BYTES_MAX, FOLDER_BYTES_MAX, Source, object_id, objects};
use crate::words::names::CommitId;
use gix::object::tree::EntryKind;
use std::collections::{HashMap, HashSet};

/// The folders of encrypted files.
const ENCRYPTED: [&str; 2] = ["secrets", "transit"];
/// The most forms of encrypted files that are read: 10,000 secrets that were changed 20 times. Other files have their own budget of the
/// same size, so code in the same repository does not use up that of secrets.
const FORMS_MAX: usize = 200_000;
/// The most bytes of these forms.
const FORMS_BYTES_MAX: u64 = 1024 * 1024 * 1024;

impl Source {
    /// Whether it is a shallow clone.
    pub fn is_shallow(&self) -> Result<bool, GitError> {
        self.open()?.is_shallow().map_err(|fault| self.git(fault))
    }

    /// Calls `visit` for each form that each file has in this commit and its ancestors, without those of `known`. It follows every parent,
    /// because a merge may have brought in a valid ciphertext. Returns whether that was everything: the walk is bounded, and begins with
    /// the newest commit.
    pub fn each_form(
        &self,
        from: &CommitId,
        known: Option<&CommitId>,
        visit: &mut dyn FnMut(&str, &[u8]),
    ) -> Result<bool, GitError> {
        let repository = self.open()?;
        let known = known.map(object_id).transpose()?.filter(|known| repository.find_commit(*known).is_ok());
        let walk = repository.rev_walk([object_id(from)?]).with_hidden(known).all().map_err(|fault| self.git(fault))?;
        let root = |commit: gix::ObjectId| repository.find_commit(commit).ok()?.tree_id().ok().map(gix::Id::detach);
        let known = known.and_then(root);
        let [encrypted, others] = [Budget::default(), Budget::default()];
        let mut forms = Forms { repository: &repository, seen: HashSet::new(), encrypted, others, visit };
        for (number, commit) in walk.enumerate() {
            if number >= ANCESTORS_MAX || forms.encrypted.is_exhausted() {
                return Ok(false);
            }
            let commit = commit.map_err(|fault| self.git(fault))?;
            let tree = root(commit.id).ok_or_else(|| self.fault(ReadFault::NoTree { commit: commit.id }))?;
            forms.folder(tree, known, "", 0).map_err(|fault| self.fault(fault))?;
        }
        Ok(!forms.encrypted.is_exhausted() && !forms.others.is_exhausted())
    }
}

/// The forms and bytes that were read.
#[derive(Default)]
struct Budget {
    forms: usize,
    bytes: u64,
}

impl Budget {
    const fn is_exhausted(&self) -> bool {
        self.forms >= FORMS_MAX || self.bytes >= FORMS_BYTES_MAX
    }
}

struct Forms<'a> {
    repository: &'a gix::Repository,
    /// Folders and files that were shown.
    seen: HashSet<(String, gix::ObjectId)>,
    encrypted: Budget,
    others: Budget,
    visit: &'a mut dyn FnMut(&str, &[u8]),
}

impl Forms<'_> {
    /// Skips what is unchanged since the `known` folder, because most commits change few files.
    fn folder(&mut self, id: gix::ObjectId, known: Option<gix::ObjectId>, path: &str, depth: usize) -> Result<(), ReadFault> {
        if Some(id) == known || !self.seen.insert((path.to_owned(), id)) || depth > DEPTH_MAX || self.size(id)? > FOLDER_BYTES_MAX
        {
            return Ok(());
        }
        let known = known.and_then(|known| self.repository.find_tree(known).ok());
        let before = known.as_ref().and_then(|known| known.decode().ok()).map(|known| known.entries).unwrap_or_default();
        let before: HashMap<&[u8], gix::ObjectId> =
            before.iter().map(|entry| (entry.filename.as_ref(), entry.oid.into())).collect();
        let tree = objects::tree(self.repository, id)?;
        for entry in &tree.decode()?.entries {
            let name = format!("{path}{}", entry.filename);
            let (id, before) = (entry.oid.into(), before.get::<[u8]>(entry.filename.as_ref()).copied());
            if before == Some(id) {
                continue;
            }
            match entry.mode.kind() {
                EntryKind::Tree => self.folder(id, before, &format!("{name}/"), depth + 1)?,
                EntryKind::Blob | EntryKind::BlobExecutable => self.file(id, name)?,
                EntryKind::Link | EntryKind::Commit => {}
            }
        }
        Ok(())
    }

    fn file(&mut self, id: gix::ObjectId, name: String) -> Result<(), ReadFault> {
        let is_encrypted = name.split('/').next().is_some_and(|folder| ENCRYPTED.contains(&folder));
        let is_spent = if is_encrypted { self.encrypted.is_exhausted() } else { self.others.is_exhausted() };
        if is_spent || self.seen.contains(&(name.clone(), id)) {
            return Ok(());
        }
        let size = self.size(id)?;
        // A file that is too large was never active.
        if size > FILE_BYTES_MAX {
            return Ok(());
        }
        let budget = if is_encrypted { &mut self.encrypted } else { &mut self.others };
        budget.forms += 1;
        budget.bytes += size;
        let object = objects::object(self.repository, id)?;
        (self.visit)(&name, &object.data);
        self.seen.insert((name, id));
        Ok(())
    }

    fn size(&self, id: gix::ObjectId) -> Result<u64, ReadFault> {
        Ok(self.repository.find_header(id)?.size())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Repository;
    use super::*;

    #[test]
    fn every_form_of_every_commit_is_shown_once_and_nothing_behind_a_known_one() {
        let repository = Repository::new();
        repository.commit(&[("secrets/a/x.age", "1"), ("flux/.p q.yaml", "p"), ("transit/k/1.age", "k")]);
        let first = repository.source().head().unwrap();
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        repository.commit(&[("secrets/a/x.age", "side")]);
        repository.commit(&[("secrets/a/x.age", "2"), ("secrets/y.age", "1")]);
        repository.git(&["checkout", "--quiet", "main"]);
        repository.git(&["merge", "--quiet", "--no-ff", "--no-edit", "side"]);
        let head = repository.source().head().unwrap();
        let forms_since = |known: Option<&CommitId>| {
            let mut forms = Vec::new();
            let mut take = |path: &str, bytes: &[u8]| forms.push(format!("{path}={}", String::from_utf8_lossy(bytes)));
            assert!(repository.source().each_form(&head, known, &mut take).unwrap());
            forms.sort();
            forms
        };
        let new = ["secrets/a/x.age=2", "secrets/a/x.age=side", "secrets/y.age=1"];
        assert_eq!(forms_since(None), [&["flux/.p q.yaml=p", "secrets/a/x.age=1"], &new[..], &["transit/k/1.age=k"]].concat());
        assert_eq!(forms_since(Some(&first)), new);
        let unknown = CommitId::parse(&"12".repeat(20)).unwrap();
        assert_eq!(forms_since(Some(&unknown)).len(), 6, "a history that was rewritten is looked at anew");
    }
}
