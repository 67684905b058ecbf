//! The parameters of one call of AWS STS. If a role is assumed through another one, this decides which call carries which of them.
//!
//! AWS IAM user guide, "Pass session tags in AWS STS" (chaining): a transitive tag persists and cannot be set again. "Monitor and
//! control actions taken with assumed roles": a source identity persists too.

use crate::policy::{AwsTerms, IntermediateRole};
use crate::words::names::{DecisionId, RoleArn};
use serde_json::json;
use std::time::Duration;

/// The least that AWS accepts. The intermediate role's session is used once, at once.
const HUB_LIFETIME: Duration = Duration::from_secs(900);

/// The call that assumes a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    AssumeRoleWithWebIdentity,
    AssumeRole,
}

/// The position of a call in its chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hop {
    /// The only one.
    Only,
    /// To the intermediate role.
    IntermediateRole,
    /// From the intermediate role.
    Target,
}

/// The parameters of one call.
pub(super) struct Ask<'a> {
    pub(super) hop: Hop,
    pub(super) action: Action,
    pub(super) role: &'a RoleArn,
    pub(super) decision: &'a DecisionId,
    pub(super) tags: Vec<(&'a String, &'a String)>,
    pub(super) transitive: &'a [String],
    /// Whether the session has tags: its own, or transitive ones of the session before it.
    pub(super) is_tagged: bool,
    pub(super) name: &'a str,
    pub(super) ttl: Duration,
    pub(super) source_identity: Option<&'a DecisionId>,
    pub(super) policy: Option<String>,
    pub(super) policy_arns: &'a [String],
    pub(super) external_id: Option<&'a str>,
}

impl<'a> Ask<'a> {
    /// Assumes a role directly.
    pub(super) fn only(terms: &'a AwsTerms, action: Action, decision: &'a DecisionId) -> Self {
        Self {
            hop: Hop::Only,
            action,
            role: &terms.role,
            decision,
            tags: terms.tags.iter().collect(),
            transitive: &terms.transitive,
            is_tagged: !terms.tags.is_empty(),
            name: terms.name_of_session(decision),
            ttl: terms.ttl,
            source_identity: Some(decision),
            policy: terms.session_policy.clone(),
            policy_arns: &terms.session_policy_arns,
            external_id: None,
        }
    }

    /// Assumes the intermediate role: with every tag, because its trust policy may test them, and allowed to do the next call only.
    pub(super) fn intermediate(
        terms: &'a AwsTerms,
        intermediate: &'a IntermediateRole,
        action: Action,
        decision: &'a DecisionId,
    ) -> Self {
        let (policy, policy_arns) = (Some(only_assumes(&terms.role)), &[][..]);
        Self {
            hop: Hop::IntermediateRole,
            role: &intermediate.role,
            ttl: HUB_LIFETIME,
            policy,
            policy_arns,
            ..Self::only(terms, action, decision)
        }
    }

    /// Assumes the target from the intermediate role, without what persists.
    pub(super) fn target(terms: &'a AwsTerms, intermediate: &'a IntermediateRole, decision: &'a DecisionId) -> Self {
        let own = terms.tags.iter().filter(|(key, _)| !terms.transitive.contains(key));
        Self {
            hop: Hop::Target,
            tags: own.collect(),
            transitive: &[],
            source_identity: None,
            external_id: intermediate.external_id.as_deref(),
            ..Self::only(terms, Action::AssumeRole, decision)
        }
    }
}

/// A session policy that allows to assume this role and nothing else.
fn only_assumes(role: &RoleArn) -> String {
    let actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": role }] }).to_string()
}
