//! What an AWS account has to be told once: our issuer, and roles whose trust is exactly as wide as the policies in Git.
//!
//! AWS IAM user guide, "Create a role for OpenID Connect federation"; "Pass session tags in AWS STS"; "Source identity".

use super::aws::AUDIENCE;
use crate::words::names::{IssuerUrl, RoleArn};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Roles, and the subjects of ours that may assume each.
pub type Roles = BTreeMap<RoleArn, BTreeSet<String>>;

/// One account's part.
pub struct Bootstrap<'a> {
    issuer: &'a IssuerUrl,
    account: &'a str,
    roles: BTreeMap<&'a RoleArn, &'a BTreeSet<String>>,
    break_glass: Option<&'a str>,
}

impl<'a> Bootstrap<'a> {
    /// The roles of this account. `break_glass` is a principal who may act when daypass is down: an ARN.
    pub fn new(issuer: &'a IssuerUrl, account: &'a str, roles: &'a Roles, break_glass: Option<&'a str>) -> Self {
        Self { issuer, account, roles: roles.iter().filter(|(role, _)| role.account() == account).collect(), break_glass }
    }

    /// Each role's trust policy, by ARN: for roles that are there already.
    pub fn trust_policies(&self) -> Value {
        let own = self.roles.iter().map(|(role, subjects)| (role.as_str().to_owned(), self.trust(subjects)));
        Value::Object(
            own.chain(self.break_glass.map(|principal| (self.break_glass_arn(), break_glass_trust(principal)))).collect(),
        )
    }

    /// An AWS CloudFormation template, JSON.
    pub fn cloudformation(&self) -> Value {
        let mut resources = Map::new();
        resources.insert(
            "Daypass".to_owned(),
            json!({ "Type": "AWS::IAM::OIDCProvider", "Properties": { "Url": self.issuer, "ClientIdList": [AUDIENCE] } }),
        );
        for (role, trust) in self.named() {
            let logical: String = role.name.chars().filter(char::is_ascii_alphanumeric).collect();
            let properties = json!({ "RoleName": role.name, "Path": role.path, "AssumeRolePolicyDocument": trust });
            resources.insert(
                format!("Role{logical}"),
                json!({ "Type": "AWS::IAM::Role", "DependsOn": "Daypass", "Properties": properties }),
            );
        }
        json!({ "AWSTemplateFormatVersion": "2010-09-09", "Description": format!("Who may assume roles by {}", self.issuer), "Resources": resources })
    }

    /// Terraform's JSON configuration syntax: a `.tf.json` file.
    pub fn terraform(&self) -> Value {
        let mut roles = Map::new();
        for (role, trust) in self.named() {
            let label = role.name.replace(|character: char| !character.is_ascii_alphanumeric(), "_");
            let depends = ["aws_iam_openid_connect_provider.daypass"];
            roles.insert(
                label,
                json!({ "name": role.name, "path": role.path, "assume_role_policy": trust.to_string(), "depends_on": depends }),
            );
        }
        let provider = json!({ "url": self.issuer, "client_id_list": [AUDIENCE] });
        json!({ "resource": { "aws_iam_openid_connect_provider": { "daypass": provider }, "aws_iam_role": roles } })
    }

    /// Only our issuer, only for STS, only these subjects; with tags and source identity, which our tokens carry.
    fn trust(&self, subjects: &BTreeSet<String>) -> Value {
        let host = self.issuer.as_str().trim_start_matches("https://").trim_start_matches("http://");
        let partition = self.roles.keys().next().and_then(|role| role.as_str().split(':').nth(1)).unwrap_or("aws");
        let provider = format!("arn:{partition}:iam::{}:oidc-provider/{host}", self.account);
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": provider },
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"],
            "Condition": { "StringEquals": { format!("{host}:aud"): AUDIENCE, format!("{host}:sub"): subjects } },
        }] })
    }

    fn named(&self) -> impl Iterator<Item = (RoleName<'_>, Value)> {
        let own = self.roles.iter().map(|(role, subjects)| (RoleName::of(role), self.trust(subjects)));
        own.chain(self.break_glass.map(|principal| (RoleName { path: "/", name: BREAK_GLASS }, break_glass_trust(principal))))
    }

    fn break_glass_arn(&self) -> String {
        format!("arn:aws:iam::{}:role/{BREAK_GLASS}", self.account)
    }
}

/// The role that does not need daypass.
const BREAK_GLASS: &str = "daypass-break-glass";

/// A person with a second factor; what the role may do is for the account to say.
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
mod tests {
    use super::*;

    #[test]
    fn each_role_trusts_the_subjects_that_may_have_it_and_no_more() {
        let role = |text: &str| RoleArn::parse(text).unwrap();
        let subjects = |list: &[&str]| list.iter().map(|subject| (*subject).to_owned()).collect::<BTreeSet<_>>();
        let roles = Roles::from([
            (role("arn:aws:iam::123456789012:role/ci/shop-deploy"), subjects(&["root/shop/deploy", "team-a/deploy"])),
            (role("arn:aws:iam::999999999999:role/other"), subjects(&["root/other"])),
        ]);
        let issuer = IssuerUrl::parse("https://oidc.acme.example").unwrap();
        let bootstrap = Bootstrap::new(&issuer, "123456789012", &roles, Some("arn:aws:iam::123456789012:role/admins"));
        let policies = bootstrap.trust_policies();
        let statement = &policies["arn:aws:iam::123456789012:role/ci/shop-deploy"]["Statement"][0];
        assert_eq!(statement["Condition"]["StringEquals"]["oidc.acme.example:sub"], json!(["root/shop/deploy", "team-a/deploy"]));
        assert_eq!(statement["Principal"]["Federated"], "arn:aws:iam::123456789012:oidc-provider/oidc.acme.example");
        assert_eq!(policies.as_object().unwrap().len(), 2, "the other account's role is not here: {policies:#}");
        let template = bootstrap.cloudformation();
        let properties = &template["Resources"]["Roleshopdeploy"]["Properties"];
        assert_eq!((&properties["Path"], &properties["RoleName"]), (&json!("/ci/"), &json!("shop-deploy")));
        let terraform = bootstrap.terraform();
        let trust = terraform["resource"]["aws_iam_role"]["shop_deploy"]["assume_role_policy"].as_str().unwrap();
        assert_eq!(&serde_json::from_str::<Value>(trust).unwrap()["Statement"][0], statement);
        assert!(terraform["resource"]["aws_iam_role"]["daypass_break_glass"].is_object());
    }
}
