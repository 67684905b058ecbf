//! Why a repository on this machine is not read.

use crate::words::PlainPath;
use crate::words::names::{CommitId, NameError};
use std::io;
use std::path::PathBuf;

/// 100,000 policies and their secrets.
pub(super) const FILES_MAX: usize = 200_000;
/// All files together.
pub(super) const TREE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Folders, also those that hold nothing: a tree may name itself a thousand times over.
pub(super) const FOLDERS_MAX: usize = 50_000;
/// One folder's listing: 100,000 entries with long names.
pub(super) const FOLDER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// As many as a person looks through.
const BRANCHES_TOLD_MAX: usize = 10;

fn no_ref(name: &str, branches: &[String]) -> String {
    let more = if branches.len() > BRANCHES_TOLD_MAX { " and others" } else { "" };
    let told = branches[..branches.len().min(BRANCHES_TOLD_MAX)].join(", ");
    match branches {
        [] => format!("there is no `{name}`, nor any branch: commit the policies, and push them"),
        [only] => format!("there is no `{name}`; the only branch is {only}"),
        _ => format!("there is no `{name}`; the branches are {told}{more}"),
    }
}

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Of a repository and its ref.
    #[error("{} {reference}: {fault}", .path.plain())]
    Repository {
        /// Where it is.
        path: PathBuf,
        /// The ref that is followed.
        reference: String,
        /// Why not.
        #[source]
        fault: ReadFault,
    },
    /// A commit that no repository here could have.
    #[error(transparent)]
    Id(gix::Error),
    /// A commit whose id is of another length.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Two histories.
    #[error("{one} and {other} have no commit in common")]
    NothingInCommon {
        /// A commit.
        one: CommitId,
        /// Another.
        other: CommitId,
    },
    /// Two histories that were merged crosswise.
    #[error("{one} and {other} have several newest commits in common: merge one into the other first")]
    SeveralBases {
        /// A commit.
        one: CommitId,
        /// Another.
        other: CommitId,
    },
    /// Of a folder that is read as it stands.
    #[error("{}: {fault}", .path.plain())]
    Folder {
        /// The folder, or a file in it.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: io::Error,
    },
    /// A folder of more.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// What is wrong with what a repository holds.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// What gix says.
    #[error(transparent)]
    Git(#[from] gix::Error),
    /// Too much of it.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// An object that somebody put in the place of another, or a disk that lost something.
    #[error("the object {id} has other bytes than its id says: run `git fsck` there, and fetch it anew")]
    OtherBytes {
        /// Its id.
        id: gix::ObjectId,
    },
    /// A name of nothing, and what could be meant.
    #[error("{}", no_ref(name, branches))]
    NoRef {
        /// The ref that is asked for, or whatever a person named.
        name: String,
        /// The branches that there are.
        branches: Vec<String>,
    },
    /// A commit without its object.
    #[error("the commit cannot be read")]
    NoCommit,
    /// A commit of nothing.
    #[error("the commit {commit} has no tree")]
    NoTree {
        /// Its id.
        commit: gix::ObjectId,
    },
}

/// A tree that is no desired state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TooLarge {
    /// By its folders.
    #[error("more than {FOLDERS_MAX} folders, or one of more than {FOLDER_BYTES_MAX} bytes")]
    Folders,
    /// By its files.
    #[error("more than {FILES_MAX} files or {TREE_BYTES_MAX} bytes")]
    Files,
}
