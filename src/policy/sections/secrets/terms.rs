//! What one identity gets of secrets, with nothing left to choose.

use crate::words::Digest;
use crate::words::names::{CommitId, SecretName, SecretPath};
use std::time::Duration;

/// How long a holder may keep a secret that nobody confirms any more, when the policy says nothing: longer than an upgrade of
/// the server or a failed node, and no longer than keys of a dead issuer are trusted.
pub const OFFLINE_DEFAULT: Duration = Duration::from_secs(3600);

/// A secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretTerms {
    /// The document, or one key of it.
    pub name: SecretName,
    /// Of a document that is not granted whole, the values that are, by JSON pointer.
    pub only: Option<Vec<String>>,
    /// How long whoever keeps it asking anew may keep it when nobody answers.
    pub offline: Duration,
    /// Whether values may be given that nothing authenticates.
    pub unauthenticated: bool,
}

/// A secret as an older commit had it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastSecretTerms {
    /// The secret.
    pub secret: SecretTerms,
    /// As of which commit; absent where only the policies are asked.
    pub commit: Option<CommitId>,
}

/// The file key of a document that is granted whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileKeyTerms {
    /// The document.
    pub document: SecretPath,
    /// Which of its headers.
    pub header: Digest,
}
