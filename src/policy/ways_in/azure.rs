//! Applications of Entra: whose tokens their federated credentials take, and their secrets and certificates.
//!
//! Microsoft Graph, `application`, `federatedIdentityCredential`.

use super::document::Document;
use super::error::ExportFault;
use super::granted::GrantedInClouds;
use super::issuers;
use super::told::{Way, WayKind, listed, subjects};
use crate::kind::Guid;
use crate::words::UnixTime;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const MEND: &str = "`daypass azure bootstrap` prints the federated credentials that the policies need, and no more";
const WHOSE: &str = "CLIENT_ID";

/// What exports say, by client id.
#[derive(Default)]
pub(super) struct Applications {
    federated: BTreeMap<String, Vec<Value>>,
    /// Passwords and keys, each with its kind.
    secrets: BTreeMap<String, Vec<(&'static str, Value)>>,
}

impl Applications {
    /// Takes an export, where it is one.
    pub(super) fn take(&mut self, document: &Document<'_>) -> Result<bool, ExportFault> {
        let is_federated = |one: &Value| one.get("issuer").is_some() && one.get("audiences").is_some();
        match document.value {
            Value::Object(members) if members.contains_key("appId") => self.application(document.value)?,
            Value::Object(_) if is_federated(document.value) => {
                self.federated.entry(document.whose(WHOSE)?.to_ascii_lowercase()).or_default().push(document.value.clone());
            }
            Value::Array(all) if all.iter().any(|one| one.get("appId").is_some()) => {
                all.iter().try_for_each(|one| self.application(one))?;
            }
            Value::Array(all) if all.iter().any(|one| one.get("keyId").is_some()) => {
                let kind = |one: &Value| if one.get("type").is_some() { "certificate" } else { "client secret" };
                let secrets = self.secrets.entry(document.whose(WHOSE)?.to_ascii_lowercase()).or_default();
                secrets.extend(all.iter().map(|one| (kind(one), one.clone())));
            }
            // An empty list is of federated credentials: secrets are read with their application.
            Value::Array(all) if all.iter().all(is_federated) => {
                self.federated.entry(document.whose(WHOSE)?.to_ascii_lowercase()).or_default().extend(all.iter().cloned());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `az ad app show`, `az ad sp show`: both may have secrets.
    fn application(&mut self, application: &Value) -> Result<(), ExportFault> {
        let client =
            application["appId"].as_str().ok_or(ExportFault::Member { member: "appId", expected: "text" })?.to_ascii_lowercase();
        let list = |member: &'static str| application[member].as_array().ok_or(ExportFault::Member { member, expected: "list" });
        let (passwords, keys) = (list("passwordCredentials")?, list("keyCredentials")?);
        let secrets = self.secrets.entry(client.clone()).or_default();
        secrets.extend(passwords.iter().map(|one| ("client secret", one.clone())));
        secrets.extend(keys.iter().map(|one| ("certificate", one.clone())));
        if let Some(federated) = application["federatedIdentityCredentials"].as_array() {
            self.federated.entry(client).or_default().extend(federated.iter().cloned());
        }
        Ok(())
    }
}

/// Of each application that is granted.
pub(super) fn ways(applications: &Applications, granted: &GrantedInClouds) -> Vec<Way> {
    granted.applications.iter().flat_map(|(client, used)| of_application(client, used, applications, granted)).collect()
}

fn of_application(client: &Guid, used: &BTreeSet<String>, applications: &Applications, granted: &GrantedInClouds) -> Vec<Way> {
    let of = format!("application {client}");
    let name = client.to_string().to_ascii_lowercase();
    let mut ways = Vec::new();
    match applications.federated.get(&name) {
        None => {
            let advice = "add what `az ad app federated-credential list --id CLIENT_ID` prints, called CLIENT_ID.json; where there is no such application, correct the policy";
            ways.push(Way::new(
                &of,
                WayKind::Missing,
                "policies grant it, and no export of its federated credentials is here",
                advice,
            ));
        }
        Some(all) => {
            let mut found = BTreeSet::new();
            for credential in all {
                match credential_way(&of, credential, granted) {
                    Ok(subject) => _ = found.insert(subject),
                    Err(way) => ways.push(way),
                }
            }
            ways.splice(0..0, subjects(&of, &found, used, granted, MEND));
        }
    }
    ways.extend(secrets(&of, applications.secrets.get(&name), granted.now));
    ways
}

/// A subject of ours, or somebody else.
fn credential_way(of: &str, credential: &Value, granted: &GrantedInClouds) -> Result<String, Way> {
    let name = credential["name"].as_str().unwrap_or("without a name");
    let way =
        |kind, says: String, advice: &str| Err(Way::new(of, kind, format_args!("{says} (federated credential {name})"), advice));
    let (Some(issuer), Some(audiences)) = (credential["issuer"].as_str(), credential["audiences"].as_array()) else {
        return way(WayKind::NotUnderstood, "it may let others in: `issuer` or `audiences` is not understood".to_owned(), MEND);
    };
    let expression = credential["claimsMatchingExpression"]["value"].as_str();
    let is_ours = issuer.trim_end_matches('/') == granted.issuer.as_str().trim_end_matches('/');
    match (is_ours, credential["subject"].as_str(), expression) {
        (true, Some(subject), None) => {
            let wanted = granted.azure_audience.as_ref().map(ToString::to_string);
            if wanted.is_some_and(|wanted| !audiences.iter().any(|audience| audience.as_str() == Some(&wanted))) {
                return way(
                    WayKind::Missing,
                    format!("it takes daypass for {subject} by another audience than the configuration's"),
                    MEND,
                );
            }
            Ok(subject.to_owned())
        }
        (true, ..) => way(WayKind::NotUnderstood, "it may let in more of daypass than one subject".to_owned(), MEND),
        (false, subject, expression) => {
            let who = match (subject, expression) {
                (Some(subject), _) => format!("for the subject {subject}"),
                (None, Some(expression)) => format!("where {expression}"),
                (None, None) => {
                    return way(WayKind::NotUnderstood, format!("{}, for nobody can tell whom", issuers::told(issuer)), MEND);
                }
            };
            let advice =
                "policies and the audit log see nothing of it: turn it into a policy (`daypass policy import`), then delete it";
            way(WayKind::Others, format!("{}, {who}", issuers::told(issuer)), advice)
        }
    }
}

fn secrets(of: &str, secrets: Option<&Vec<(&'static str, Value)>>, now: UnixTime) -> Vec<Way> {
    let Some(secrets) = secrets else {
        let says = "whether it has secrets or certificates is in no export here";
        let advice =
            "add what `az ad app show --id CLIENT_ID` prints, and `az ad sp show --id CLIENT_ID`; a managed identity has none";
        return vec![Way::new(of, WayKind::NotSeen, says, advice)];
    };
    let has_ended = |one: &Value| one["endDateTime"].as_str().and_then(UnixTime::from_rfc3339).is_some_and(|end| end <= now);
    let told = |(kind, one): &(&str, Value)| {
        let text = |member: &str| one[member].as_str().unwrap_or("unknown");
        format!("{kind} {} until {}", text("keyId"), text("endDateTime"))
    };
    let open: Vec<String> = secrets.iter().filter(|(_, one)| !has_ended(one)).map(told).collect();
    if open.is_empty() {
        return vec![Way::new(of, WayKind::Ours, "it has no secret and no certificate that counts", "")];
    }
    let advice = "find who uses them, then `az ad app credential delete` each";
    vec![Way::new(of, WayKind::Others, format_args!("whoever has one of {}", listed(&open)), advice)]
}
