//! What exports of `gcloud` say.

use crate::kind::ServiceAccount;
use crate::policy::ways_in::document::Document;
use crate::policy::ways_in::error::ExportFault;
use crate::policy::ways_in::told::{Way, WayKind, listed};
use crate::words::UnixTime;
use serde_json::Value;
use std::collections::BTreeMap;

/// A provider that is not disabled.
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) issuer: String,
    /// What it maps `google.subject` from.
    pub(super) subject: String,
    pub(super) condition: Option<String>,
}

/// What exports say.
#[derive(Default)]
pub(in crate::policy::ways_in) struct Projects {
    accounts: BTreeMap<String, Value>,
    /// By project: where a policy is from, and it itself.
    above: BTreeMap<String, Vec<(String, Value)>>,
    pub(super) providers: Vec<Provider>,
    roles: BTreeMap<String, Vec<String>>,
    keys: BTreeMap<String, Vec<Value>>,
}

const WHOSE: &str = "ADDRESS or PROJECT";

impl Projects {
    /// Takes an export, where it is one.
    pub(in crate::policy::ways_in) fn take(&mut self, document: &Document<'_>) -> Result<bool, ExportFault> {
        match document.value {
            Value::Object(members) if members.contains_key("bindings") || is_empty_policy(document.value) => {
                check_bindings(document.value)?;
                let whose = document.whose(WHOSE)?;
                if ServiceAccount::parse(&whose).is_ok() {
                    self.accounts.insert(whose, document.value.clone());
                } else {
                    let origin = format!("the project {whose}");
                    self.above.entry(whose).or_default().push((origin, document.value.clone()));
                }
            }
            Value::Object(members) if members.contains_key("includedPermissions") || members.contains_key("stage") => {
                self.role(document.value)?
            }
            Value::Object(_) if is_named(document.value, "/providers/") => self.provider(document.value)?,
            Value::Array(all) if all.iter().any(|one| one.get("policy").is_some()) => self.ancestors(all)?,
            Value::Array(all) if all.iter().any(|one| is_named(one, "/providers/")) => {
                all.iter().try_for_each(|one| self.provider(one))?;
            }
            Value::Array(all) if all.iter().any(|one| is_named(one, "/keys/")) => all.iter().try_for_each(|one| self.key(one))?,
            // A list of keys: each account has a policy that is an object.
            Value::Array(all) if all.is_empty() && document.whose.is_some_and(|whose| ServiceAccount::parse(whose).is_ok()) => {
                self.keys.entry(document.whose(WHOSE)?).or_default();
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn ancestors(&mut self, all: &[Value]) -> Result<(), ExportFault> {
        let text = |one: &Value, member: &'static str| {
            one[member].as_str().map(str::to_owned).ok_or(ExportFault::Member { member, expected: "text" })
        };
        let mut project = None;
        let mut policies = Vec::new();
        for one in all {
            let (id, kind) = (text(one, "id")?, text(one, "type")?);
            let policy = one.get("policy").ok_or(ExportFault::Member { member: "policy", expected: "object" })?;
            check_bindings(policy)?;
            policies.push((format!("the {kind} {id}"), policy.clone()));
            if kind == "project" {
                project = Some(id);
            }
        }
        let project = project.ok_or(ExportFault::Nameless { expected: "PROJECT" })?;
        self.above.entry(project).or_default().extend(policies);
        Ok(())
    }

    fn role(&mut self, role: &Value) -> Result<(), ExportFault> {
        let name = role["name"].as_str().ok_or(ExportFault::Member { member: "name", expected: "text" })?;
        let all = role["includedPermissions"].as_array();
        let all = all.ok_or(ExportFault::Member { member: "includedPermissions", expected: "list" })?;
        self.roles.insert(name.to_owned(), all.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        Ok(())
    }

    fn provider(&mut self, provider: &Value) -> Result<(), ExportFault> {
        let missing = |member| ExportFault::Member { member, expected: "text" };
        let name = provider["name"].as_str().ok_or(missing("name"))?.to_owned();
        if provider["disabled"] == Value::Bool(true) || provider["state"] == "DELETED" {
            return Ok(());
        }
        let oidc = provider["oidc"]["issuerUri"].as_str();
        let other = ["aws", "saml", "x509"].into_iter().find(|kind| provider.get(*kind).is_some());
        let issuer = match (oidc, other) {
            (Some(issuer), _) => issuer.to_owned(),
            (None, Some("aws")) => format!("AWS, account {}", provider["aws"]["accountId"].as_str().unwrap_or("unknown")),
            (None, Some(kind)) => kind.to_owned(),
            (None, None) => return Err(missing("oidc.issuerUri")),
        };
        let subject = provider["attributeMapping"]["google.subject"].as_str().unwrap_or("nothing").to_owned();
        let condition = provider["attributeCondition"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        self.providers.push(Provider { name, issuer, subject, condition });
        Ok(())
    }

    fn key(&mut self, key: &Value) -> Result<(), ExportFault> {
        let missing = ExportFault::Member { member: "name", expected: "text" };
        let name = key["name"].as_str().ok_or(missing)?;
        let account = name.split('/').skip_while(|part| *part != "serviceAccounts").nth(1).unwrap_or_default();
        self.keys.entry(account.to_owned()).or_default().push(key.clone());
        Ok(())
    }

    pub(super) fn policy_of(&self, account: &str) -> Option<&Value> {
        self.accounts.get(account)
    }

    /// The policies of its project, and of what that is in.
    pub(super) fn above(&self, account: &str) -> &[(String, Value)] {
        let domain = account.split('@').nth(1).unwrap_or_default();
        let project = domain.strip_suffix(".iam.gserviceaccount.com").unwrap_or(domain);
        self.above.get(project).map_or(&[], Vec::as_slice)
    }

    pub(super) fn permissions(&self, role: &str) -> Option<&[String]> {
        self.roles.get(role).map(Vec::as_slice)
    }

    /// Keys that people made. Google's own are never shown to anybody.
    pub(super) fn keys_way(&self, of: &str, account: &str, now: UnixTime) -> Way {
        let Some(keys) = self.keys.get(account) else {
            let advice = "add what `gcloud iam service-accounts keys list --iam-account=ADDRESS --format=json` prints, called ADDRESS.json";
            return Way::new(of, WayKind::NotSeen, "whether it has static keys is in no export here", advice);
        };
        let has_ended =
            |key: &Value| key["validBeforeTime"].as_str().and_then(UnixTime::from_rfc3339).is_some_and(|end| end <= now);
        let is_open =
            |key: &&Value| key["keyType"] != "SYSTEM_MANAGED" && key["disabled"] != Value::Bool(true) && !has_ended(key);
        let id = |key: &Value| key["name"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default().to_owned();
        let open: Vec<String> = keys.iter().filter(is_open).map(id).collect();
        if open.is_empty() {
            return Way::new(of, WayKind::Ours, "it has no static key", "");
        }
        let advice = "find who uses them, then `gcloud iam service-accounts keys delete` each";
        Way::new(of, WayKind::Others, format_args!("whoever has one of its static keys: {}", listed(&open)), advice)
    }
}

fn is_named(value: &Value, part: &str) -> bool {
    value["name"].as_str().is_some_and(|name| name.contains(part))
}

/// What an account prints to which nothing is bound.
fn is_empty_policy(value: &Value) -> bool {
    value.as_object().is_some_and(|members| {
        members.contains_key("etag") && members.keys().all(|member| member == "etag" || member == "version")
    })
}

fn check_bindings(policy: &Value) -> Result<(), ExportFault> {
    let is_list = policy.get("bindings").is_none_or(Value::is_array);
    if is_list && policy.is_object() { Ok(()) } else { Err(ExportFault::Member { member: "bindings", expected: "list" }) }
}
