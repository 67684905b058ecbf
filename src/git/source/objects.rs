//! Objects whose bytes have their id. Git does not compare the two when it reads, and whoever may write to the disk signs nothing.

use crate::git::error::ReadFault;
use gix::object::Kind;
use gix::{Commit, Object, ObjectId, Repository, Tree};

/// A commit.
pub(in crate::git) fn commit(repository: &Repository, id: ObjectId) -> Result<Commit<'_>, ReadFault> {
    let commit = repository.find_commit(id)?;
    check(id, Kind::Commit, &commit.data)?;
    Ok(commit)
}

/// The tree of a folder.
pub(super) fn tree(repository: &Repository, id: ObjectId) -> Result<Tree<'_>, ReadFault> {
    let tree = repository.find_tree(id)?;
    check(id, Kind::Tree, &tree.data)?;
    Ok(tree)
}

/// A file, or whatever else has this id.
pub(super) fn object(repository: &Repository, id: ObjectId) -> Result<Object<'_>, ReadFault> {
    let object = repository.find_object(id)?;
    check(id, object.kind, &object.data)?;
    Ok(object)
}

/// Whether these bytes are what the id says.
pub(super) fn is(id: ObjectId, kind: Kind, bytes: &[u8]) -> bool {
    gix::objs::compute_hash(id.kind(), kind, bytes).is_ok_and(|found| found == id)
}

fn check(id: ObjectId, kind: Kind, bytes: &[u8]) -> Result<(), ReadFault> {
    if is(id, kind, bytes) { Ok(()) } else { Err(ReadFault::OtherBytes { id }) }
}
