//! The server's answers, as types that it shares with its clients.

mod active_denial;
mod alarm;
mod denied;
mod findings;
mod in_order;
mod issuer_keys;
mod listed;
mod operator;
mod problem;
mod readiness;
mod records;
mod rewritten;
mod secret_status;
mod session;
mod status;
mod used;
mod whoami;

pub use active_denial::{ActiveDenial, DenyLines};
pub use alarm::{Alarm, CertificateFault, ListenerName};
pub use denied::{Covered, Denied};
pub use findings::{Fault, Findings, Line, Lost, NearMiss};
pub use issuer_keys::{DiscoveryDocument, IssuerKey, IssuerKeyState, IssuerKeys, Jwks, OfIssuers, PublishedKeys, RotatedKeys};
pub use listed::{FaultsLeftOut, FileFault, LISTED_BYTES_MAX, ListedFaults, listed_files};
pub use operator::{ClockAccepted, EndedToken, Lifted, OperatorRefusal, Revoked};
pub use problem::Problem;
pub use readiness::{Checks, Readiness};
pub use records::{AuditRecord, Records};
pub use rewritten::{Rewritten, RewrittenFile};
pub use secret_status::{EmptyGrant, FileStatus, SecretStatus};
pub use session::Session;
pub use status::{FirstUseOf, SecondUse, SecondUses, SourceStatus, Status};
pub use used::{DryRun, Outcome, Plaintext, TransitResult, Used};
pub use whoami::Whoami;

use crate::kind::{Answered, Credential};
use crate::words::UnixTime;
use crate::words::names::DecisionId;
use serde::{Deserialize, Serialize};

/// All requested credentials, in the order of the request.
#[derive(Serialize, Deserialize, Debug)]
pub struct Document {
    /// The decision.
    pub decision_id: DecisionId,
    /// The policies that grant, with a comma between them.
    pub policy: String,
    /// The commits that the granting policies are from.
    pub policy_revision: String,
    /// When the first credential expires, if one does.
    pub expires_at: Option<UnixTime>,
    /// The credentials.
    pub credentials: Vec<Credential>,
}

impl Document {
    /// The first credential of this kind that `is_it` accepts.
    pub fn find<A: Answered>(&self, is_it: impl Fn(&A) -> bool) -> Option<&A> {
        self.credentials.iter().filter_map(A::of).find(|answer| is_it(answer))
    }

    /// Like [`Self::find`], and removes the credential.
    pub fn take<A: Answered>(&mut self, is_it: impl Fn(&A) -> bool) -> Option<A> {
        let place = self.credentials.iter().position(|credential| A::of(credential).is_some_and(&is_it))?;
        A::take(self.credentials.remove(place))
    }
}

/// Every answer to a request that uses a token. No two have the same members.
#[derive(Serialize, Deserialize, Debug)]
#[serde(untagged)]
pub enum Answer {
    /// To an exchange.
    Credentials(Document),
    /// To a login.
    Session(Session),
    /// To a use of something that stays on the server, such as a transit key.
    Used(Used),
}

impl From<Document> for Answer {
    fn from(document: Document) -> Self {
        Self::Credentials(document)
    }
}

impl From<Used> for Answer {
    fn from(used: Used) -> Self {
        Self::Used(used)
    }
}

impl Answer {
    /// The decision that it answers.
    pub const fn decision(&self) -> &DecisionId {
        match self {
            Self::Credentials(document) => &document.decision_id,
            Self::Session(session) => &session.decision_id,
            Self::Used(used) => &used.decision_id,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
