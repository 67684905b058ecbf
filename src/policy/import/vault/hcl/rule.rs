//! One block of a policy.

use super::error::HclReason;
use std::collections::BTreeSet;

/// The capabilities that a path can have (Vault docs, "Policies", and OpenBao's `scan`).
const CAPABILITIES: [&str; 11] =
    ["create", "read", "update", "patch", "delete", "list", "scan", "sudo", "deny", "subscribe", "recover"];

/// What one block says of one path.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::policy) struct Rule {
    pub(in crate::policy) path: String,
    pub(in crate::policy) capabilities: BTreeSet<String>,
    /// Further keys beside the capabilities. Each may restrict the path.
    pub(in crate::policy) other_keys: BTreeSet<String>,
}

/// The value of a key, as far as it is read.
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
    Other,
}

impl Rule {
    /// Adds what a key says.
    pub(super) fn set(&mut self, key: &str, value: Value) -> Result<(), HclReason> {
        match (key, value) {
            ("capabilities", Value::Texts(texts)) => texts.into_iter().try_for_each(|word| self.allow(word))?,
            ("policy", Value::Text(word)) => {
                let capabilities = before_capabilities(&word).ok_or(HclReason::OldWord { word })?;
                self.capabilities.extend(capabilities.iter().map(|&word| word.to_owned()));
            }
            ("comment", Value::Text(_)) => {}
            ("capabilities" | "policy" | "comment", _) => return Err(HclReason::Type { key: key.to_owned() }),
            (other, _) => _ = self.other_keys.insert(other.to_owned()),
        }
        Ok(())
    }

    fn allow(&mut self, word: String) -> Result<(), HclReason> {
        if !CAPABILITIES.contains(&word.as_str()) {
            return Err(HclReason::Capability { word });
        }
        self.capabilities.insert(word);
        Ok(())
    }

    pub(in crate::policy) fn denies(&self) -> bool {
        self.capabilities.contains("deny")
    }
}

/// The capabilities of a word that Vault had before capabilities, and still takes.
fn before_capabilities(word: &str) -> Option<&'static [&'static str]> {
    match word {
        "deny" => Some(&["deny"]),
        "read" => Some(&["read", "list"]),
        "write" => Some(&["create", "read", "update", "delete", "list"]),
        "sudo" => Some(&["create", "read", "update", "delete", "list", "sudo"]),
        _ => None,
    }
}
