//! Reads the tree of one commit, within limits. Files that do not belong there are left out and reported.

mod changed;
mod changes;
mod folder;
mod forms;
pub(super) mod objects;
mod past;

pub use changed::Changed;
pub use changes::LastChanges;
pub use past::HistoryWindow;

use super::error::{FILES_MAX, FOLDER_BYTES_MAX, FOLDERS_MAX, TREE_BYTES_MAX};
use super::error::{GitError, ReadFault, TooLarge};
use crate::policy::{counts_unread, is_looked_at, is_misfiled, is_read};
use crate::words::names::CommitId;
use crate::words::plain;
use gix::object::tree::EntryKind;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// The largest file. Policies and secrets have a few KiB.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The content that replaces that of a relevant file which was left out. It is not YAML, so its reader reports a fault.
const UNREADABLE: &[u8] = b"\0";
/// The deepest folder. Nobody nests deeper by hand.
const DEPTH_MAX: usize = 32;
/// The most commits of a walk from a new commit back to the active one.
const ANCESTORS_MAX: usize = 100_000;

/// A repository on this machine, bare or with a work tree, and the ref to track.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// The ref, such as `refs/heads/main`.
    pub reference: String,
}

/// The files of one commit, and what speeds up reading the next one.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The commit; `None` before the first one.
    pub revision: Option<CommitId>,
    /// The files by path.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// The paths that were left out, each with the reason.
    pub left_out: Vec<(String, String)>,
    /// The folders by path, each with its Git id, so that an unchanged folder is not read again.
    folders: BTreeMap<String, gix::ObjectId>,
}

impl Snapshot {
    /// Leaves a path out. A file that may hold denials is kept without its content: then it is faulty, and the set is not taken for one
    /// without these denials.
    fn leave_out(&mut self, path: String, why: &str) {
        if is_misfiled(&path) {
            return;
        }
        if counts_unread(&path) {
            self.files.insert(path.clone(), Arc::from(UNREADABLE));
        }
        self.left_out.push((path, why.to_owned()));
    }
}

impl Source {
    /// The commit that the ref points to. This is cheap enough for a call every second.
    pub fn head(&self) -> Result<CommitId, GitError> {
        let repository = self.open()?;
        let commit = self.commit(&repository)?;
        Ok(CommitId::parse(&commit.to_string())?)
    }

    /// Reads the files of the commit that the ref points to.
    pub fn read(&self) -> Result<Snapshot, GitError> {
        self.read_at(&self.head()?, &Snapshot::default())
    }

    /// Reads the files of this commit. Files that have not changed since the `known` one are not read again.
    pub fn read_at(&self, revision: &CommitId, known: &Snapshot) -> Result<Snapshot, GitError> {
        let repository = self.open()?;
        let commit = objects::commit(&repository, object_id(revision)?).map_err(|fault| self.fault(fault))?;
        let tree = commit.tree_id().map_err(|fault| self.git(fault))?;
        let next = Snapshot { revision: Some(revision.clone()), ..Snapshot::default() };
        let mut reading = TreeRead { repository: &repository, known, next, bytes: 0 };
        reading.tree(tree.into(), "", 0).map_err(|fault| self.fault(fault))?;
        Ok(reading.next)
    }

    /// Whether this commit exists. An object of another kind, such as a tree, does not count.
    pub fn has(&self, commit: &CommitId) -> Result<bool, GitError> {
        let repository = self.open()?;
        let Ok(id) = object_id(commit) else { return Ok(false) };
        let header = repository.try_find_header(id).map_err(|fault| self.git(fault))?;
        Ok(header.is_some_and(|header| header.kind() == gix::object::Kind::Commit))
    }

    /// The branches that exist.
    pub fn branches(&self) -> Result<Vec<String>, GitError> {
        self.branches_of(&self.open()?)
    }

    fn branches_of(&self, repository: &gix::Repository) -> Result<Vec<String>, GitError> {
        let references = repository.references().map_err(|fault| self.git(fault))?;
        let branches = references.local_branches().map_err(|fault| self.git(fault))?;
        Ok(branches.filter_map(Result::ok).map(|branch| branch.name().as_bstr().to_string()).collect())
    }

    /// Finds the commit that a person names by a branch, a tag, `HEAD~2`, an id or the beginning of an id.
    pub fn resolve(&self, name: &str) -> Result<CommitId, GitError> {
        let repository = self.open()?;
        let found = repository.rev_parse_single(format!("{name}^{{commit}}").as_str());
        let commit = found.map_err(|_| self.no_ref(&repository, name))?;
        Ok(CommitId::parse(&commit.to_string())?)
    }

    /// The merge base of both. Fails if there are several, because then the author of the branches could choose between them.
    pub fn merge_base(&self, one: &CommitId, other: &CommitId) -> Result<CommitId, GitError> {
        let repository = self.open()?;
        let bases = repository.merge_bases_many(object_id(one)?, &[object_id(other)?]).map_err(|fault| self.git(fault))?;
        match &bases[..] {
            [] => Err(GitError::NothingInCommon { one: one.clone(), other: other.clone() }),
            [base] => Ok(CommitId::parse(&base.to_string())?),
            _ => Err(GitError::SeveralBases { one: one.clone(), other: other.clone() }),
        }
    }

    /// Whether `old` is `new` or an ancestor of it, so that the history goes forward.
    pub fn is_forward(&self, old: &CommitId, new: &CommitId) -> Result<bool, GitError> {
        let repository = self.open()?;
        let (old, new) = (object_id(old)?, object_id(new)?);
        let walk = repository.rev_walk([new]).all().map_err(|fault| self.git(fault))?;
        Ok(walk.take(ANCESTORS_MAX).filter_map(Result::ok).any(|commit| commit.id == old))
    }

    /// This commit and its ancestors, the newest first, at most so many.
    pub fn history(&self, from: &CommitId, most: usize) -> Result<Vec<CommitId>, GitError> {
        use gix::revision::walk::Sorting;
        use gix::traverse::commit::simple::CommitTimeOrder::NewestFirst;
        let repository = self.open()?;
        let walk = repository.rev_walk([object_id(from)?]).sorting(Sorting::ByCommitTime(NewestFirst));
        let commits = walk.all().map_err(|fault| self.git(fault))?.take(most);
        commits.map(|commit| Ok(CommitId::parse(&commit.map_err(|fault| self.git(fault))?.id.to_string())?)).collect()
    }

    /// Opens it in isolated mode: gix reads no configuration of the machine or the user. Replace refs are ignored, because anybody who may
    /// push to `refs/replace/` could otherwise replace the tree of a signed commit.
    pub(super) fn open(&self) -> Result<gix::Repository, GitError> {
        let options = gix::open::Options::isolated().config_overrides(["core.useReplaceRefs=false"]);
        gix::open_opts(&self.path, options).map_err(|fault| self.git(fault))
    }

    fn commit(&self, repository: &gix::Repository) -> Result<gix::ObjectId, GitError> {
        let found = repository.try_find_reference(self.reference.as_str()).map_err(|fault| self.git(fault))?;
        let mut reference = found.ok_or_else(|| self.no_ref(repository, &self.reference))?;
        reference.peel_to_id().map(gix::Id::detach).map_err(|fault| self.git(fault))
    }

    fn no_ref(&self, repository: &gix::Repository, name: &str) -> GitError {
        let branches = self.branches_of(repository).unwrap_or_default();
        self.fault(ReadFault::NoRef { name: name.to_owned(), branches })
    }

    pub(super) fn fault(&self, fault: ReadFault) -> GitError {
        GitError::Repository { path: self.path.clone(), reference: self.reference.clone(), fault }
    }

    /// Wraps an error of gix.
    pub(super) fn git(&self, fault: gix::Error) -> GitError {
        self.fault(ReadFault::Git(fault))
    }
}

pub(super) fn object_id(commit: &CommitId) -> Result<gix::ObjectId, GitError> {
    gix::ObjectId::from_hex(commit.as_str().as_bytes()).map_err(GitError::Id)
}

struct TreeRead<'a> {
    repository: &'a gix::Repository,
    known: &'a Snapshot,
    next: Snapshot,
    bytes: u64,
}

impl TreeRead<'_> {
    fn tree(&mut self, id: gix::ObjectId, folder: &str, depth: usize) -> Result<(), ReadFault> {
        if self.known.folders.get(folder) == Some(&id) {
            return self.reuse_folder(folder);
        }
        let size = self.repository.find_header(id)?.size();
        if self.next.folders.len() >= FOLDERS_MAX || size > FOLDER_BYTES_MAX {
            return Err(TooLarge::Folders.into());
        }
        self.next.folders.insert(folder.to_owned(), id);
        let tree = objects::tree(self.repository, id)?;
        let entries = tree.decode()?;
        let mut names = HashSet::new();
        for entry in &entries.entries {
            if !names.insert(entry.filename) {
                return Err(ReadFault::NameTwice { path: plain(&format!("{folder}{}", entry.filename)).into_owned() });
            }
            let Some(path) = checked_path(folder, entry.filename) else {
                self.next.leave_out(format!("{folder}{}", entry.filename), "its name has characters that are not accepted");
                continue;
            };
            if depth == 0 && !is_looked_at(&path) {
                continue;
            }
            match entry.mode.kind() {
                EntryKind::Tree if depth < DEPTH_MAX => self.tree(entry.oid.into(), &format!("{path}/"), depth + 1)?,
                EntryKind::Tree => self.next.leave_out(path, &format!("deeper than {DEPTH_MAX} folders")),
                EntryKind::Blob | EntryKind::BlobExecutable if !is_read(&path) => {}
                EntryKind::Blob | EntryKind::BlobExecutable => self.blob(path, entry.oid.into())?,
                EntryKind::Link => self.next.leave_out(path, "a symbolic link is never followed"),
                EntryKind::Commit => self.next.leave_out(path, "a submodule is never followed"),
            }
        }
        Ok(())
    }

    /// Takes the folder's files, folders and what was left out from the known commit.
    fn reuse_folder(&mut self, folder: &str) -> Result<(), ReadFault> {
        for (path, bytes) in below(&self.known.files, folder) {
            self.take(path.clone(), bytes.clone())?;
        }
        self.next.folders.extend(below(&self.known.folders, folder).map(|(path, id)| (path.clone(), *id)));
        let left_out = self.known.left_out.iter().filter(|(path, _)| path.starts_with(folder)).cloned();
        self.next.left_out.extend(left_out);
        Ok(())
    }

    fn blob(&mut self, path: String, id: gix::ObjectId) -> Result<(), ReadFault> {
        let known = self.known.files.get(&path).filter(|bytes| objects::is(id, gix::object::Kind::Blob, bytes));
        if let Some(bytes) = known {
            return self.take(path, bytes.clone());
        }
        if self.repository.find_header(id)?.size() > FILE_BYTES_MAX {
            self.next.leave_out(path, "larger than 1 MiB");
            return Ok(());
        }
        let object = objects::object(self.repository, id)?;
        self.take(path, Arc::from(object.data.as_slice()))
    }

    fn take(&mut self, path: String, bytes: Arc<[u8]>) -> Result<(), ReadFault> {
        self.bytes += bytes.len() as u64;
        if self.next.files.len() >= FILES_MAX || self.bytes > TREE_BYTES_MAX {
            return Err(TooLarge::Files.into());
        }
        self.next.files.insert(path, bytes);
        Ok(())
    }
}

/// The entries below a folder.
fn below<'a, T>(all: &'a BTreeMap<String, T>, folder: &'a str) -> impl Iterator<Item = (&'a String, &'a T)> {
    all.range(folder.to_owned()..).take_while(move |(path, _)| path.starts_with(folder))
}

/// The full path, if every file system and every person reads the name in the same way.
fn checked_path(folder: &str, name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let good = |character: char| character.is_ascii_alphanumeric() || "-_.@+=".contains(character);
    let bad = name.is_empty() || name == "." || name == ".." || name.eq_ignore_ascii_case(".git") || !name.chars().all(good);
    (!bad).then(|| format!("{folder}{name}"))
}

#[cfg(test)]
mod tests;
