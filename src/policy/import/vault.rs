//! Roles of Vault's and OpenBao's JWT auth method with the ACL policies that they name, as `vault read` and `vault policy read` print
//! them: who logs in by the role, and which documents of a KV mount (version 2) he may read.

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
use super::written::Granted;
use acl::Place;
use std::collections::BTreeMap;

/// Where Vault mounts its first KV store, and what most have.
const MOUNT: &str = "secret";
/// What a document of ours is called behind Vault's name of it.
const ENDING: &str = ".yaml";
/// Which endings `--ending` takes are those of files that hold several values.
const DEFAULT_POLICY: &str = "default";

/// What an export holds, by its paths.
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
    /// Takes a file of it, where it is one.
    pub(super) fn take(&mut self, file: &'a Exported) -> bool {
        let name = |text: &'a str, endings: &[&str]| endings.iter().find_map(|ending| text.strip_suffix(ending));
        if let Some(rest) = file.path.strip_prefix("auth/") {
            if let Some(mount) = rest.strip_suffix("/config.json") {
                self.mounts.insert(mount, file);
                return true;
            }
            let role = rest.rsplit_once("/role/").and_then(|(mount, role)| Some((mount, name(role, &[".json"])?)));
            self.roles.extend(role.filter(|(_, role)| !role.contains('/')).map(|(mount, role)| (mount, role, file)));
            return role.is_some_and(|(_, role)| !role.contains('/'));
        }
        let policy = file.path.strip_prefix("policies/").and_then(|policy| name(policy, &[".hcl", ".json"]));
        // Vault's names of policies have no upper case.
        policy.is_some_and(|policy| self.policies.insert(policy.to_lowercase(), file).is_none())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.mounts.is_empty()
    }

    /// Each role, or why it is not imported.
    pub(super) fn read(&self, settings: &ImportSettings<'_>) -> Vec<(&'a str, Result<Trust, VaultError>)> {
        let several = self.roles.iter().any(|(mount, ..)| *mount != self.roles[0].0);
        self.roles.iter().map(|(mount, name, file)| (file.path.as_str(), self.role(mount, name, file, several, settings))).collect()
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
        let place = Place { mount: kv, ending: settings.ending.as_deref().unwrap_or(ENDING) };
        let readable = acl::readable(&rules, &of_default, &place)?;
        if readable.patterns.is_empty() {
            return Err(VaultError::Nothing { mount: kv.to_owned() });
        }
        let folder = if several { format!("{mount}/") } else { String::new() };
        let mut trust = Trust {
            file: file_of(&folder, name),
            description: format!("Imported from the role {name} of Vault's auth/{mount}"),
            issuer: config.issuer,
            wanted: role.bound.wanted,
            raw: role.bound.raw,
            granted: Granted::Secrets(readable.patterns),
            notes: Vec::new(),
        };
        trust.note_audience();
        let place = format!("`{kv}/data/NAME` is taken for `secrets/NAME{}`", place.ending);
        trust.notes.extend([place].into_iter().chain(role.bound.notes).chain(readable.notes).chain(role.notes).chain(config.note));
        Ok(trust)
    }
}

#[cfg(test)]
mod tests;
