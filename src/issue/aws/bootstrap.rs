//! The setup of an AWS account: our issuer, and roles whose trust policies allow exactly what the policies in Git need.
//!
//! AWS IAM user guide, "Create a role for OpenID Connect federation"; "Pass session tags in AWS STS"; "Source identity". A role
//! that is assumed from another one has to allow tags and source identity too, because both persist.

use super::AUDIENCE;
use crate::issue::terraform::literal;
use crate::policy::{DECISION_NAMES, IntermediateRole, RoleUse, Roles};
use crate::words::Digest;
use crate::words::names::{IssuerUrl, RoleArn};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The setup of one account.
pub struct Bootstrap<'a> {
    issuer: &'a IssuerUrl,
    account: &'a str,
    roles: BTreeMap<&'a RoleArn, &'a RoleUse>,
    break_glass: Option<&'a str>,
}

impl<'a> Bootstrap<'a> {
    /// The roles of this account. `break_glass` is the ARN of a principal who may act while daypass is down.
    pub fn new(issuer: &'a IssuerUrl, account: &'a str, roles: &'a Roles, break_glass: Option<&'a str>) -> Self {
        Self { issuer, account, roles: roles.iter().filter(|(role, _)| role.account() == account).collect(), break_glass }
    }

    /// Each role's trust policy by ARN, for roles that exist already.
    pub fn trust_policies(&self) -> Value {
        let own = self.roles.iter().map(|(role, used)| (role.as_str().to_owned(), self.trust(used)));
        Value::Object(
            own.chain(self.break_glass.map(|principal| (self.break_glass_arn(principal), break_glass_trust(principal))))
                .collect(),
        )
    }

    /// The permissions policy that each intermediate role needs besides its trust policy, by ARN.
    pub fn permissions(&self) -> Value {
        let own = self.roles.iter().filter_map(|(role, used)| Some((role.as_str().to_owned(), may_assume(used)?)));
        Value::Object(own.collect())
    }

    /// An AWS CloudFormation template, JSON.
    pub fn cloudformation(&self) -> Value {
        let mut resources = Map::new();
        if self.trusts_issuer() {
            let properties = json!({ "Url": self.issuer, "ClientIdList": [AUDIENCE] });
            resources.insert("Daypass".to_owned(), json!({ "Type": "AWS::IAM::OIDCProvider", "Properties": properties }));
        }
        let ids =
            self.labels(|name| format!("Role{}", name.replace(|character: char| !character.is_ascii_alphanumeric(), "")), "");
        for ((role, trust, permissions), id) in self.named().zip(ids) {
            let mut properties = json!({ "RoleName": role.name, "Path": role.path, "AssumeRolePolicyDocument": trust });
            if let Some(permissions) = permissions {
                properties["Policies"] = json!([{ "PolicyName": TARGETS_POLICY, "PolicyDocument": permissions }]);
            }
            let mut resource = json!({ "Type": "AWS::IAM::Role", "Properties": properties });
            if self.trusts_issuer() {
                resource["DependsOn"] = "Daypass".into();
            }
            resources.insert(id, resource);
        }
        json!({ "AWSTemplateFormatVersion": "2010-09-09", "Description": format!("Who may assume roles by {}", self.issuer), "Resources": resources })
    }

    /// Terraform's JSON configuration syntax: a `.tf.json` file.
    pub fn terraform(&self) -> Value {
        let (mut resources, mut roles, mut policies) = (Map::new(), Map::new(), Map::new());
        for ((role, trust, permissions), label) in self.named().zip(self.labels(terraform_label, "_")) {
            if let Some(permissions) = permissions {
                let of = format!("${{aws_iam_role.{label}.name}}");
                let policy = json!({ "name": TARGETS_POLICY, "role": of, "policy": literal(permissions.to_string()) });
                policies.insert(label.clone(), policy);
            }
            let mut resource = literal(json!({ "name": role.name, "path": role.path, "assume_role_policy": trust.to_string() }));
            if self.trusts_issuer() {
                resource["depends_on"] = json!(["aws_iam_openid_connect_provider.daypass"]);
            }
            roles.insert(label, resource);
        }
        if self.trusts_issuer() {
            let provider = json!({ "url": literal(self.issuer.as_str()), "client_id_list": [AUDIENCE] });
            resources.insert("aws_iam_openid_connect_provider".to_owned(), json!({ "daypass": provider }));
        }
        resources.insert("aws_iam_role".to_owned(), roles.into());
        if !policies.is_empty() {
            resources.insert("aws_iam_role_policy".to_owned(), policies.into());
        }
        json!({ "resource": resources })
    }

    /// Whether any role of the account is assumed with a token of our issuer.
    fn trusts_issuer(&self) -> bool {
        self.roles.values().any(|used| !used.subjects.is_empty())
    }

    /// A role's trust policy: only our issuer with STS's audience and these subjects, and only these intermediate roles.
    fn trust(&self, used: &RoleUse) -> Value {
        let mut statements = Vec::new();
        if !used.subjects.is_empty() {
            statements.extend(self.trust_of_issuer(&used.subjects).statements(used, None));
        }
        for intermediate in &used.intermediates {
            statements.extend(Trusted::of_intermediate(intermediate).statements(used, intermediate.external_id.as_deref()));
        }
        json!({ "Version": "2012-10-17", "Statement": statements })
    }

    fn trust_of_issuer(&self, subjects: &BTreeSet<String>) -> Trusted {
        let host = self.issuer.as_str().trim_start_matches("https://").trim_start_matches("http://");
        let provider = format!("arn:{}:iam::{}:oidc-provider/{host}", self.partition().unwrap_or("aws"), self.account);
        Trusted {
            principal: json!({ "Federated": provider }),
            action: "sts:AssumeRoleWithWebIdentity",
            condition: json!({ "StringEquals": { format!("{host}:aud"): AUDIENCE, format!("{host}:sub"): subjects } }),
        }
    }

    /// Each role with its trust policy, and with its permissions policy if it assumes other roles.
    fn named(&self) -> impl Iterator<Item = (RoleName<'_>, Value, Option<Value>)> {
        let own = self.roles.iter().map(|(role, used)| (RoleName::of(role), self.trust(used), may_assume(used)));
        let break_glass = |principal| (RoleName { path: "/", name: BREAK_GLASS }, break_glass_trust(principal), None);
        own.chain(self.break_glass.map(break_glass))
    }

    /// A label for each role of [`Self::named`], in the same order. If names differ only in characters that a label cannot have, a
    /// digest of each role distinguishes them. It depends on no other role, so a label stays the same when more roles come.
    fn labels(&self, of_name: impl Fn(&str) -> String, between: &str) -> Vec<String> {
        let bases: Vec<(RoleName<'_>, String)> = self
            .named()
            .map(|(role, ..)| {
                let base = of_name(role.name);
                (role, base)
            })
            .collect();
        let is_shared = |base: &String| bases.iter().filter(|(_, other)| other == base).count() > 1;
        let label = |(role, base): &(RoleName<'_>, String)| match is_shared(base) {
            true => {
                let digest = Digest::plain(format!("{}{}", role.path, role.name).as_bytes()).to_string();
                format!("{base}{between}{}", &digest[..DIGEST_CHARS])
            }
            false => base.clone(),
        };
        bases.iter().map(label).collect()
    }

    /// The partition of the account, such as `aws-cn`. All ARNs of an account have the same one.
    fn partition(&self) -> Option<&str> {
        self.roles.keys().next().and_then(|role| partition_of(role.as_str()))
    }

    fn break_glass_arn(&self, principal: &str) -> String {
        let partition = self.partition().or_else(|| partition_of(principal)).unwrap_or("aws");
        format!("arn:{partition}:iam::{}:role/{BREAK_GLASS}", self.account)
    }
}

fn partition_of(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').next()
}

/// A role's name as Terraform's language takes it for a label: it does not start with a digit ("Syntax", "Identifiers").
fn terraform_label(name: &str) -> String {
    let label = name.replace(|character: char| !character.is_ascii_alphanumeric(), "_");
    if label.starts_with(|first: char| first.is_ascii_digit()) { format!("_{label}") } else { label }
}

/// Somebody who may assume a role, and by which call.
struct Trusted {
    principal: Value,
    action: &'static str,
    condition: Value,
}

impl Trusted {
    fn of_intermediate(intermediate: &IntermediateRole) -> Self {
        Self { principal: json!({ "AWS": intermediate.role }), action: "sts:AssumeRole", condition: json!({}) }
    }

    /// One statement. Two if there is a condition on the call itself, because tags and source identity must be allowed without it.
    fn statements(&self, used: &RoleUse, external_id: Option<&str>) -> Vec<Value> {
        let mut condition = self.condition.clone();
        if let Some(external_id) = external_id {
            condition["StringEquals"]["sts:ExternalId"] = external_id.into();
        }
        let is_named = used.session_names.iter().any(|name| name != DECISION_NAMES);
        if is_named {
            // An emulator may not know the key; AWS always does.
            condition["StringLikeIfExists"] = json!({ "sts:RoleSessionName": used.session_names });
        }
        let both = ["sts:TagSession", "sts:SetSourceIdentity"];
        if condition == self.condition {
            return vec![self.statement(json!([self.action, both[0], both[1]]), condition)];
        }
        vec![self.statement(json!(self.action), condition), self.statement(json!(both), self.condition.clone())]
    }

    fn statement(&self, action: Value, condition: Value) -> Value {
        let mut statement = json!({ "Effect": "Allow", "Principal": self.principal, "Action": action });
        if condition.as_object().is_some_and(|members| !members.is_empty()) {
            statement["Condition"] = condition;
        }
        statement
    }
}

/// The permissions of an intermediate role: to assume its targets, with tags and source identity.
fn may_assume(used: &RoleUse) -> Option<Value> {
    let actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": used.targets });
    (!used.targets.is_empty()).then(|| json!({ "Version": "2012-10-17", "Statement": [statement] }))
}

/// Enough of a digest for the roles of an account.
const DIGEST_CHARS: usize = 12;
/// The name of an intermediate role's inline policy.
const TARGETS_POLICY: &str = "daypass-targets";
/// The name of the role that works without daypass.
const BREAK_GLASS: &str = "daypass-break-glass";

/// Trusts this principal with a second factor. The account decides what the role may do.
fn break_glass_trust(principal: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole",
        "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } },
    }] })
}

/// A role's path, which begins and ends with `/`, and its name.
struct RoleName<'a> {
    path: &'a str,
    name: &'a str,
}

impl<'a> RoleName<'a> {
    fn of(role: &'a RoleArn) -> Self {
        let resource = role.as_str().split_once(":role").map_or("", |(_, resource)| resource);
        let cut = resource.rfind('/').map_or(0, |slash| slash + 1);
        Self { path: &resource[..cut], name: &resource[cut..] }
    }
}

#[cfg(test)]
mod tests;
