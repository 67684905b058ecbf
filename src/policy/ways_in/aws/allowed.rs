//! Whether the policies of a user or a role allow it to assume a role. In doubt they do, and what they deny is
//! ignored.

use crate::policy::import::{decoded, one_or_many};
use crate::policy::ways_in::glob;
use crate::token::parse_document;
use serde_json::Value;

const ACTION: &str = "sts:assumerole";

/// A user or a role, by its policies.
#[derive(PartialEq)]
pub(super) struct Identity {
    /// `None` stands for a policy that no export has.
    policies: Vec<Option<Value>>,
}

impl Identity {
    pub(super) fn of_role(role: &Value, managed: &[Value]) -> Self {
        Self { policies: own(role, "RolePolicyList", managed) }
    }

    pub(super) fn of_user(user: &Value, groups: &[Value], managed: &[Value]) -> Self {
        let mut policies = own(user, "UserPolicyList", managed);
        for name in list(user, "GroupList") {
            match groups.iter().find(|group| group["GroupName"] == *name) {
                Some(group) => policies.extend(own(group, "GroupPolicyList", managed)),
                None => policies.push(None),
            }
        }
        Self { policies }
    }

    pub(super) fn may_assume(&self, role: &str) -> bool {
        self.policies.iter().any(|policy| policy.as_ref().is_none_or(|policy| allows(policy, role)))
    }
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn own(of: &Value, inline: &str, managed: &[Value]) -> Vec<Option<Value>> {
    let inline = list(of, inline).iter().map(|policy| document(policy.get("PolicyDocument")));
    let attached = list(of, "AttachedManagedPolicies").iter().map(|attached| {
        let policy = managed.iter().find(|policy| policy["Arn"] == attached["PolicyArn"])?;
        let versions = list(policy, "PolicyVersionList").iter();
        document(versions.into_iter().find(|version| version["IsDefaultVersion"] == Value::Bool(true))?.get("Document"))
    });
    inline.chain(attached).collect()
}

fn document(node: Option<&Value>) -> Option<Value> {
    match node? {
        Value::String(text) => parse_document(decoded(text)?.as_bytes()).ok(),
        document => Some(document.clone()),
    }
}

fn allows(policy: &Value, role: &str) -> bool {
    let Some(statements) = policy.get("Statement") else { return true };
    one_or_many(statements).iter().any(|statement| {
        let is_denial = statement.get("Effect").and_then(Value::as_str) == Some("Deny");
        !is_denial
            && takes_in(statement, ("Action", "NotAction"), ACTION, true)
            && takes_in(statement, ("Resource", "NotResource"), role, false)
    })
}

fn takes_in(statement: &Value, (member, without): (&str, &str), text: &str, folds: bool) -> bool {
    // In doubt the statement covers the text: an unknown pattern includes everything, and excepts nothing.
    let any = |patterns: &Value, unknown: bool| {
        one_or_many(patterns).iter().any(|pattern| match pattern.as_str() {
            // A policy variable stands for an unknown text.
            Some(pattern) if pattern.contains("${") => unknown,
            Some(pattern) if folds => glob::matches(&pattern.to_ascii_lowercase(), text),
            Some(pattern) => glob::matches(pattern, text),
            None => unknown,
        })
    };
    match (statement.get(member), statement.get(without)) {
        (Some(patterns), None) => any(patterns, true),
        (None, Some(patterns)) => !any(patterns, false),
        _ => true,
    }
}
