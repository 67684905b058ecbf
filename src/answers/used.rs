//! The answer to a use of what stays on the server.

use super::{Denied, Findings, Records, Rewritten, SecretStatus};
use crate::words::Secret;
use crate::words::exposed;
use crate::words::names::DecisionId;
use serde::{Deserialize, Serialize};

/// What came of it.
#[derive(Serialize, Deserialize, Debug)]
pub struct Used {
    /// The decision.
    pub decision_id: DecisionId,
    /// The policies that grant, with a comma between them.
    pub policy: String,
    /// The commits in force that grant.
    pub policy_revision: String,
    /// What came of it, under its name.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of it, by what was done.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// An operation by a transit key.
    Transit(TransitResult),
    /// What a candidate revision would have denied.
    Replay(Findings),
    /// A page of the audit log.
    Audit(Records),
    /// Files with other recipients, or with new data keys.
    Rewrite(Rewritten),
    /// A page of a source's encrypted files.
    #[serde(rename = "secret_status")]
    SecretStatus(SecretStatus),
    /// A denial that stands from now on.
    Deny(Denied),
    /// What a request would have been given.
    #[serde(rename = "dry_run")]
    DryRun(DryRun),
}

/// What would be released.
#[derive(Serialize, Deserialize, Debug)]
pub struct DryRun {
    /// In the order of the request, as the audit log calls them; what policies choose is named.
    pub credentials: Vec<String>,
}

/// What came of an operation: the member of the operation, and the version of the key that did it.
#[derive(Serialize, Deserialize, Debug)]
pub struct TransitResult {
    /// Of an encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ciphertext: Option<String>,
    /// Of a decryption, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plaintext: Option<Plaintext>,
    /// The version.
    pub key_version: u32,
}

/// A decrypted plaintext.
#[derive(Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct Plaintext(#[serde(with = "exposed::base64")] pub Secret);
