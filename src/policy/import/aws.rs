//! Trust policies of IAM roles: who may call `sts:AssumeRoleWithWebIdentity`, by claims of an OIDC provider.
//!
//! Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Available keys for AWS OIDC federation".
//! Some operators hold in IAM if the token lacks the key. No line of a policy does, which is narrower.

mod error;
pub(super) mod roles;

pub(super) use error::AwsError;

use super::like;
use super::lines::ClaimCondition;
use super::original::file_of;
use super::trust::Trust;
use super::written::GrantText;
use crate::words::names::RoleArn;
use error::{ConditionError, ElementError};
use serde_json::{Map, Value};

/// The action by which a token of an OIDC provider assumes a role.
const ACTION: &str = "sts:AssumeRoleWithWebIdentity";
/// Actions with a wildcard that include it.
const ACTIONS_WITH_IT: [&str; 4] = ["*", "sts:*", "sts:AssumeRole*", "sts:Assume*"];

/// Issuers of CI jobs and pods, by how their addresses begin: none of their tokens has `azp`.
const WITHOUT_AZP: [&str; 6] =
    ["token.actions.", "gitlab.", "agent.buildkite.com", "oidc.circleci.com", "app.terraform.io", "oidc.eks."];
/// "Available keys for AWS OIDC federation": if a token has `azp`, `ISSUER:aud` is the value of that claim.
const AZP: &str = "if tokens of this issuer have `azp`, AWS compared that claim, and this policy compares none: add `claims: { /azp: … }` with the clients";

/// A role, and its trust policy.
pub(super) struct Role<'a> {
    pub(super) name: &'a str,
    pub(super) arn: Option<RoleArn>,
    pub(super) document: &'a Value,
}

/// A trust for each statement and OIDC provider; empty if the role trusts no provider.
pub(super) fn read(role: &Role<'_>) -> Result<Vec<Trust>, AwsError> {
    let document = object(role.document, "the trust policy")?;
    check_keys(document, &["Version", "Id", "Statement"])?;
    let statements = one_or_many(document.get("Statement").ok_or(ElementError::Missing { element: "Statement" })?);
    let mut trusts = Vec::new();
    let mut left_out = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let number = index + 1;
        let within = |reason| AwsError::Statement { number, reason };
        match Statement::read(statement).map_err(within)? {
            Some(statement) => {
                for provider in &statement.providers {
                    let trust = statement.trust(role, provider, trusts.len() + 1);
                    trusts.push(trust.map_err(within)?);
                }
            }
            None => left_out.push(format!("statement {number} is for no OIDC provider, and is left out")),
        }
    }
    for trust in &mut trusts {
        trust.notes.extend(left_out.iter().cloned());
    }
    Ok(trusts)
}

struct Statement<'a> {
    providers: Vec<&'a str>,
    conditions: Vec<Condition<'a>>,
}

struct Condition<'a> {
    operator: &'a str,
    key: &'a str,
    values: Vec<&'a str>,
}

impl<'a> Statement<'a> {
    /// A statement that lets in tokens of a provider; `None` if it does not. A statement that denies is refused: without it the import
    /// would be wider.
    fn read(statement: &'a Value) -> Result<Option<Self>, ElementError> {
        let members = object(statement, "a statement")?;
        check_keys(members, &["Sid", "Effect", "Principal", "Action", "Condition"])?;
        if members.get("Effect").and_then(Value::as_str) != Some("Allow") {
            return Err(ElementError::Denies);
        }
        let principal = members.get("Principal").ok_or(ElementError::Missing { element: "Principal" })?;
        let Value::Object(principal) = principal else { return Err(ElementError::Anybody) };
        let actions = texts(members.get("Action").ok_or(ElementError::Missing { element: "Action" })?)?;
        let is_ours = |action: &&str| action.eq_ignore_ascii_case(ACTION) || ACTIONS_WITH_IT.contains(action);
        let Some(federated) = principal.get("Federated").filter(|_| actions.iter().any(is_ours)) else { return Ok(None) };
        Ok(Some(Self { providers: texts(federated)?, conditions: conditions(members.get("Condition"))? }))
    }

    fn trust(&self, role: &Role<'_>, provider: &str, number: usize) -> Result<Trust, ElementError> {
        let host = provider_of(provider)?;
        let name = if number == 1 { role.name.to_owned() } else { format!("{}-{number}", role.name) };
        let mut trust = Trust {
            file: file_of("aws/", &name),
            description: format!("Imported from the trust policy of the role {}", role.name),
            issuer: format!("https://{host}"),
            conditions: Vec::new(),
            raw: Vec::new(),
            granted: granted(role),
            notes: vec!["the role has to trust daypass's own issuer before this policy is of use".to_owned()],
            own: None,
        };
        for condition in &self.conditions {
            condition.add_to(&mut trust, host)?;
        }
        Ok(trust)
    }
}

fn granted(role: &Role<'_>) -> GrantText {
    match &role.arn {
        Some(arn) => GrantText::Role(arn.clone()),
        None => GrantText::Chosen(vec![format!("aws: [{{ role: the ARN of {} }}]", role.name)]),
    }
}

/// The provider's URL without `https://`. The keys of its conditions begin with it.
fn provider_of(principal: &str) -> Result<&str, ElementError> {
    host_of(principal).ok_or_else(|| ElementError::NoProvider { principal: principal.to_owned() })
}

/// The same; `None` if the principal is no OIDC provider.
pub(in crate::policy) fn host_of(principal: &str) -> Option<&str> {
    let fields: Vec<&str> = principal.splitn(6, ':').collect();
    match fields[..] {
        ["arn", _, "iam", "", _, resource] => resource.strip_prefix("oidc-provider/"),
        _ => None,
    }
}

impl Condition<'_> {
    fn refused(&self, reason: ConditionError) -> ElementError {
        ElementError::Condition { operator: self.operator.to_owned(), key: self.key.to_owned(), reason }
    }

    fn add_to(&self, trust: &mut Trust, host: &str) -> Result<(), ElementError> {
        let (plain, when_absent) = plain_operator(self.operator);
        let claim = self.key.strip_prefix(host).and_then(|rest| rest.strip_prefix(':'));
        let claim = claim.ok_or_else(|| self.refused(ConditionError::NoClaim { host: host.to_owned() }))?;
        let mut condition = ClaimCondition {
            claim: claim.to_owned(),
            patterns: Vec::new(),
            excluded: Vec::new(),
            plain: false,
            typed: false,
            flags: false,
        };
        for value in &self.values {
            let (pattern, note) = match plain {
                "StringEquals" => (ClaimCondition::exact(claim, value)?.patterns.concat(), None),
                "StringLike" => like::translate(value).map_err(|reason| self.refused(reason.into()))?,
                _ => return Err(self.refused(ConditionError::Operator)),
            };
            trust.notes.extend(note.map(|note| format!("{claim}: {note}")));
            condition.patterns.push(pattern);
        }
        if claim == "aud" {
            trust.note_audience();
            if !WITHOUT_AZP.iter().any(|known| host.starts_with(known)) {
                trust.notes.push(format!("{AZP}: {}", self.values.join(", ")));
            }
            return Ok(());
        }
        if when_absent {
            trust.notes.push(format!("{claim}: AWS let in a token without this claim, and this policy does not"));
        }
        Ok(trust.add_condition(condition)?)
    }
}

/// The operator alone, and whether it also holds where the key is absent.
pub(in crate::policy) fn plain_operator(operator: &str) -> (&str, bool) {
    let (set, plain) = operator.split_once(':').unwrap_or(("", operator));
    match (set, plain.strip_suffix("IfExists")) {
        ("" | "ForAnyValue", Some(plain)) => (plain, true),
        ("" | "ForAnyValue", None) => (plain, false),
        ("ForAllValues", bare) => (bare.unwrap_or(plain), true),
        _ => (operator, false),
    }
}

fn conditions(node: Option<&Value>) -> Result<Vec<Condition<'_>>, ElementError> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let mut read = Vec::new();
    for (operator, keys) in object(node, "`Condition`")? {
        for (key, values) in object(keys, operator)? {
            let values = texts(values)?;
            let condition = Condition { operator, key, values };
            if condition.values.is_empty() {
                return Err(condition.refused(ConditionError::NoValue));
            }
            read.push(condition);
        }
    }
    Ok(read)
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, ElementError> {
    value.as_object().ok_or_else(|| ElementError::NoObject { what: what.to_owned() })
}

/// Refuses an unknown element, because it may restrict something.
fn check_keys(members: &Map<String, Value>, known: &[&str]) -> Result<(), ElementError> {
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(ElementError::Unknown { element: key.clone() }),
        None => Ok(()),
    }
}

pub(in crate::policy) fn one_or_many(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn texts(value: &Value) -> Result<Vec<&str>, ElementError> {
    let all = one_or_many(value).iter();
    all.map(|one| one.as_str().ok_or_else(|| ElementError::NoText { value: one.clone() })).collect()
}

#[cfg(test)]
mod tests;
