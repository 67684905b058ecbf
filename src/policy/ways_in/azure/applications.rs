//! The contents of exports of `az`.

use crate::policy::ways_in::document::Document;
use crate::policy::ways_in::error::ExportFault;
use serde_json::Value;
use std::collections::BTreeMap;

const OWNER: &str = "CLIENT_ID";
/// Members that in Microsoft Graph only applications have, and members that only service principals have.
const OF_APPLICATIONS: [&str; 3] = ["identifierUris", "publisherDomain", "requiredResourceAccess"];
const OF_PRINCIPALS: [&str; 2] = ["servicePrincipalType", "servicePrincipalNames"];

/// Applications by their client ids.
#[derive(Default)]
pub(in crate::policy::ways_in) struct Applications(BTreeMap<String, Application>);

/// What exports say of an application.
#[derive(Default)]
pub(super) struct Application {
    pub(super) federated: Vec<Value>,
    /// Whether an export lists all federated credentials.
    pub(super) is_listed: bool,
    /// Passwords and keys, each with its kind.
    pub(super) secrets: Vec<(&'static str, Value)>,
    seen: Vec<AppPart>,
}

/// The halves of an application. Each has secrets and certificates of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AppPart {
    Application,
    Principal,
}

impl AppPart {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Application => "the application itself",
            Self::Principal => "its service principal",
        }
    }

    pub(super) const fn command(self) -> &'static str {
        match self {
            Self::Application => "`az ad app show --id CLIENT_ID`",
            Self::Principal => "`az ad sp show --id CLIENT_ID`",
        }
    }
}

impl Application {
    pub(super) fn has_federated(&self) -> bool {
        self.is_listed || !self.federated.is_empty()
    }

    /// The halves whose secrets are in no export.
    pub(super) fn unseen(&self) -> Vec<AppPart> {
        [AppPart::Application, AppPart::Principal].into_iter().filter(|half| !self.seen.contains(half)).collect()
    }

    fn add(&mut self, federated: &[Value], is_listed: bool) {
        let new: Vec<Value> = federated.iter().filter(|one| !self.federated.contains(one)).cloned().collect();
        self.federated.extend(new);
        self.is_listed |= is_listed;
    }

    fn add_secrets(&mut self, kind: &'static str, all: &[Value]) {
        for one in all {
            if !self.secrets.iter().any(|(_, known)| known == one) {
                self.secrets.push((kind, one.clone()));
            }
        }
    }
}

impl Applications {
    pub(super) fn of(&self, client: &str) -> Option<&Application> {
        self.0.get(client)
    }

    fn entry(&mut self, client: &str) -> &mut Application {
        self.0.entry(client.to_ascii_lowercase()).or_default()
    }

    /// Takes an export; `false` if it is of another kind.
    pub(in crate::policy::ways_in) fn take(&mut self, document: &Document<'_>) -> Result<bool, ExportFault> {
        let is_federated = |one: &Value| one.get("issuer").is_some() && one.get("audiences").is_some();
        match document.value {
            Value::Object(members) if members.contains_key("appId") => self.application(document.value)?,
            one @ Value::Object(_) if is_federated(one) => {
                self.entry(&document.require_owner(OWNER)?).add(std::slice::from_ref(one), false);
            }
            Value::Array(all) if all.iter().any(|one| one.get("appId").is_some()) => {
                all.iter().try_for_each(|one| self.application(one))?;
            }
            Value::Array(all) if all.iter().any(|one| one.get("keyId").is_some()) => {
                let application = self.entry(&document.require_owner(OWNER)?);
                for one in all {
                    let kind = if one.get("type").is_some() { "certificate" } else { "client secret" };
                    application.add_secrets(kind, std::slice::from_ref(one));
                }
            }
            Value::Array(all) if !all.is_empty() && all.iter().all(is_federated) => {
                self.entry(&document.require_owner(OWNER)?).add(all, true)
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes what `az ad app show` or `az ad sp show` prints.
    fn application(&mut self, value: &Value) -> Result<(), ExportFault> {
        let client = value["appId"].as_str().ok_or(ExportFault::Member { member: "appId", expected: "text" })?;
        let list = |member: &'static str| value[member].as_array().ok_or(ExportFault::Member { member, expected: "list" });
        let (passwords, keys) = (list("passwordCredentials")?, list("keyCredentials")?);
        let application = self.entry(client);
        application.add_secrets("client secret", passwords);
        application.add_secrets("certificate", keys);
        let has = |members: &[&str]| members.iter().any(|member| value.get(*member).is_some());
        match (has(&OF_APPLICATIONS), has(&OF_PRINCIPALS)) {
            (true, false) => application.seen.push(AppPart::Application),
            // A managed identity has a service principal and no application.
            (false, true) if value["servicePrincipalType"] == "ManagedIdentity" => {
                application.seen.extend([AppPart::Application, AppPart::Principal]);
            }
            (false, true) => application.seen.push(AppPart::Principal),
            _ => {}
        }
        if let Some(federated) = value["federatedIdentityCredentials"].as_array() {
            application.add(federated, true);
        }
        Ok(())
    }
}
