//! The terms of one AWS session, with nothing left to choose.

use crate::words::names::{DecisionId, RoleArn};
use std::collections::BTreeMap;
use std::time::Duration;

/// An AWS session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwsTerms {
    /// The role.
    pub role: RoleArn,
    /// How long the session lives: 15 minutes to 12 hours.
    pub ttl: Duration,
    /// Session tags, filled with the verified attributes.
    pub tags: BTreeMap<String, String>,
    /// The tags that pass on to roles assumed from this one.
    pub transitive: Vec<String>,
    /// The session's name, filled with the verified attributes. Absent: the decision's id.
    pub session_name: Option<String>,
    /// An inline session policy, JSON.
    pub session_policy: Option<String>,
    /// Managed policies as session policies.
    pub session_policy_arns: Vec<String>,
    /// The intermediate role; absent: the server assumes the role directly.
    pub via: Option<IntermediateRole>,
}

impl AwsTerms {
    /// What AWS calls the session.
    pub fn name_of_session<'a>(&'a self, decision: &'a DecisionId) -> &'a str {
        self.session_name.as_deref().unwrap_or(decision.as_str())
    }
}

/// An intermediate role: a role that only assumes another one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct IntermediateRole {
    /// The role that the server assumes first.
    pub role: RoleArn,
    /// The external id that the other role's trust policy demands (`sts:ExternalId`).
    pub external_id: Option<String>,
}

impl IntermediateRole {
    /// As a policy writes it.
    pub(super) fn describe(&self) -> String {
        let external_id = self.external_id.as_ref().map(|id| format!(" (external_id: {id})")).unwrap_or_default();
        format!("{}{external_id}", self.role)
    }
}
