//! Why the server does not start, a source is not followed, or a request is not fulfilled.

use crate::custody::{CustodyError, KmsError};
use crate::git::{FetchError, GitError, VerifyError};
use crate::issue::{ConnectError, KeysError};
use crate::issuers::SetupError;
use crate::policy::{ImpossibleStop, LastingError, StopError};
use crate::secrets::IdentityError;
use crate::store::{ReadError, StoreError};
use crate::telemetry::TracesError;
use crate::words::names::{CommitId, NameError, SourceName};
use crate::words::yaml::{Fault, Severity};
use crate::words::{Denial, PlainPath, Reason};
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinError;

/// Reading 100,000 policies and their secrets takes less. A longer reading raises an alarm.
pub(super) const LOOK_QUIET_MAX: Duration = Duration::from_secs(60);

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store opens, but cannot be written or read.
    #[error("{}", .0.cause)]
    Unwritten(#[from] Denial),
    /// The identity to which our own keys are encrypted.
    #[error(transparent)]
    KeyEncryption(#[from] KeyEncryptionError),
    /// Our own keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The address of one of our issuers.
    #[error(transparent)]
    OwnIssuer(#[from] NameError),
    /// A provider of credentials.
    #[error(transparent)]
    Provider(#[from] ConnectError),
    /// The identities of the root source.
    #[error(transparent)]
    Identities(#[from] CustodyError),
    /// The trusted issuers.
    #[error(transparent)]
    Issuers(#[from] SetupError),
    /// The traces.
    #[error(transparent)]
    Traces(#[from] TracesError),
}

/// Why the identity to which our own keys are encrypted is not available.
#[derive(Debug, thiserror::Error)]
pub enum KeyEncryptionError {
    /// Its file cannot be read.
    #[error(transparent)]
    File(#[from] CustodyError),
    /// The store cannot read or write it.
    #[error("{}", .0.cause)]
    Store(#[from] Denial),
    /// AWS KMS alone is configured now, but the stored keys are encrypted to another identity.
    #[error(
        "the stored keys are encrypted to another identity: wrap its file with `daypass keys wrap --purpose key-encryption`, and name it as `key_encryption: {{ aws_kms, file }}`"
    )]
    Other,
    /// AWS KMS does not unwrap the stored identity.
    #[error("the identity to which our keys are encrypted: {0}")]
    Kms(#[source] KmsError),
    /// The new identity cannot be stored.
    #[error("the identity to which our keys are encrypted: {}", .0.cause)]
    NotKept(#[source] Denial),
    /// What AWS KMS decrypted is no identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Why a source is not followed, or not as far as its ref.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Its repository cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Its identities cannot be read.
    #[error(transparent)]
    Identities(#[from] CustodyError),
    /// The store cannot read how far the source was followed.
    #[error("{}", .0.cause)]
    Store(#[from] Denial),
    /// The task that reads it failed.
    #[error(transparent)]
    Broken(#[from] JoinError),
    /// Reading it takes very long.
    #[error(
        "its newest commit has been read for more than {} s and is not in force yet. A file that is costly to open, or very many new \
         ones, are the reason",
        LOOK_QUIET_MAX.as_secs()
    )]
    Slow,
    /// The commit that it has to follow is missing.
    #[error("{anchor}, which {head} has to follow, is not in the repository: correct `since`, or fetch it")]
    NoAnchor {
        /// What it has to follow.
        anchor: CommitId,
        /// What the ref says.
        head: CommitId,
    },
    /// Its history was rewritten.
    #[error(
        "{head} does not follow {anchor}: the history was rewritten; `daypass accept {head}{}` follows it anyway",
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
    /// No listed signer signed it.
    #[error(transparent)]
    Unsigned(#[from] VerifyError),
    /// What was in force is not known, so what widens cannot be measured.
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

/// Why it is not known what was in force.
#[derive(Debug, thiserror::Error)]
pub enum UnreadForm {
    /// The store was written by a version that did not record it.
    #[error("the store does not record its commits")]
    NotNoted,
    /// A commit is missing now.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A form of the guardrails that was in force does not load any more, so nothing may widen.
    #[error("the guardrails of {commit} do not load any more{}", first_of(faults))]
    Guardrails {
        /// Whose form was in force.
        commit: CommitId,
        /// The errors in it.
        faults: Vec<Fault>,
    },
}

/// The first error, to stand behind what it explains.
fn first_of(faults: &[Fault]) -> String {
    let first = faults.iter().find(|fault| fault.severity == Severity::Error);
    first.map(|fault| format!(": {}", fault.brief())).unwrap_or_default()
}

/// How to repair a damaged clone without giving anything away.
fn fetch_anew(mirror: Option<&PathBuf>) -> String {
    let describe = |mirror: &PathBuf| {
        format!("stop the server, remove {} and start it: what is missing is fetched again; otherwise ", mirror.plain())
    };
    mirror.map(describe).unwrap_or_default()
}

/// The source as an option of a command. The root source needs none.
fn option(source: &SourceName) -> String {
    if source.is_root() { String::new() } else { format!(" --source {source}") }
}

/// Why it is not known whether a source has a commit.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    /// Its repository cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Why a denial is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum DenialError {
    /// Its content.
    #[error(transparent)]
    Stop(#[from] StopError),
    /// Its duration.
    #[error(transparent)]
    Lasting(#[from] LastingError),
    /// No token can match it.
    #[error(transparent)]
    Impossible(#[from] ImpossibleStop),
    /// It reaches beyond the source whose policy grants the denial.
    #[error(
        "A policy of the source {source_name} lets you deny only what its own policies grant: name one that is there, as {source_name}/NAME."
    )]
    NotOwn {
        /// The source.
        source_name: SourceName,
    },
    /// There are too many denials.
    #[error("{standing} denials stand already: an operator lifts some, or denies on the server's machine.")]
    TooMany {
        /// So many.
        standing: usize,
    },
    /// It is not known whether the policy exists.
    #[error("no revision is in force, so it is not known whether there is such a policy: `--unknown-too` denies it anyway")]
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

/// Why it is not known how many grants a denial would have refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum CountError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The server counts for another denial.
    #[error("the server counts for another denial at this moment")]
    Busy,
    /// The task that counts failed.
    #[error(transparent)]
    Broken(#[from] JoinError),
}

/// Why a granted transit key is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum NoTransitKey {
    /// No version of it is in force.
    #[error("the revision in force has no file of this key")]
    Key,
    /// This version of it is not in force.
    #[error("version {version} of this key is not in force")]
    Version {
        /// Which one.
        version: u32,
    },
}
