//! Members of a `sops` section that sops does not write there: they are not encrypted, and no MAC covers them.

use super::document::SopsFile;
use super::rule;
use super::tree::{Collection, Entry, Form, Member, Node};
use crate::words::pointer_below;

/// The single values of a section in sops 3.11, without the rules that decide what is encrypted.
const VALUES: [&str; 5] = ["version", "mac", "lastmodified", "mac_only_encrypted", "shamir_threshold"];
/// The lists of keys, and the members of a key in each.
const LISTS: [(&str, &[&str]); 7] = [
    ("age", &["recipient", "enc"]),
    ("pgp", &["created_at", "enc", "fp"]),
    ("kms", &["arn", "role", "context", "created_at", "enc", "aws_profile"]),
    ("gcp_kms", &["resource_id", "created_at", "enc"]),
    ("azure_kv", &["vault_url", "name", "version", "created_at", "enc"]),
    ("hc_vault", &["vault_address", "engine_path", "key_name", "created_at", "enc"]),
    ("hckms", &["key_id", "created_at", "enc"]),
];

impl SopsFile {
    /// The places of such members. Their values are never shown.
    pub fn strays(&self) -> Vec<String> {
        let mut found = Vec::new();
        for section in self.tree.parts.iter().filter_map(|part| part.section.as_ref()) {
            members(&section.node, "/sops", &mut found, &mut of_section);
        }
        found
    }
}

/// Calls `ask` for each entry. Comments are always stray: sops writes none.
fn members(node: &Node, at: &str, found: &mut Vec<String>, ask: &mut dyn FnMut(&Entry, String, &mut Vec<String>)) {
    let (Form::Mapping(Collection { members, .. }) | Form::Sequence(Collection { members, .. })) = &node.form else {
        if holds(node) {
            found.push(at.to_owned());
        }
        return;
    };
    for member in members {
        match member {
            Member::Comment(_) => found.push(format!("a comment in {at}")),
            Member::Entry(entry) if entry.key.is_empty() => ask(entry, at.to_owned(), found),
            Member::Entry(entry) => ask(entry, pointer_below(at, &entry.key), found),
        }
    }
}

fn of_section(entry: &Entry, at: String, found: &mut Vec<String>) {
    let key = entry.key.as_str();
    if key == "key_groups" {
        members(&entry.node, &at, found, &mut |group, at, found| members(&group.node, &at, found, &mut of_keys));
    } else if VALUES.contains(&key) || rule::NAMES.contains(&key) {
        of_value(entry, at, found);
    } else {
        of_keys(entry, at, found);
    }
}

/// Checks a list of keys of one kind.
fn of_keys(entry: &Entry, at: String, found: &mut Vec<String>) {
    match LISTS.iter().find(|(kind, _)| *kind == entry.key) {
        Some((_, known)) => members(&entry.node, &at, found, &mut |key, at, found| {
            members(&key.node, &at, found, &mut |entry, at, found| match entry.key.as_str() {
                "context" if known.contains(&"context") => {}
                key if known.contains(&key) => of_value(entry, at, found),
                _ => found.push(at),
            });
        }),
        None => found.push(at),
    }
}

fn of_value(entry: &Entry, at: String, found: &mut Vec<String>) {
    if entry.node.leaf().is_none() {
        found.push(at);
    }
}

/// Whether it is a non-empty value where a list belongs.
fn holds(node: &Node) -> bool {
    node.leaf().is_some_and(|leaf| leaf.scalar.as_ref().is_some_and(|scalar| !scalar.is_empty()))
}
