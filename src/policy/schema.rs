//! JSON Schemas (draft 2020-12) of the files that people write, for their editors. What a section of `grant:` says of itself is in the
//! section's own module, with the constants of its reader; the frames here have the rest. The reader of each file decides what loads;
//! tests hold the schemas to it.

mod conditions;
mod forms;
mod guardrails;
mod policy;
mod print;
pub(super) mod section;
mod source;

pub(super) use forms::{key, object, one_or_more, reference, text};
pub(super) use section::{CredentialSchema, SectionPart, SectionSchema, Values};

use super::sections;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The schema of a trust policy.
pub static POLICY_SCHEMA: LazyLock<String> = LazyLock::new(|| assemble(policy::frame));
/// The schema of `guardrails.yaml`.
pub static GUARDRAILS_SCHEMA: LazyLock<String> = LazyLock::new(|| assemble(guardrails::frame));
/// The schema of `sources/*.yaml`.
pub static SOURCE_SCHEMA: LazyLock<String> = LazyLock::new(|| assemble(source::frame));

/// The frame with the sections in it, and with the definitions that it refers to.
fn assemble(frame: fn(&[SectionPart]) -> Value) -> String {
    let sections = sections::schemas();
    let mut schema = frame(&sections);
    let shared = forms::definitions().into_iter().chain(conditions::definitions());
    let own = policy::definitions(&sections).into_iter().chain(guardrails::definitions(&sections));
    let all: Vec<_> = shared.chain(own).chain(sections.into_iter().flat_map(|section| section.schema.definitions)).collect();
    schema["$defs"] = used_by(&schema, &all);
    print::print(&schema)
}

/// Those of the definitions that the schema refers to, directly or by another one.
fn used_by(schema: &Value, all: &[(&'static str, Value)]) -> Value {
    let mut used = BTreeSet::new();
    add_references(schema, all, &mut used);
    let used = all.iter().filter(|(name, _)| used.contains(name));
    used.map(|(name, definition)| ((*name).to_owned(), definition.clone())).collect::<Map<_, _>>().into()
}

fn add_references<'a>(schema: &Value, all: &'a [(&'static str, Value)], used: &mut BTreeSet<&'a str>) {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix(forms::DEFINITIONS))
        && let Some((name, definition)) = all.iter().find(|(known, _)| *known == name)
        && used.insert(name)
    {
        add_references(definition, all, used);
    }
    match schema {
        Value::Object(members) => members.values().for_each(|member| add_references(member, all, used)),
        Value::Array(items) => items.iter().for_each(|item| add_references(item, all, used)),
        _ => {}
    }
}

#[cfg(test)]
mod structural;
#[cfg(test)]
pub(crate) use structural::holds as is_as_schema;
#[cfg(test)]
mod tests;
