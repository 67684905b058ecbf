//! Reads objects and checks that their bytes match their ids. Git does not check that. Otherwise anybody with write access to the disk
//! could change the content of a signed commit.

use crate::git::error::ReadFault;
use gix::object::Kind;
use gix::{Commit, Object, ObjectId, Repository, Tree};

/// Reads a commit.
pub(in crate::git) fn commit(repository: &Repository, id: ObjectId) -> Result<Commit<'_>, ReadFault> {
    let commit = repository.find_commit(id)?;
    check(id, Kind::Commit, &commit.data)?;
    Ok(commit)
}

/// Reads the tree of a folder.
pub(super) fn tree(repository: &Repository, id: ObjectId) -> Result<Tree<'_>, ReadFault> {
    let tree = repository.find_tree(id)?;
    check(id, Kind::Tree, &tree.data)?;
    Ok(tree)
}

/// Reads a file, or another object with this id.
pub(super) fn object(repository: &Repository, id: ObjectId) -> Result<Object<'_>, ReadFault> {
    let object = repository.find_object(id)?;
    check(id, object.kind, &object.data)?;
    Ok(object)
}

/// Whether these bytes match the id.
pub(super) fn is(id: ObjectId, kind: Kind, bytes: &[u8]) -> bool {
    gix::objs::compute_hash(id.kind(), kind, bytes).is_ok_and(|found| found == id)
}

fn check(id: ObjectId, kind: Kind, bytes: &[u8]) -> Result<(), ReadFault> {
    if is(id, kind, bytes) { Ok(()) } else { Err(ReadFault::OtherBytes { id }) }
}
