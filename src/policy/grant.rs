//! What a policy grants to this request: terms in which nothing is left to choose.

use super::grantable::Terms;
use super::stop::Standing;
use crate::identity::Facts;
use crate::token::Possession;
use crate::words::names::{Audience, CommitId, DecisionId, PolicyName, RoleArn, SecretName, SecretPath, SourceName};
use crate::words::{Denial, Digest, UnixTime};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a holder may keep a secret that nobody confirms any more, when the policy says nothing: longer than an upgrade of
/// the server or a failed node, and no longer than keys of a dead issuer are trusted.
pub const OFFLINE_DEFAULT: Duration = Duration::from_secs(3600);

/// What the policies in force decide over a request. It grants nothing before [`Decision::stands`]. Only `PolicySet::decide` makes one.
#[must_use]
#[derive(Debug)]
pub struct Decision(Vec<Granted>);

impl Decision {
    pub(super) const fn new(granted: Vec<Granted>) -> Self {
        Self(granted)
    }

    /// The grant, where nothing stands against it at this moment.
    pub fn stands(self, standing: &Standing<'_>, facts: &Facts) -> Result<Grant, Denial> {
        standing.check(&self.0, facts).map(|()| Grant(self.0))
    }
}

/// The proof that every credential of a request is granted now. Only [`Decision::stands`] makes one.
#[must_use]
#[derive(Debug)]
pub struct Grant(Vec<Granted>);

impl Grant {
    /// For the tests of what comes after a grant.
    #[cfg(test)]
    pub(crate) const fn of_nothing() -> Self {
        Self(Vec::new())
    }

    /// One entry for each credential of the request, in its order.
    pub fn granted(&self) -> &[Granted] {
        &self.0
    }

    /// The policy of each.
    pub fn policies(&self) -> Vec<&str> {
        self.0.iter().map(|granted| granted.policy.as_str()).collect()
    }
}

/// One credential, and the policy that grants it.
#[derive(PartialEq, Eq, Debug)]
pub struct Granted {
    /// The repository that the policy comes from.
    pub source: SourceName,
    /// The policy.
    pub policy: PolicyName,
    /// What exactly.
    pub terms: Terms,
    /// Whether the policy lets a token be used only once.
    pub once: bool,
    /// What the policy wants proved beside the token.
    pub proof: Possession,
    /// How long the policy lets a session last although its token has ended.
    pub session: Option<Duration>,
    /// When the last of the policies that grant it ends, if all of them do.
    pub expires: Option<UnixTime>,
}

impl Granted {
    /// Whether a session of this age may have it although its token has ended: an AWS session or a token of our own would outlive it.
    pub(super) fn outlasts_token(&self, session_age: Duration) -> bool {
        self.terms.outlasts_token() && self.session.is_some_and(|lasting| session_age < lasting)
    }

    /// The subject of a token that we sign for it: source and policy. The policies of a further source bear its name already.
    pub fn subject(&self) -> String {
        subject(&self.source, &self.policy)
    }
}

pub(super) fn subject(source: &SourceName, policy: &PolicyName) -> String {
    if source.is_root() { format!("{source}/{policy}") } else { policy.to_string() }
}

/// An AWS session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwsTerms {
    /// The role.
    pub role: RoleArn,
    /// How long the session lives: 15 minutes to 12 hours.
    pub ttl: Duration,
    /// Session tags, with the verified attributes already in them.
    pub tags: BTreeMap<String, String>,
    /// The tags that pass on to roles assumed from this one.
    pub transitive: Vec<String>,
    /// The session's name, with the verified attributes already in it. Absent: the decision's id.
    pub session_name: Option<String>,
    /// An inline session policy, JSON.
    pub session_policy: Option<String>,
    /// Managed policies as session policies.
    pub session_policy_arns: Vec<String>,
    /// The role that it is assumed from; absent: we assume it ourselves.
    pub via: Option<Hub>,
}

impl AwsTerms {
    /// What AWS calls the session.
    pub fn name_of_session<'a>(&'a self, decision: &'a DecisionId) -> &'a str {
        self.session_name.as_deref().unwrap_or(decision.as_str())
    }
}

/// A role that only assumes another one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Hub {
    /// The role that we assume first.
    pub role: RoleArn,
    /// What the other one's trust asks of whoever assumes it (`sts:ExternalId`).
    pub external_id: Option<String>,
}

impl Hub {
    /// As a policy writes it.
    pub(super) fn told(&self) -> String {
        let external_id = self.external_id.as_ref().map(|id| format!(" (external_id: {id})")).unwrap_or_default();
        format!("{}{external_id}", self.role)
    }
}

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

/// A token of our own issuer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdTokenTerms {
    /// Whom it is for.
    pub audience: Audience,
    /// How long it lives: at most an hour.
    pub ttl: Duration,
    /// Further claims, with the verified attributes already in them.
    pub claims: BTreeMap<String, String>,
}
