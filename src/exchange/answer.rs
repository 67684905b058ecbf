//! The only two types that can become an answer. A `Released` is made after the record of the release is durable, a `RecordedRefusal`
//! after that of the refusal.

use crate::answers::{Answer, Document, Outcome, Session, Used};
use crate::app::{App, Revisions};
use crate::identity::Identity;
use crate::kind::{Answered, Credential};
use crate::store::{self, Repeat, Replay};
use crate::words::names::{Audience, DecisionId, IssuerUrl};
use crate::words::{Denial, Reason, Secret};
use serde::Serialize;

/// An answer on its way out, and the proof that its release is durable.
#[must_use]
pub struct Released {
    answer: Answer,
    /// The same as the native API's JSON.
    written: Secret,
    bearer: Option<Bearer>,
    _record: Record,
}

/// The claims of the exchanged token, for the APIs that return them.
#[derive(Debug)]
pub struct Bearer {
    /// `iss`.
    pub issuer: IssuerUrl,
    /// `sub`.
    pub subject: String,
    /// `aud`.
    pub audience: Audience,
}

impl Bearer {
    /// `None` for a session: the APIs that have sessions do not return these claims.
    fn of(identity: &Identity) -> Option<Self> {
        let token = identity.token()?;
        Some(Self { issuer: token.issuer().clone(), subject: token.subject().to_owned(), audience: token.audience().clone() })
    }
}

/// What proves that the answer is recorded: the receipt of this release, or the decision that this request repeats.
enum Record {
    Now { _receipt: store::Released },
    Before { _repeat: DecisionId },
}

/// A refusal on its way out, already recorded.
#[must_use]
#[derive(Debug)]
pub struct RecordedRefusal {
    decision: DecisionId,
    denial: Denial,
}

impl Released {
    pub(super) fn new(answer: Answer, written: Secret, identity: &Identity, receipt: store::Released) -> Self {
        Self { answer, written, bearer: Bearer::of(identity), _record: Record::Now { _receipt: receipt } }
    }

    /// The JSON document, for the native API alone.
    pub fn expose(&self) -> &[u8] {
        self.written.expose()
    }

    /// The decision that it answers.
    pub const fn decision(&self) -> &DecisionId {
        self.answer.decision()
    }

    /// The only credential, for the APIs that ask for one.
    pub fn credential(&self) -> Result<&Credential, RecordedRefusal> {
        match &self.answer {
            Answer::Credentials(Document { credentials, .. }) if credentials.len() == 1 => Ok(&credentials[0]),
            _ => Err(RecordedRefusal::of_another_kind()),
        }
    }

    /// The only credential, if it is of this kind.
    pub fn only<A: Answered>(&self) -> Result<&A, RecordedRefusal> {
        A::of(self.credential()?).ok_or_else(RecordedRefusal::of_another_kind)
    }

    /// The session that a login began.
    pub fn session(&self) -> Result<&Session, RecordedRefusal> {
        if let Answer::Session(session) = &self.answer { Ok(session) } else { Err(RecordedRefusal::of_another_kind()) }
    }

    /// The outcome of a use of something that stays on the server.
    pub fn outcome(&self) -> Result<&Outcome, RecordedRefusal> {
        if let Answer::Used(used) = &self.answer { Ok(&used.outcome) } else { Err(RecordedRefusal::of_another_kind()) }
    }

    /// The claims of the exchanged token; `None` for a session.
    pub const fn bearer(&self) -> Option<&Bearer> {
        self.bearer.as_ref()
    }
}

impl RecordedRefusal {
    pub(super) fn new(decision: DecisionId, denial: Denial) -> Self {
        Self { decision, denial }
    }

    /// A refusal for which no record could be made, because the task that would have made it is gone.
    pub fn unrecorded(denial: Denial) -> Self {
        tracing::error!(cause = %denial.cause, "a request ended without its record; nothing was released");
        Self::new(DecisionId::new(), denial)
    }

    /// The answer to a bug: something else was made than the request asked for, and none of it leaves.
    pub fn of_another_kind() -> Self {
        Self::unrecorded(Reason::Internal.with_cause("the answer is of another kind than what was asked for"))
    }

    /// The decision's id, by which the operator finds the record.
    pub fn decision(&self) -> &DecisionId {
        &self.decision
    }

    /// What the caller can do next, with the decision's id in the commands.
    pub fn hint(&self) -> String {
        self.denial.hint().replace("--decision ID", &format!("--decision {}", self.decision))
    }

    /// Why it was refused.
    pub fn denial(&self) -> &Denial {
        &self.denial
    }
}

/// Opens the stored answer for the token that it was sealed to.
pub(super) fn repeat(app: &App, repeat: Repeat, identity: &Identity) -> Result<Released, Denial> {
    let written = app
        .store
        .unseal(&repeat, identity.secret_part())
        .ok_or_else(|| Reason::Replayed.with_cause("the stored answer is sealed to another signature of this token"))?;
    let answer =
        serde_json::from_slice(written.expose()).map_err(|_| Reason::Internal.with_cause("the stored answer is none"))?;
    Ok(Released { answer, written, bearer: Bearer::of(identity), _record: Record::Before { _repeat: repeat.decision } })
}

/// The refusal of a use that the token made before.
pub(super) fn replayed(why: Replay) -> Denial {
    match why {
        Replay::Used => Reason::Replayed.with_cause("the same token and credential were used before"),
        Replay::Elsewhere(first) => Reason::Replayed
            .with_cause(format!("the token serves {}, which decision {} released to", first.client, first.decision))
            .with_detail("The token was already used by another client.")
            .after(first),
        Replay::Proof => {
            Reason::ProofInvalid.with_cause("the proof was used before").with_detail("The proof of possession was used before.")
        }
    }
}

/// The answer as the native API's JSON.
pub(super) fn write(answer: &impl Serialize) -> Result<Secret, Denial> {
    serde_json::to_vec(answer).map(Secret::new).map_err(|fault| Reason::Internal.with_cause(fault.to_string()))
}

/// The answer to an exchange; the answers of all APIs are made from it.
pub(super) fn document(
    decision: &DecisionId,
    policies: &[&str],
    revisions: &Revisions,
    credentials: Vec<Credential>,
) -> Document {
    let policy_revision = revisions.of_policies().to_owned();
    let expires_at = credentials.iter().filter_map(Credential::expires_at).min();
    Document { decision_id: decision.clone(), policy: joined(policies), policy_revision, expires_at, credentials }
}

/// The answer to a use of something that stays on the server.
pub(super) fn used(decision: &DecisionId, policies: &[&str], revisions: &Revisions, outcome: Outcome) -> Used {
    Used { decision_id: decision.clone(), policy: joined(policies), policy_revision: revisions.of_policies().to_owned(), outcome }
}

fn joined(policies: &[&str]) -> String {
    let mut names = policies.to_vec();
    names.dedup();
    names.join(",")
}
