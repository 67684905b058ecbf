//! Reads roles of Vault's and OpenBao's JWT auth method and the ACL policies that they name, as `vault read` and `vault policy read`
//! print them: who logs in with a role, and which documents of a KV mount (version 2) the role may read.

mod acl;
mod answer;
mod claims;
mod config;
mod error;
mod hcl;
mod path;
mod role;

pub(super) use error::VaultError;

use super::original::file_of;
use super::settings::{Exported, ImportSettings};
use super::trust::Trust;
use super::written::GrantText;
use acl::DocumentPath;
use std::collections::BTreeMap;

/// The default mount of Vault's KV store.
const MOUNT: &str = "secret";
/// The ending that a document has here, after its name in Vault.
const ENDING: &str = ".yaml";
/// The policy that every token has unless its role excludes it.
const DEFAULT_POLICY: &str = "default";

/// The files of an export.
#[derive(Default)]
pub(super) struct Export<'a> {
    /// By the mount.
    mounts: BTreeMap<&'a str, &'a Exported>,
    /// The mount and the role's name.
    roles: Vec<(&'a str, &'a str, &'a Exported)>,
    /// By name.
    policies: BTreeMap<String, &'a Exported>,
}

impl<'a> Export<'a> {
    /// Takes a file if it belongs to such an export.
    pub(super) fn take(&mut self, file: &'a Exported) -> bool {
        let name = |text: &'a str, endings: &[&str]| endings.iter().find_map(|ending| text.strip_suffix(ending));
        if let Some(rest) = file.path.strip_prefix("auth/") {
            // A role may be called `config`.
            if let Some((mount, role)) = rest.rsplit_once("/role/") {
                let role = name(role, &[".json"]).filter(|role| !role.contains('/'));
                self.roles.extend(role.map(|role| (mount, role, file)));
                return role.is_some();
            }
            let mount = rest.strip_suffix("/config.json");
            self.mounts.extend(mount.map(|mount| (mount, file)));
            return mount.is_some();
        }
        let policy = file.path.strip_prefix("policies/").and_then(|policy| name(policy, &[".hcl", ".json"]));
        // Vault writes the names of policies in lower case. Of two files with the same name, the second is refused.
        let policy = policy.map(str::to_lowercase).filter(|policy| !self.policies.contains_key(policy));
        let is_one = policy.is_some();
        self.policies.extend(policy.map(|policy| (policy, file)));
        is_one
    }

    pub(super) fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.mounts.is_empty()
    }

    /// Each role, or why it is not imported.
    pub(super) fn read(&self, settings: &ImportSettings<'_>) -> Vec<(&'a str, Result<Trust, VaultError>)> {
        let several = self.roles.iter().any(|(mount, ..)| *mount != self.roles[0].0);
        let roles =
            self.roles.iter().map(|(mount, name, file)| (file.path.as_str(), self.role(mount, name, file, several, settings)));
        let unused = self.mounts.iter().filter(|(mount, _)| self.roles.iter().all(|(known, ..)| known != *mount));
        let no_role = |(mount, file): (&&str, &&'a Exported)| {
            let command = format!("vault read -format=json auth/{mount}/role/NAME");
            (file.path.as_str(), Err(VaultError::Missing { file: format!("auth/{mount}/role/NAME.json"), command }))
        };
        roles.chain(unused.map(no_role)).collect()
    }

    fn role(
        &self,
        mount: &str,
        name: &str,
        file: &Exported,
        several: bool,
        settings: &ImportSettings<'_>,
    ) -> Result<Trust, VaultError> {
        let role = role::read(&file.path, &file.bytes)?;
        if role.bound.is_of_anybody() {
            let why =
                "it alone is bound, and audiences are left out here: bind the subject or a claim too, and read the role again";
            return Err(VaultError::Field { member: "bound_audiences", why });
        }
        let missing = |file: String, command: String| VaultError::Missing { file, command };
        let config = self.mounts.get(mount).ok_or_else(|| {
            missing(format!("auth/{mount}/config.json"), format!("vault read -format=json auth/{mount}/config"))
        })?;
        let config = config::read(&config.path, &config.bytes)?;
        let mut rules = Vec::new();
        let mut of_default = 0..0;
        for policy in &role.policies {
            let found = self.policies.get(policy);
            let found = found.ok_or_else(|| missing(format!("policies/{policy}.hcl"), format!("vault policy read {policy}")))?;
            let read = hcl::read(&found.bytes).map_err(|fault| VaultError::Policy { file: found.path.clone(), fault })?;
            let before = rules.len();
            rules.extend(read);
            of_default = if policy == DEFAULT_POLICY { before..rules.len() } else { of_default };
        }
        let kv = settings.mount.as_deref().unwrap_or(MOUNT);
        let place = DocumentPath { mount: kv, ending: settings.ending.as_deref().unwrap_or(ENDING) };
        let readable = acl::readable(&rules, &of_default, &place)?;
        if readable.patterns.is_empty() {
            return Err(VaultError::Nothing { mount: kv.to_owned() });
        }
        let folder = if several { format!("{mount}/") } else { String::new() };
        let mut trust = Trust {
            file: file_of(&folder, name),
            description: format!("Imported from the role {name} of Vault's auth/{mount}"),
            issuer: config.issuer,
            conditions: role.bound.conditions,
            raw: role.bound.raw,
            granted: GrantText::Secrets(readable.patterns),
            notes: Vec::new(),
            own: None,
        };
        trust.note_audience();
        let place = format!("`{kv}/data/NAME` is taken for `secrets/NAME{}`", place.ending);
        trust
            .notes
            .extend([place].into_iter().chain(role.bound.notes).chain(readable.notes).chain(role.notes).chain(config.note));
        Ok(trust)
    }
}

#[cfg(test)]
mod tests;
