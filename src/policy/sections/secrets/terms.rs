//! The terms of one secret, with nothing left to choose.

use crate::words::Digest;
use crate::words::names::{CommitId, SecretName, SecretPath};
use std::time::Duration;

/// How long a holder may keep a secret without an answer of the server, if the policy does not say. It is longer than an upgrade of the
/// server or the failure of a node takes, and no longer than the server trusts keys of an issuer that it cannot reach.
pub const OFFLINE_DEFAULT: Duration = Duration::from_secs(3600);

/// A secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretTerms {
    /// The document, or one value of it.
    pub name: SecretName,
    /// The values that are granted, by JSON pointer, if a document is not granted whole.
    pub only: Option<Vec<String>>,
    /// How long a holder that refreshes it may keep it while the server does not answer.
    pub offline: Duration,
    /// Whether unauthenticated values are granted too.
    pub unauthenticated: bool,
}

/// A secret as an older commit had it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastSecretTerms {
    /// The secret.
    pub secret: SecretTerms,
    /// The commit; absent in a question to the policies.
    pub commit: Option<CommitId>,
}

/// The file key of a document that is granted whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileKeyTerms {
    /// The document.
    pub document: SecretPath,
    /// The digest of its header.
    pub header: Digest,
}
