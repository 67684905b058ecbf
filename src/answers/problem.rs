//! Every refusal of the API: a problem document (RFC 9457).

use serde::{Deserialize, Serialize};

/// A problem document. A proxy may answer instead of the server, so a reader takes one that lacks members.
#[derive(Serialize, Deserialize, Debug, Default)]
#[serde(default)]
pub struct Problem {
    /// An address that identifies the reason.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The reason in a few words.
    pub title: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The reason's code.
    pub code: Option<String>,
    /// The decision.
    pub decision_id: Option<String>,
    /// What happened.
    pub detail: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// The provider that refused or did not answer, if the reason does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}
