//! Why the server does not start, a source is not followed, and what was asked of it is not given.

use crate::custody::{CustodyError, KmsError};
use crate::git::{FetchError, GitError, VerifyError};
use crate::issue::{ConnectError, KeysError};
use crate::issuers::SetupError;
use crate::policy::{ImpossibleStop, LastingError, StopError};
use crate::secrets::IdentityError;
use crate::store::{ReadError, StoreError};
use crate::telemetry::TracesError;
use crate::words::names::{CommitId, NameError, SourceName};
use crate::words::{Denial, PlainPath, Reason};
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinError;

/// Reading 100,000 policies and their secrets takes less; whoever waits longer hears of it.
pub(super) const LOOK_QUIET_MAX: Duration = Duration::from_secs(60);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store opens, and does not write or read.
    #[error("{}", .0.cause)]
    Unwritten(#[from] Denial),
    /// What our own keys are encrypted to.
    #[error(transparent)]
    KeyEncryption(#[from] KeyEncryptionError),
    /// Our own keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The address of one of our issuers.
    #[error(transparent)]
    OwnIssuer(#[from] NameError),
    /// Somebody outside who is asked for credentials.
    #[error(transparent)]
    Provider(#[from] ConnectError),
    /// What opens the root source's secrets.
    #[error(transparent)]
    Identities(#[from] CustodyError),
    /// Those whose tokens are taken.
    #[error(transparent)]
    Issuers(#[from] SetupError),
    /// Who hears of requests.
    #[error(transparent)]
    Traces(#[from] TracesError),
}

/// Why the identity is not had to which our own keys are encrypted.
#[derive(Debug, thiserror::Error)]
pub enum KeyEncryptionError {
    /// Its file is not read.
    #[error(transparent)]
    File(#[from] CustodyError),
    /// The store does not give or take it.
    #[error("{}", .0.cause)]
    Store(#[from] Denial),
    /// AWS KMS alone opens it now, and another one sealed what there is.
    #[error(
        "the stored keys are encrypted to another identity: wrap its file with `daypass keys wrap --purpose key-encryption`, and name it as `key_encryption: {{ aws_kms, file }}`"
    )]
    Other,
    /// AWS KMS does not open the one that is kept.
    #[error("the identity to which our keys are encrypted: {0}")]
    Kms(#[source] KmsError),
    /// The one that was made now is not kept.
    #[error("the identity to which our keys are encrypted: {}", .0.cause)]
    NotKept(#[source] Denial),
    /// What AWS KMS opened is none.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Why a source is not followed, or not as far as its ref.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Its repository is not fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its repository is not read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What opens its secrets is not read.
    #[error(transparent)]
    Identities(#[from] CustodyError),
    /// The store does not say how far it went.
    #[error("{}", .0.cause)]
    Store(#[from] Denial),
    /// The look itself ended.
    #[error(transparent)]
    Broken(#[from] JoinError),
    /// The look goes on.
    #[error(
        "its newest commit has been read for more than {} s: the one before is in force meanwhile. A file that is costly to open, or \
         very many new ones, are the reason",
        LOOK_QUIET_MAX.as_secs()
    )]
    Slow,
    /// Nobody can tell what it has to follow.
    #[error("{anchor}, which {head} has to follow, is not in the repository: correct `since`, or fetch it")]
    NoAnchor {
        /// What it has to follow.
        anchor: CommitId,
        /// What the ref says.
        head: CommitId,
    },
    /// Its history goes another way.
    #[error(
        "{head} does not follow {anchor}: the history was rewritten; `daypass accept {head}{}` follows it all the same",
        option(source_name)
    )]
    Rewritten {
        /// What it has to follow.
        anchor: CommitId,
        /// What the ref says.
        head: CommitId,
        /// The source.
        source_name: SourceName,
    },
    /// Nobody who counts signed it.
    #[error(transparent)]
    Unsigned(#[from] VerifyError),
    /// What widens is measured against what was in force.
    #[error(
        "what was in force before the restart cannot be read again: {why}; {}`daypass accept {head}{}` lets all of that commit go live, also what waits",
        fetch_anew(mirror.as_ref()), option(source_name)
    )]
    Forgotten {
        /// What the ref says.
        head: CommitId,
        /// The source.
        source_name: SourceName,
        /// The clone of a remote one.
        mirror: Option<PathBuf>,
        /// What is missing.
        #[source]
        why: Box<UnreadForm>,
    },
}

/// Why nobody can tell what was in force.
#[derive(Debug, thiserror::Error)]
pub enum UnreadForm {
    /// The store was written by nobody who noted it.
    #[error("the store does not say of which commits it was")]
    NotNoted,
    /// A commit of it is not there any more.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What was denied is not known, and nothing may widen.
    #[error("the guardrails of {commit} cannot be read")]
    Guardrails {
        /// Whose form was in force.
        commit: CommitId,
    },
}

/// What mends a clone that is damaged, and gives nothing away.
fn fetch_anew(mirror: Option<&PathBuf>) -> String {
    let told = |mirror: &PathBuf| {
        format!("stop the server, remove {} and start it: what is missing is fetched anew; else ", mirror.plain())
    };
    mirror.map(told).unwrap_or_default()
}

/// As it stands behind a command; the root source has none.
fn option(source: &SourceName) -> String {
    if source.is_root() { String::new() } else { format!(" --source {source}") }
}

/// Why nobody can tell whether a source has a commit.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    /// Its repository is not fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its repository is not read.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Why an operator's denial is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum DenialError {
    /// By what it says.
    #[error(transparent)]
    Stop(#[from] StopError),
    /// By how long it stands.
    #[error(transparent)]
    Lasting(#[from] LastingError),
    /// By what no token can be.
    #[error(transparent)]
    Impossible(#[from] ImpossibleStop),
    /// It reaches beyond the source whose policy lets somebody deny.
    #[error(
        "A policy of the source {source_name} lets deny what its own policies grant: name one that is there, as {source_name}/NAME."
    )]
    NotOwn {
        /// The source.
        source_name: SourceName,
    },
    /// There is no room for one more.
    #[error("{standing} denials stand already: an operator lifts some, or denies on the server's machine.")]
    TooMany {
        /// So many.
        standing: usize,
    },
    /// What it names may be there or not.
    #[error("no revision is in force, so nobody can tell whether there is such a policy: `--unknown-too` denies it all the same")]
    NoRevision,
}

impl DenialError {
    pub(super) const fn reason(&self) -> Reason {
        match self {
            Self::NotOwn { .. } => Reason::NoMatchingPolicy,
            Self::TooMany { .. } => Reason::Overloaded,
            Self::Stop(_) | Self::Lasting(_) | Self::Impossible(_) | Self::NoRevision => Reason::BadRequest,
        }
    }
}

/// Why nobody can tell what a denial would have hit.
#[derive(Debug, thiserror::Error)]
pub(super) enum CountError {
    /// The log is not read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Another one is counted.
    #[error("the server counts for another denial at this moment")]
    Busy,
    /// The count itself ended.
    #[error(transparent)]
    Broken(#[from] JoinError),
}

/// Why a transit key that is granted is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum NoTransitKey {
    /// None of its versions is.
    #[error("the revision in force has no file of this key")]
    Key,
    /// One of its versions is not.
    #[error("version {version} of this key is not in force")]
    Version {
        /// Which one.
        version: u32,
    },
}
