//! What exports say of accounts: trust policies, the own policies of users and roles, and access keys.

use super::allowed::Identity;
use super::keys::{self, Keys};
use crate::policy::import::decoded;
use crate::policy::ways_in::advice::AWS as MEND;
use crate::policy::ways_in::document::{ConsistentMap, Document};
use crate::policy::ways_in::error::ExportFault;
use crate::policy::ways_in::way_in::{WayIn, WayInKind, listed};
use crate::token::parse_document;
use crate::words::names::RoleArn;
use serde_json::Value;
use std::collections::BTreeSet;

/// The contents of the exports.
#[derive(Default)]
pub(in crate::policy::ways_in) struct Accounts {
    trust: ConsistentMap<Value>,
    /// Accounts of which an export has all users and roles.
    whole: BTreeSet<String>,
    /// Users and roles with what their own policies allow.
    identities: ConsistentMap<Identity>,
    keys: Keys,
}

impl Accounts {
    /// Takes an export; `false` if it is of another kind.
    pub(in crate::policy::ways_in) fn take(&mut self, document: &Document<'_>) -> Result<bool, ExportFault> {
        let (value, name) = (document.value, document.name);
        if let Some(keys) = value.get("AccessKeyMetadata") {
            self.keys.take_list(keys)?;
        } else if let Some(content) = value.get("Content").filter(|_| value.get("ReportFormat").is_some()) {
            self.keys.take_report(&keys::decoded(content)?, name)?;
        } else if value.get("RoleDetailList").is_some() || value.get("UserDetailList").is_some() {
            self.details(value, name)?;
        } else if let Some(Value::Array(roles)) = value.get("Roles") {
            roles.iter().try_for_each(|role| self.role(role, name).map(|_| ()))?;
        } else if let Some(role) = value.get("Role") {
            self.role(role, name)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    pub(in crate::policy::ways_in) fn take_report(&mut self, table: &[u8], export: &str) -> Result<(), ExportFault> {
        self.keys.take_report(table, export)
    }

    fn details(&mut self, value: &Value, export: &str) -> Result<(), ExportFault> {
        let list = |member: &'static str| {
            value.get(member).and_then(Value::as_array).ok_or(ExportFault::Member { member, expected: "list" })
        };
        let (roles, users) = (list("RoleDetailList")?, list("UserDetailList")?);
        let (groups, managed) = (list("GroupDetailList")?, list("Policies")?);
        for role in roles {
            let arn = self.role(role, export)?;
            self.whole.insert(account_of(&arn).to_owned());
            self.identities.take(&arn, Identity::of_role(role, managed), export)?;
        }
        for user in users {
            let arn = user["Arn"].as_str().ok_or(ExportFault::Member { member: "Arn", expected: "text" })?;
            self.whole.insert(account_of(arn).to_owned());
            self.identities.take(arn, Identity::of_user(user, groups, managed), export)?;
        }
        Ok(())
    }

    fn role(&mut self, role: &Value, export: &str) -> Result<String, ExportFault> {
        let arn = role["Arn"].as_str().ok_or(ExportFault::Member { member: "Arn", expected: "text" })?.to_owned();
        let unread = || ExportFault::TrustPolicy { role: arn.clone() };
        let document = match role.get("AssumeRolePolicyDocument") {
            Some(Value::String(text)) => {
                let text = decoded(text).ok_or_else(unread)?;
                parse_document(text.as_bytes()).map_err(|_| unread())?
            }
            Some(document @ Value::Object(_)) => document.clone(),
            _ => return Err(unread()),
        };
        self.trust.take(&arn, document, export)?;
        Ok(arn)
    }

    pub(super) fn trust_of(&self, role: &str) -> Option<&Value> {
        self.trust.get(role)
    }

    pub(super) fn has(&self, account: &str) -> bool {
        self.whole.contains(account)
    }

    /// The access keys of a user, in words. A list of keys names no account, and another account may have a user of the same name.
    fn keys_of(&self, user: &str) -> String {
        let is_only = self.whole.len() == 1 && self.has(account_of(user)) && self.identities.get(user).is_some();
        self.keys.describe(user, is_only)
    }

    /// The ways in that a principal of AWS's gives.
    pub(super) fn principal(&self, of: &str, role: &RoleArn, principal: &str, conditions: &str) -> Vec<WayIn> {
        let way = |kind, message: String, advice: &str| vec![WayIn::new(of, kind, message, advice)];
        let fields: Vec<&str> = principal.splitn(6, ':').collect();
        let is_number = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
        match fields[..] {
            _ if is_number => self.account(of, role, principal, conditions),
            ["arn", _, "iam", "", account, "root"] => self.account(of, role, account, conditions),
            ["arn", _, "iam", "", _, resource] if resource.starts_with("user/") => {
                let message = format!("the IAM user {principal}{conditions}, {}", self.keys_of(principal));
                way(WayInKind::Others, message, KEYS)
            }
            ["arn", _, "iam", "", _, resource] if resource.starts_with("role/") => {
                let message = format!("the role {principal}{conditions}, and so whoever may assume that one");
                way(WayInKind::Others, message, "take it out of the trust policy, or let policies name it as `via`")
            }
            ["arn", _, "iam", "", _, resource] if resource.starts_with("saml-provider/") => {
                way(WayInKind::Others, format!("people by SAML, {principal}{conditions}"), "give people a role of their own")
            }
            ["arn", _, "sts", "", _, _] => {
                way(WayInKind::Others, format!("the session {principal}{conditions}"), "take it out of the trust policy")
            }
            [id] if ["AIDA", "AROA"].iter().any(|before| id.starts_with(before)) => {
                let message = format!("{principal}, which was deleted: it lets nobody in");
                way(WayInKind::NotSeen, message, "take it out of the trust policy")
            }
            _ => {
                let message = format!("it may let others in: the principal `{principal}` is not understood here");
                way(WayInKind::NotUnderstood, message, MEND)
            }
        }
    }

    /// The ways in that a whole account gives. If its export is here, they name its users and roles.
    fn account(&self, of: &str, role: &RoleArn, account: &str, conditions: &str) -> Vec<WayIn> {
        let advice = "name the roles that are meant instead of the account";
        let whole = format!("whoever the account {account} allows to{conditions}");
        if !self.has(account) {
            let message = format!("{whole}: no export of it is here that says who that is");
            return vec![WayIn::new(of, WayInKind::Others, message, advice)];
        }
        let of_account = self.identities.iter().filter(|(arn, _)| account_of(arn) == account && *arn != role.as_str());
        let allowed: Vec<&String> =
            of_account.filter(|(_, identity)| identity.may_assume(role.as_str())).map(|(arn, _)| arn).collect();
        let (users, others): (Vec<&String>, Vec<&String>) = allowed.into_iter().partition(|arn| arn.contains(":user/"));
        let others = if others.is_empty() { "no role".to_owned() } else { listed(&others) };
        let mut ways =
            vec![WayIn::new(of, WayInKind::Others, format_args!("{whole}: its root user, and of its roles {others}"), advice)];
        ways.extend(users.into_iter().map(|user| {
            let message = format!("the IAM user {user}, whom the account's own policies allow to, {}", self.keys_of(user));
            WayIn::new(of, WayInKind::Others, message, KEYS)
        }));
        ways
    }
}

const KEYS: &str =
    "its access keys have no end: delete them (`aws iam delete-access-key`), and take the user out of the trust policy";

/// The account of an ARN.
fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}
