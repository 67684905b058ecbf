//! Why a repository on this machine cannot be read.

use crate::words::PlainPath;
use crate::words::names::{CommitId, NameError};
use std::io;
use std::path::PathBuf;

/// The most files: enough for 100,000 policies and their secrets.
pub(super) const FILES_MAX: usize = 200_000;
/// The most bytes of all files together.
pub(super) const TREE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The most folders, including empty ones, because a tree may name another one a thousand times.
pub(super) const FOLDERS_MAX: usize = 50_000;
/// The most bytes of one folder's listing: enough for 100,000 entries with long names.
pub(super) const FOLDER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The most branches that an error lists.
const BRANCHES_LISTED_MAX: usize = 10;

fn no_ref(name: &str, branches: &[String]) -> String {
    let more = if branches.len() > BRANCHES_LISTED_MAX { " and others" } else { "" };
    let listed = branches[..branches.len().min(BRANCHES_LISTED_MAX)].join(", ");
    match branches {
        [] => format!("there is no `{name}`, nor any branch: commit the policies, and push them"),
        [only] => format!("there is no `{name}`; the only branch is {only}"),
        _ => format!("there is no `{name}`; the branches are {listed}{more}"),
    }
}

/// Why a repository on this machine cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The repository or its ref.
    #[error("{} {reference}: {fault}", .path.plain())]
    Repository {
        /// Where it is.
        path: PathBuf,
        /// The ref that is followed.
        reference: String,
        /// The cause.
        #[source]
        fault: ReadFault,
    },
    /// The id of a commit is not valid.
    #[error(transparent)]
    Id(gix::Error),
    /// The id of a commit has another length.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Two histories without a common commit.
    #[error("{one} and {other} have no commit in common")]
    NothingInCommon {
        /// A commit.
        one: CommitId,
        /// Another.
        other: CommitId,
    },
    /// Two histories that were merged into each other.
    #[error("{one} and {other} have several newest commits in common: merge one into the other first")]
    SeveralBases {
        /// A commit.
        one: CommitId,
        /// Another.
        other: CommitId,
    },
    /// A folder of the file system.
    #[error("{}: {fault}", .path.plain())]
    Folder {
        /// The folder, or a file in it.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// The tree is too large.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// What is wrong with the content of a repository.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// An error of gix.
    #[error(transparent)]
    Git(#[from] gix::Error),
    /// The tree is too large.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// An object was replaced, or the disk is damaged.
    #[error("the object {id} has other bytes than its id says: run `git fsck` there, and fetch it anew")]
    OtherBytes {
        /// Its id.
        id: gix::ObjectId,
    },
    /// Git itself makes no such tree, and readers differ on which of the two counts.
    #[error("`{path}` is in its folder twice: `git fsck` reports it too. Whoever committed it has to commit the folder anew")]
    NameTwice {
        /// The path, with the characters that a terminal does not show written out.
        path: String,
    },
    /// A ref or revision does not exist.
    #[error("{}", no_ref(name, branches))]
    NoRef {
        /// The ref, or the revision that a person named.
        name: String,
        /// The branches that exist.
        branches: Vec<String>,
    },
    /// The object of a commit is missing.
    #[error("the commit cannot be read")]
    NoCommit,
    /// A commit has no tree.
    #[error("the commit {commit} has no tree")]
    NoTree {
        /// Its id.
        commit: gix::ObjectId,
    },
}

/// A tree is too large to be a desired state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TooLarge {
    /// Too many folders, or too large ones.
    #[error("more than {FOLDERS_MAX} folders, or one of more than {FOLDER_BYTES_MAX} bytes")]
    Folders,
    /// Too many files, or too many bytes.
    #[error("more than {FILES_MAX} files or {TREE_BYTES_MAX} bytes")]
    Files,
}
