//! The answer to a login.

use crate::words::exposed;
use crate::words::names::{DecisionId, IssuerName, PolicyName};
use crate::words::{Secret, UnixTime};
use serde::{Deserialize, Serialize};

/// A session that began.
#[derive(Serialize, Deserialize, Debug)]
pub struct Session {
    /// The decision.
    pub decision_id: DecisionId,
    /// The only policy that it may use, if the login named one.
    pub policy: Option<PolicyName>,
    /// The issuer of the token that began it.
    pub issuer: IssuerName,
    /// The token that its requests carry.
    #[serde(with = "exposed::text")]
    pub session_token: Secret,
    /// When it ends.
    pub expires_at: UnixTime,
}
