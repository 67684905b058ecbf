//! `rewrite`: files of a source with other recipients, or with new data keys.

use crate::words::names::CommitId;
use serde::{Deserialize, Serialize};

/// As many of the named files as one answer holds.
#[derive(Serialize, Deserialize, Debug)]
pub struct Rewritten {
    /// The commit whose files they are.
    pub commit: Option<CommitId>,
    /// The files.
    pub files: Vec<RewrittenFile>,
}

/// One file. With neither a new form nor a fault, it needs no change.
#[derive(Serialize, Deserialize, Debug)]
pub struct RewrittenFile {
    /// Its path in the repository, as it was asked for.
    pub file: String,
    /// Its new form, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Why it has no new form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}
