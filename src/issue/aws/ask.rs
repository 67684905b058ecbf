//! One call of AWS STS: which role, and what goes where when a role is assumed from another one.
//!
//! AWS IAM user guide, "Pass session tags in AWS STS" (chaining): a transitive tag persists, and cannot be given again; "Monitor
//! and control actions taken with assumed roles": so does a source identity.

use super::answer::Answer;
use super::refusal::refused;
use crate::policy::{AwsTerms, Hub};
use crate::words::names::{DecisionId, RoleArn};
use crate::words::{Denial, Reason, Secret};
use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};
use aws_sdk_sts::{Client, Config};
use serde_json::json;
use std::time::Duration;

/// The least that AWS takes; the session of the role in between is used once, at once.
const HUB_LIFETIME: Duration = Duration::from_secs(900);

/// By which call a role is assumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    AssumeRoleWithWebIdentity,
    AssumeRole,
}

/// Which of a session's calls it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hop {
    /// The only one.
    Only,
    /// To the role in between.
    Hub,
    /// From the role in between.
    Target,
}

/// What is asked for.
pub(super) struct Ask<'a> {
    pub(super) hop: Hop,
    pub(super) action: Action,
    pub(super) role: &'a RoleArn,
    pub(super) tags: Vec<(&'a String, &'a String)>,
    pub(super) transitive: &'a [String],
    /// Whether the session bears tags, its own or such as persist.
    pub(super) is_tagged: bool,
    name: &'a str,
    ttl: Duration,
    source_identity: Option<&'a DecisionId>,
    policy: Option<String>,
    policy_arns: &'a [String],
    external_id: Option<&'a str>,
}

impl<'a> Ask<'a> {
    /// A role that is assumed without another.
    pub(super) fn only(terms: &'a AwsTerms, action: Action, decision: &'a DecisionId) -> Self {
        Self {
            hop: Hop::Only,
            action,
            role: &terms.role,
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

    /// The role in between: every tag, for its trust may look at them, and nothing that it may do but the next call.
    pub(super) fn hub(terms: &'a AwsTerms, hub: &'a Hub, action: Action, decision: &'a DecisionId) -> Self {
        let (policy, policy_arns) = (Some(only_assumes(&terms.role)), &[][..]);
        Self { hop: Hop::Hub, role: &hub.role, ttl: HUB_LIFETIME, policy, policy_arns, ..Self::only(terms, action, decision) }
    }

    /// From the role in between: what persists is not said again.
    pub(super) fn target(terms: &'a AwsTerms, hub: &'a Hub, decision: &'a DecisionId) -> Self {
        let own = terms.tags.iter().filter(|(key, _)| !terms.transitive.contains(key));
        Self {
            hop: Hop::Target,
            tags: own.collect(),
            transitive: &[],
            source_identity: None,
            external_id: hub.external_id.as_deref(),
            ..Self::only(terms, Action::AssumeRole, decision)
        }
    }

    /// With a token of ours.
    pub(super) async fn by_token(&self, client: &Client, token: &Secret) -> Result<Answer, Denial> {
        let call = client
            .assume_role_with_web_identity()
            .role_arn(self.role.as_str())
            .role_session_name(self.name)
            .web_identity_token(token.expose_text().unwrap_or_default())
            .duration_seconds(seconds(self.ttl))
            .set_policy(self.policy.clone())
            .set_policy_arns(self.managed());
        call.send().await.map(Answer::from).map_err(|fault| refused(&fault, self))
    }

    /// With these AWS keys, else with the machine's own. The keys are in a client's memory for this call alone.
    pub(super) async fn by_keys(&self, client: &Client, keys: Option<Credentials>) -> Result<Answer, Denial> {
        let malformed = |fault: aws_sdk_sts::error::BuildError| Reason::Internal.because(fault.to_string());
        let tags = self.tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build().map_err(malformed));
        let tags = tags.collect::<Result<Vec<_>, _>>()?;
        let call = client
            .assume_role()
            .role_arn(self.role.as_str())
            .role_session_name(self.name)
            .set_source_identity(self.source_identity.map(|decision| decision.as_str().to_owned()))
            .duration_seconds(seconds(self.ttl))
            .set_tags((!tags.is_empty()).then_some(tags))
            .set_transitive_tag_keys((!self.transitive.is_empty()).then(|| self.transitive.to_vec()))
            .set_policy(self.policy.clone())
            .set_policy_arns(self.managed())
            .set_external_id(self.external_id.map(str::to_owned));
        let answer = match keys {
            Some(keys) => call.customize().config_override(Config::builder().credentials_provider(keys)).send().await,
            None => call.send().await,
        };
        answer.map(Answer::from).map_err(|fault| refused(&fault, self))
    }

    fn managed(&self) -> Option<Vec<PolicyDescriptorType>> {
        let one = |arn: &String| PolicyDescriptorType::builder().arn(arn).build();
        (!self.policy_arns.is_empty()).then(|| self.policy_arns.iter().map(one).collect())
    }
}

/// A session policy with which only this role can be assumed.
fn only_assumes(role: &RoleArn) -> String {
    let actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": role }] }).to_string()
}

fn seconds(ttl: Duration) -> i32 {
    i32::try_from(ttl.as_secs()).unwrap_or(i32::MAX)
}
