//! The recipients that a rule of `.sops.yaml` names: age recipients, and keys that another tool must write.

use super::error::RuleFault;
use super::rule;
use super::tree::{Collection, Form, Node};
use crate::secrets::age_file::shortened;

/// Kinds of keys that another tool must write.
const FOREIGN: [&str; 9] =
    ["pgp", "kms", "gcp_kms", "azure_keyvault", "azure_kv", "hc_vault_transit_uri", "hc_vault", "hckms", "aws_kms"];
/// The other members of a rule or a key group in sops 3.11, without the settings that decide which values are encrypted.
const KNOWN: [&str; 7] = ["age", "key_groups", "merge", "path_regex", "aws_profile", "shamir_threshold", "mac_only_encrypted"];
/// The members of a key in a file's section that do not name the key.
const WRAPPING: [&str; 2] = ["enc", "created_at"];

/// The recipients that a rule names.
#[derive(Default)]
pub(super) struct Named {
    pub(super) recipients: Vec<String>,
    /// Kinds of keys that are not age's.
    pub(super) foreign: Vec<&'static str>,
    /// These keys, each with its kind.
    pub(super) keys: Vec<String>,
    /// Members that are not known here and may name recipients.
    pub(super) unknown: Vec<String>,
}

impl Named {
    /// Reads the recipients of a rule: from its only key group, or without one from the rule itself.
    pub(super) fn read(rule: &Node) -> Result<Self, RuleFault> {
        let mut named = Self::default();
        named.look_for_unknown(rule);
        let mut groups = items(rule.step("key_groups"));
        match (groups.next(), groups.next()) {
            (None, _) => named.take(rule)?,
            (Some(only), None) => named.take_group(only)?,
            (Some(_), Some(_)) => return Err(RuleFault::Shamir),
        }
        match rule.step("shamir_threshold").and_then(Node::as_str) {
            None | Some("" | "0" | "1") => Ok(named),
            Some(_) => Err(RuleFault::Shamir),
        }
    }

    /// A group has its own keys and those of the groups that are merged into it.
    fn take_group(&mut self, group: &Node) -> Result<(), RuleFault> {
        self.look_for_unknown(group);
        items(group.step("merge")).try_for_each(|merged| self.take_group(merged))?;
        self.take(group)
    }

    fn take(&mut self, keys: &Node) -> Result<(), RuleFault> {
        for recipient in keys.step("age").map(key_texts).unwrap_or_default() {
            if recipient.contains(char::is_whitespace) && !recipient.starts_with("ssh-") {
                return Err(RuleFault::NotOne { excerpt: shortened(&recipient) });
            }
            add(&mut self.recipients, recipient);
        }
        for kind in FOREIGN {
            for key in keys.step(kind).map(key_texts).unwrap_or_default() {
                add(&mut self.foreign, kind);
                add(&mut self.keys, format!("{kind} {key}"));
            }
        }
        Ok(())
    }

    fn look_for_unknown(&mut self, node: &Node) {
        let known = |key: &str| KNOWN.contains(&key) || FOREIGN.contains(&key) || rule::NAMES.contains(&key);
        for entry in node.collection().into_iter().flat_map(Collection::entries) {
            match (entry.key.as_str(), &entry.node.form) {
                ("<<", Form::Sequence(merged)) => merged.entries().for_each(|entry| self.look_for_unknown(&entry.node)),
                ("<<", _) => self.look_for_unknown(&entry.node),
                (key, _) if known(key) || text(&entry.node).is_empty() => {}
                (key, _) => add(&mut self.unknown, key.to_owned()),
            }
        }
    }
}

/// The name of a key in a file's section, with its kind. It stays the same when the data key is wrapped anew.
pub(super) fn of_section(kind: &str, key: &Node) -> String {
    format!("{kind} {}", text(key))
}

pub(super) fn items(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    let items = match node.map(|node| &node.form) {
        Some(Form::Sequence(items)) => Some(items),
        _ => None,
    };
    items.into_iter().flat_map(|items| items.entries().map(|entry| &entry.node))
}

/// Each key as one text. The keys are the items of a list, or the parts of a text between commas or line breaks.
fn key_texts(keys: &Node) -> Vec<String> {
    match &keys.form {
        Form::Leaf(_) => {
            let text = keys.as_str().unwrap_or_default();
            text.split([',', '\n']).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
        }
        Form::Sequence(items) => items.entries().flat_map(|entry| key_texts(&entry.node)).collect(),
        Form::Mapping(_) => Some(text(keys)).filter(|text| !text.is_empty()).into_iter().collect(),
    }
}

/// A key as one text: its only member, or all its members with their names.
fn text(node: &Node) -> String {
    let (Form::Mapping(members) | Form::Sequence(members)) = &node.form else {
        return node.as_str().unwrap_or_default().to_owned();
    };
    let members = members.entries().filter(|entry| !WRAPPING.contains(&entry.key.as_str()));
    let mut members: Vec<(&str, String)> = members.map(|entry| (entry.key.as_str(), text(&entry.node))).collect();
    members.retain(|(_, text)| !text.is_empty());
    members.sort();
    match &members[..] {
        [(_, text)] => text.clone(),
        several => several
            .iter()
            .map(|(name, text)| if name.is_empty() { text.clone() } else { format!("{name}: {text}") })
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn add<T: PartialEq>(known: &mut Vec<T>, one: T) {
    if !known.contains(&one) {
        known.push(one);
    }
}
