//! Why a commit is not trusted, or a file of those who may sign is not taken.

mod signature;

pub(super) use signature::{OpenPgpFault, OpenPgpKeyFault, SignatureError, SshFault};

use crate::git::GitError;
use crate::words::names::CommitId;

/// Commits between two looks. More than this were not made by people, and each costs a check of its signature.
pub(super) const COMMITS_MAX: usize = 10_000;
/// The trailer (git-interpret-trailers(1)) by which a commit says of which ref it is meant to be the head.
pub(super) const REF_TRAILER: &str = "Daypass-Ref";

/// Why the newest commit is not put in force.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A commit's message cannot be.
    #[error(transparent)]
    Message(gix::Error),
    /// It is meant for another ref.
    #[error("the commit {commit} does not say `{REF_TRAILER}: {reference}` in a trailer, so it is not signed for this ref")]
    NotForRef {
        /// The commit.
        commit: gix::ObjectId,
        /// The ref that is followed.
        reference: String,
    },
    /// Nobody who counts signed it.
    #[error("the commit {commit} is not trusted: {fault}")]
    NotTrusted {
        /// The commit.
        commit: gix::ObjectId,
        /// Why not.
        #[source]
        fault: SignatureError,
    },
    /// Another branch.
    #[error(
        "{trusted} is not on the first-parent line of {head}: another branch that merged it was put in its place; \
         merge into the branch that is followed, or `daypass accept {head}` after looking at it"
    )]
    OffTheLine {
        /// The commit in force.
        trusted: gix::ObjectId,
        /// The newest one.
        head: CommitId,
    },
    /// More than people make.
    #[error("more than {COMMITS_MAX} commits since the last one in force: `daypass accept {head}` after looking at them")]
    TooMany {
        /// The newest one.
        head: CommitId,
    },
    /// There is nothing to trust.
    #[error("no commit")]
    NoCommit,
}

/// Why a file of those who may sign is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SignersError {
    /// A line of `allowed_signers`.
    #[error("allowed_signers, line {line}: {fault}")]
    Line {
        /// From 1.
        line: usize,
        /// Why not.
        #[source]
        fault: LineFault,
    },
    /// It is no keyring.
    #[error("not an OpenPGP public key: {0}")]
    NoOpenPgpKey(#[source] pgp::errors::Error),
    /// It is an empty one.
    #[error("the file holds no OpenPGP public key")]
    NoKeys,
}

/// What is wrong with a line of `allowed_signers`.
#[derive(Debug, thiserror::Error)]
pub enum LineFault {
    #[error("expected `principals [options] type key`")]
    Form,
    #[error("`{name}` is no option that is known")]
    Option { name: String },
    #[error("not a public key: {0}")]
    NoKey(#[source] ssh_key::Error),
    #[error("`{text}`: expected YYYYMMDD or YYYYMMDDHHMM[SS], UTC")]
    Moment { text: String },
}
