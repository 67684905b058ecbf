//! Tests of policies: who may and who may not. `policy test` runs them, and the server runs a policy's own tests before its file goes
//! live. They ignore `expires`.

mod error;
mod run;

pub use run::Outcome;
pub(super) use run::{run_own, run_own_over_files};

use crate::identity::Attribute;
use crate::kind::Target;
use crate::words::yaml::{Fields, Node, Place, Yaml};

/// One expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    allow: bool,
    claims_file: String,
    change: Vec<(Attribute, Option<String>)>,
    target: Target,
    /// Where it stands.
    pub place: Place,
}

impl Expectation {
    /// The file of the claims that it tests.
    pub(super) fn claims_file(&self) -> &str {
        &self.claims_file
    }

    /// Reads a list of `allow:` and `deny:`.
    pub(super) fn read_list<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Vec<Self> {
        fields.one_or_many(node).iter().filter_map(|node| Self::read(fields, node)).collect()
    }

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Self> {
        let mut outer = fields.below(node);
        let (allow, deny) = (outer.optional("allow"), outer.optional("deny"));
        let (expected, body) = match (allow, deny) {
            (Some(body), None) => (true, body),
            (None, Some(body)) => (false, body),
            _ => {
                outer.fault(node.place, "a test is either `allow: …` or `deny: …`");
                return None;
            }
        };
        let mut inner = outer.below(body);
        let claims = inner.required("claims").and_then(|node| read_claims_file(&mut inner, node));
        let change = inner.optional("change").map(|node| read_change(&mut inner, node)).unwrap_or_default();
        let target = inner.required("credential").and_then(|node| read_target(&mut inner, node));
        inner.finish();
        outer.finish();
        Some(Self { allow: expected, claims_file: claims?, change, target: target?, place: node.place })
    }
}

fn read_claims_file<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<String> {
    let name = fields.text(node)?;
    if name.is_empty() {
        fields.fault(node.place, "expected the name of a file below tests/");
        return None;
    }
    Some(format!("tests/{name}"))
}

fn read_change<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Vec<(Attribute, Option<String>)> {
    let mut inner = fields.below(node);
    let mut changes = Vec::new();
    for (key, place, node) in inner.members() {
        let Some(attribute) = Attribute::parse(key) else {
            inner.fault(*place, format!("`{key}` is no attribute"));
            continue;
        };
        let text = match &node.value {
            Yaml::Null => None,
            Yaml::Flag(flag) => Some(flag.to_string()),
            _ => inner.text(node).map(str::to_owned),
        };
        changes.push((attribute, text));
    }
    changes
}

/// Reads a credential: its kind and name, such as `{ secret: NAME }`, or the kind alone if the policies choose the credential.
pub(super) fn read_target<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Target> {
    // A name behind the word is the form of the audit log, which also names inputs and commits.
    let alone = node.as_text().filter(|word| !word.contains(' '));
    if let Some(open) = alone.and_then(|word| Target::parse(word).ok()) {
        return Some(open);
    }
    let mut inner = fields.below(node);
    let (mut target, mut kinds) = (None, 0);
    for (word, _) in Target::examples() {
        let Some(node) = inner.optional(word) else { continue };
        kinds += 1;
        target = inner.parsed(node, |text| Target::question(word, text)).or(target);
    }
    inner.finish();
    if target.is_none() || kinds > 1 {
        fields.fault(node.place, format!("expected {}", Target::forms()));
    }
    target
}

#[cfg(test)]
mod tests;
