//! The only two types that can become an answer. `Released` is made after its record is durable, `Refused` after its own.

use crate::app::{App, Revisions};
use crate::identity::Identity;
use crate::issue::Credential;
use crate::store::{self, Repeat, Replay};
use crate::words::names::{Audience, DecisionId, IssuerUrl, PolicyName};
use crate::words::{Denial, Reason, Secret, UnixTime};
use serde::Serialize;
use serde_json::{Value, json};

/// Credentials on their way out: the answer's JSON, and the proof that its release is durable.
#[must_use]
pub struct Released {
    answer: Secret,
    bearer: Option<Bearer>,
    _record: Record,
}

/// Whose token it was that was exchanged, in the token's own words, for the APIs that tell it.
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
    /// A session is no token, and the APIs that have sessions do not tell of one.
    fn of(identity: &Identity) -> Option<Self> {
        let token = identity.token()?;
        Some(Self { issuer: token.issuer().clone(), subject: token.subject().to_owned(), audience: token.audience().clone() })
    }
}

/// The two ways in which an answer may have been recorded.
enum Record {
    Now { _receipt: store::Released },
    Before { _repeat: DecisionId },
}

/// A refusal on its way out, already recorded.
#[must_use]
#[derive(Debug)]
pub struct Refused {
    decision: DecisionId,
    denial: Denial,
}

impl Released {
    pub(super) fn new(answer: Secret, identity: &Identity, receipt: store::Released) -> Self {
        Self { answer, bearer: Bearer::of(identity), _record: Record::Now { _receipt: receipt } }
    }

    /// The JSON document, for the edge alone.
    pub fn expose(&self) -> &[u8] {
        self.answer.expose()
    }

    /// Whose token was exchanged, where it was a token.
    pub const fn bearer(&self) -> Option<&Bearer> {
        self.bearer.as_ref()
    }
}

impl Refused {
    pub(super) fn new(decision: DecisionId, denial: Denial) -> Self {
        Self { decision, denial }
    }

    /// A refusal for which no record could be made, because the task that would have made it is gone.
    pub fn unrecorded(denial: Denial) -> Self {
        tracing::error!(cause = %denial.cause, "a request ended without its record; nothing was released");
        Self::new(DecisionId::new(), denial)
    }

    /// The decision's id, by which the operator finds the record.
    pub fn decision(&self) -> &DecisionId {
        &self.decision
    }

    /// What the caller may hear.
    pub fn denial(&self) -> &Denial {
        &self.denial
    }
}

/// Opens the stored answer again for the token that it was sealed to.
pub(super) fn repeat(app: &App, repeat: Repeat, identity: &Identity) -> Result<Released, Denial> {
    let answer = app
        .store
        .unseal(&repeat, identity.secret_part())
        .ok_or_else(|| Reason::Replayed.because("the stored answer is sealed to another signature of this token"))?;
    Ok(Released { answer, bearer: Bearer::of(identity), _record: Record::Before { _repeat: repeat.decision } })
}

/// What is answered to a use that may not be answered.
pub(super) fn replayed(why: Replay) -> Denial {
    match why {
        Replay::Used => Reason::Replayed.because("the same token and credential were used before"),
        Replay::Elsewhere(first) => Reason::Replayed
            .because(format!("the token serves {}, which decision {} released to", first.client, first.decision))
            .saying("The token was already used by another client.")
            .after(first),
        Replay::Proof => {
            Reason::ProofInvalid.because("the proof was used before").saying("The proof of possession was used before.")
        }
    }
}

/// What an answer of the native API says, in this order.
#[derive(Serialize)]
struct Document<'a> {
    decision_id: &'a DecisionId,
    policy: String,
    policy_revision: &'a str,
    expires_at: Option<String>,
    credentials: Vec<Value>,
}

/// The document of the native API; the other APIs are made from the same values.
pub(super) fn document(
    decision: &DecisionId,
    policies: &[&str],
    revisions: &Revisions,
    credentials: &[Credential],
) -> Result<Secret, Denial> {
    let expires_at: Option<UnixTime> = credentials.iter().filter_map(Credential::expires_at).min();
    let document = Document {
        decision_id: decision,
        policy: joined(policies),
        policy_revision: revisions.of_policies(),
        expires_at: expires_at.map(|moment| moment.to_string()),
        credentials: credentials.iter().map(Credential::to_json).collect(),
    };
    serde_json::to_vec(&document).map(Secret::new).map_err(|fault| Reason::Internal.because(fault.to_string()))
}

/// The document of a login.
pub(super) fn document_of_login(
    decision: &DecisionId,
    policy: Option<&PolicyName>,
    identity: &Identity,
    session: &Secret,
    expires_at: UnixTime,
) -> Secret {
    let document = json!({
        "decision_id": decision.as_str(),
        "policy": policy,
        "issuer": identity.facts().issuer,
        "session_token": session.expose_text(),
        "expires_at": expires_at.to_string(),
    });
    Secret::new(document.to_string().into_bytes())
}

/// The document of a use of daypass itself: what came of it, under its name.
pub(super) fn document_of_use(
    decision: &DecisionId,
    policies: &[&str],
    revisions: &Revisions,
    name: &str,
    outcome: &Value,
) -> Secret {
    let mut document =
        json!({ "decision_id": decision.as_str(), "policy": joined(policies), "policy_revision": revisions.of_policies() });
    document[name] = outcome.clone();
    Secret::new(document.to_string().into_bytes())
}

fn joined(policies: &[&str]) -> String {
    let mut names = policies.to_vec();
    names.dedup();
    names.join(",")
}
