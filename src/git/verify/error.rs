//! Why a commit is not trusted, or a file of signers is refused.

mod signature;

pub(super) use signature::{OpenPgpFault, OpenPgpKeyFault, SignatureError, SshFault};

use crate::git::GitError;
use crate::words::names::CommitId;

/// The most commits between two polls. People make fewer, and each costs a check of its signature.
pub(super) const COMMITS_MAX: usize = 10_000;
/// The trailer (git-interpret-trailers(1)) with which a commit names the ref whose head it is meant to be.
pub(super) const REF_TRAILER: &str = "Daypass-Ref";

/// Why the newest commit does not become active.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A commit's message cannot be read.
    #[error(transparent)]
    Message(gix::Error),
    /// It is meant for another ref.
    #[error("the commit {commit} does not say `{REF_TRAILER}: {reference}` in a trailer, so it is not signed for this ref")]
    NotForRef {
        /// The commit.
        commit: gix::ObjectId,
        /// The tracked ref.
        reference: String,
    },
    /// No allowed signer signed it.
    #[error("the commit {commit} is not trusted: {fault}")]
    NotTrusted {
        /// The commit.
        commit: gix::ObjectId,
        /// The cause.
        #[source]
        fault: SignatureError,
    },
    /// The ref was moved to another branch.
    #[error(
        "{trusted} is not on the first-parent line of {head}: the ref points to another branch, which merged it; \
         merge into the tracked branch, or `daypass accept {head}` after looking at it"
    )]
    OffTheLine {
        /// The active commit.
        trusted: gix::ObjectId,
        /// The newest one.
        head: CommitId,
    },
    /// There are too many new commits.
    #[error("more than {COMMITS_MAX} commits since the active one: `daypass accept {head}` after looking at them")]
    TooMany {
        /// The newest one.
        head: CommitId,
    },
    /// There is no commit.
    #[error("no commit")]
    NoCommit,
}

/// Why a file of signers is refused.
#[derive(Debug, thiserror::Error)]
pub enum SignersError {
    /// A line of `allowed_signers`.
    #[error("allowed_signers, line {line}: {fault}")]
    Line {
        /// The number of the line, from 1.
        line: usize,
        /// The cause.
        #[source]
        fault: LineFault,
    },
    /// It is not an OpenPGP keyring.
    #[error("not an OpenPGP public key: {0}")]
    NoOpenPgpKey(#[source] pgp::errors::Error),
    /// It is an empty keyring.
    #[error("the file holds no OpenPGP public key")]
    NoKeys,
}

/// What is wrong with a line of `allowed_signers`.
#[derive(Debug, thiserror::Error)]
pub enum LineFault {
    #[error("expected `principals [options] type key`")]
    Form,
    #[error("the option `{name}` is unknown")]
    Option { name: String },
    #[error("not a public key: {0}")]
    NoKey(#[source] ssh_key::Error),
    #[error("`{text}`: expected YYYYMMDD or YYYYMMDDHHMM[SS], UTC")]
    Moment { text: String },
}
