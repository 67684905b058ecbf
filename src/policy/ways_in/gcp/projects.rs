//! The contents of exports of `gcloud`.

use super::jwks::{self, Keys};
use super::provider::{Provider, pool_of};
use crate::kind::ServiceAccount;
use crate::policy::ways_in::document::{ConsistentMap, Document};
use crate::policy::ways_in::error::ExportFault;
use crate::policy::ways_in::way_in::{WayIn, WayInKind, listed};
use crate::words::UnixTime;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The contents of the exports.
#[derive(Default)]
pub(in crate::policy::ways_in) struct Projects {
    accounts: ConsistentMap<Value>,
    /// The policies above an account, by project.
    above: BTreeMap<String, InheritedPolicies>,
    /// Those that are not disabled.
    pub(super) providers: Vec<Provider>,
    /// Pools of which all providers are here.
    listed: BTreeSet<String>,
    roles: ConsistentMap<Vec<String>>,
    keys: BTreeMap<String, Vec<Value>>,
    /// The keys of daypass's own issuer.
    jwks: ConsistentMap<Keys>,
}

/// The policies of a project, its folders and its organization.
#[derive(Default)]
pub(super) struct InheritedPolicies {
    /// Each policy, and where it is from.
    pub(super) policies: Vec<(String, Value)>,
    /// Whether the policies up to the organization are here.
    pub(super) is_whole: bool,
}

impl InheritedPolicies {
    fn add(&mut self, origin: String, policy: &Value) {
        if !self.policies.iter().any(|(known, own)| *known == origin && own == policy) {
            self.policies.push((origin, policy.clone()));
        }
    }
}

const OWNER: &str = "ADDRESS or PROJECT";
/// The name that marks a set of keys as daypass's own: those of other issuers look the same.
const JWKS: &str = "jwks";
/// The ending after an account's address that marks a list of its keys: an empty list does not show it.
const KEYS: &str = ".keys";

impl Projects {
    /// Takes an export; `false` if it is of another kind.
    pub(in crate::policy::ways_in) fn take(&mut self, document: &Document<'_>) -> Result<bool, ExportFault> {
        match document.value {
            Value::Object(members) if members.contains_key("bindings") || is_empty_policy(document.value) => {
                check_bindings(document.value)?;
                let owner = document.require_owner(OWNER)?;
                if ServiceAccount::parse(&owner).is_ok() {
                    self.accounts.take(&owner, document.value.clone(), document.name)?;
                } else {
                    let origin = format!("the project {owner}");
                    self.above.entry(owner).or_default().add(origin, document.value);
                }
            }
            Value::Object(members) if members.contains_key("includedPermissions") || members.contains_key("stage") => {
                self.role(document.value, document.name)?
            }
            Value::Object(members) if members.get("keys").is_some_and(|keys| keys.get(0).is_some_and(is_jwk)) => {
                if document.owner != Some(JWKS) {
                    return Err(ExportFault::Nameless { expected: JWKS });
                }
                let keys = jwks::read(document.value).ok_or(ExportFault::Member { member: "keys", expected: "JWKS" })?;
                self.jwks.take(JWKS, keys, document.name)?;
            }
            Value::Object(_) if is_named(document.value, "/providers/") => self.provider(document.value)?,
            Value::Array(all) if all.iter().any(|one| one.get("policy").is_some()) => self.ancestors(all)?,
            Value::Array(all) if all.iter().any(|one| is_named(one, "/providers/")) => {
                all.iter().try_for_each(|one| self.provider(one))?;
                let pools = all.iter().filter_map(|one| one["name"].as_str()).map(|name| pool_of(name).to_owned());
                self.listed.extend(pools);
            }
            Value::Array(all) if all.iter().any(|one| is_named(one, "/keys/")) => all.iter().try_for_each(|one| self.key(one))?,
            Value::Array(all) if all.is_empty() => match account_of_keys(document) {
                Some(account) => _ = self.keys.entry(account.to_owned()).or_default(),
                None => return Ok(false),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn ancestors(&mut self, all: &[Value]) -> Result<(), ExportFault> {
        let text = |one: &Value, member: &'static str| {
            one[member].as_str().map(str::to_owned).ok_or(ExportFault::Member { member, expected: "text" })
        };
        let mut above = InheritedPolicies::default();
        let mut projects = BTreeSet::new();
        for one in all {
            let (id, kind) = (text(one, "id")?, text(one, "type")?);
            let policy = one.get("policy").ok_or(ExportFault::Member { member: "policy", expected: "object" })?;
            check_bindings(policy)?;
            above.add(format!("the {kind} {id}"), policy);
            above.is_whole |= kind == "organization";
            if kind == "project" {
                projects.insert(id);
            }
        }
        if projects.is_empty() {
            return Err(ExportFault::Nameless { expected: "PROJECT" });
        }
        for project in projects {
            let known = self.above.entry(project).or_default();
            known.is_whole |= above.is_whole;
            above.policies.iter().for_each(|(origin, policy)| known.add(origin.clone(), policy));
        }
        Ok(())
    }

    fn role(&mut self, role: &Value, export: &str) -> Result<(), ExportFault> {
        let name = role["name"].as_str().ok_or(ExportFault::Member { member: "name", expected: "text" })?;
        let all = role["includedPermissions"].as_array();
        let all = all.ok_or(ExportFault::Member { member: "includedPermissions", expected: "list" })?;
        let permission = |one: &Value| one.as_str().map(str::to_owned);
        let all = all.iter().map(permission).collect::<Option<Vec<String>>>();
        let mut all = all.ok_or(ExportFault::Member { member: "includedPermissions", expected: "list of texts" })?;
        all.sort_unstable();
        self.roles.take(name, all, export)
    }

    fn provider(&mut self, provider: &Value) -> Result<(), ExportFault> {
        let read = Provider::read(provider)?.filter(|read| !self.providers.contains(read));
        self.providers.extend(read);
        Ok(())
    }

    fn key(&mut self, key: &Value) -> Result<(), ExportFault> {
        let missing = ExportFault::Member { member: "name", expected: "text" };
        let name = key["name"].as_str().ok_or(missing)?;
        let account = name.split('/').skip_while(|part| *part != "serviceAccounts").nth(1).unwrap_or_default();
        let keys = self.keys.entry(account.to_owned()).or_default();
        if !keys.contains(key) {
            keys.push(key.clone());
        }
        Ok(())
    }

    pub(super) fn policy_of(&self, account: &str) -> Option<&Value> {
        self.accounts.get(account)
    }

    /// The policies of its project, and of the folders and the organization above.
    pub(super) fn above(&self, account: &str) -> Option<&InheritedPolicies> {
        let domain = account.split('@').nth(1).unwrap_or_default();
        let project = domain.strip_suffix(".iam.gserviceaccount.com").unwrap_or(domain);
        self.above.get(project)
    }

    /// Whether every provider of a pool is here.
    pub(super) fn is_listed(&self, pool: &str) -> bool {
        self.listed.contains(pool)
    }

    /// The keys of daypass's own issuer, if an export has them.
    pub(super) fn own_keys(&self) -> Option<&Keys> {
        self.jwks.get(JWKS)
    }

    pub(super) fn permissions(&self, role: &str) -> Option<&[String]> {
        self.roles.get(role).map(Vec::as_slice)
    }

    /// Reports keys that people made. Google keeps the keys that it manages to itself.
    pub(super) fn keys_way(&self, of: &str, account: &str, now: UnixTime) -> WayIn {
        let Some(keys) = self.keys.get(account) else {
            let advice = "add what `gcloud iam service-accounts keys list --iam-account=ADDRESS --format=json` prints, called ADDRESS.keys.json";
            return WayIn::new(of, WayInKind::NotSeen, "whether it has static keys is in no export here", advice);
        };
        let has_ended =
            |key: &Value| key["validBeforeTime"].as_str().and_then(UnixTime::from_rfc3339).is_some_and(|end| end <= now);
        let is_open =
            |key: &&Value| key["keyType"] != "SYSTEM_MANAGED" && key["disabled"] != Value::Bool(true) && !has_ended(key);
        let id = |key: &Value| key["name"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default().to_owned();
        let open: Vec<String> = keys.iter().filter(is_open).map(id).collect();
        if open.is_empty() {
            return WayIn::new(of, WayInKind::Ours, "it has no service account key", "");
        }
        let advice = "find who uses them, then `gcloud iam service-accounts keys delete` each";
        WayIn::new(of, WayInKind::Others, format_args!("whoever has one of its static keys: {}", listed(&open)), advice)
    }
}

/// The account whose keys the export lists, if the operator named it so: `ADDRESS.keys`.
fn account_of_keys<'a>(document: &Document<'a>) -> Option<&'a str> {
    document.owner?.strip_suffix(KEYS).filter(|account| ServiceAccount::parse(account).is_ok())
}

fn is_named(value: &Value, part: &str) -> bool {
    value["name"].as_str().is_some_and(|name| name.contains(part))
}

fn is_jwk(value: &Value) -> bool {
    value.get("kty").is_some()
}

/// Whether this is what `gcloud` prints for an account without bindings.
fn is_empty_policy(value: &Value) -> bool {
    value.as_object().is_some_and(|members| {
        members.contains_key("etag") && members.keys().all(|member| member == "etag" || member == "version")
    })
}

fn check_bindings(policy: &Value) -> Result<(), ExportFault> {
    let is_list = policy.get("bindings").is_none_or(Value::is_array);
    if is_list && policy.is_object() { Ok(()) } else { Err(ExportFault::Member { member: "bindings", expected: "list" }) }
}
