//! The answer to a use of something that stays on the server, such as a transit key or the audit log.

use super::{Denied, Findings, Records, Rewritten, SecretStatus};
use crate::words::Secret;
use crate::words::exposed;
use crate::words::names::DecisionId;
use serde::{Deserialize, Serialize};

/// A use and its outcome.
#[derive(Serialize, Deserialize, Debug)]
pub struct Used {
    /// The decision.
    pub decision_id: DecisionId,
    /// The policies that grant, with a comma between them.
    pub policy: String,
    /// The commits in force that grant.
    pub policy_revision: String,
    /// The outcome, under its name.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The outcome of each kind of use.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// An operation by a transit key.
    Transit(TransitResult),
    /// The grants that a candidate revision would have denied.
    Replay(Findings),
    /// A page of the audit log.
    Audit(Records),
    /// Files with other recipients, or with new data keys.
    Rewrite(Rewritten),
    /// A page of a source's encrypted files.
    #[serde(rename = "secret_status")]
    SecretStatus(SecretStatus),
    /// A denial that takes effect at once.
    Deny(Denied),
    /// What a request would have been granted.
    #[serde(rename = "dry_run")]
    DryRun(DryRun),
}

/// What would be released.
#[derive(Serialize, Deserialize, Debug)]
pub struct DryRun {
    /// In the order of the request, in the audit log's words. A choice that the request left to the policies is named.
    pub credentials: Vec<String>,
}

/// The result of an operation: the member of the operation, and the version of the key.
#[derive(Serialize, Deserialize, Debug)]
pub struct TransitResult {
    /// The result of an encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ciphertext: Option<String>,
    /// The result of a decryption, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plaintext: Option<Plaintext>,
    /// The version.
    pub key_version: u32,
}

/// A decrypted plaintext.
#[derive(Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct Plaintext(#[serde(with = "exposed::base64")] pub Secret);
