//! The forms of values that the schemas have in common.

use crate::words::names::patterns::{LABEL, LABEL_BYTES_MAX};
use serde_json::{Value, json};

/// Where a schema has its definitions.
pub(super) const DEFINITIONS: &str = "#/$defs/";
/// The form of a duration. How long one may be is said in words: no pattern can compare numbers.
const DURATION: &str = "^([0-9]+[smhd])+$";

/// The definitions that every file may use.
pub(super) fn definitions() -> [(&'static str, Value); 3] {
    [
        ("text", json!({ "type": "string", "minLength": 1 })),
        ("duration", json!({ "type": "string", "pattern": DURATION })),
        ("label", json!({ "type": "string", "pattern": LABEL, "maxLength": LABEL_BYTES_MAX })),
    ]
}

/// Refers to a definition.
pub(in crate::policy) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{DEFINITIONS}{name}") })
}

/// Some text, which only the reader knows more about.
pub(in crate::policy) fn text() -> Value {
    reference("text")
}

/// The value of a key: what it is for, its form, and samples that load.
pub(in crate::policy) fn key(description: impl Into<String>, form: Value, examples: Value) -> Value {
    let mut schema = json!({ "description": description.into() });
    extend(&mut schema, form);
    schema["examples"] = examples;
    schema
}

/// One of these, or a list.
pub(in crate::policy) fn one_or_many(each: Value) -> Value {
    json!({ "anyOf": [each, { "type": "array", "items": each }] })
}

/// One of these, or a list that is not empty.
pub(in crate::policy) fn one_or_more(each: Value) -> Value {
    json!({ "anyOf": [each, { "type": "array", "items": each, "minItems": 1 }] })
}

/// The whole of a file.
pub(super) fn file(title: &str, description: &str, form: Value) -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
    });
    extend(&mut schema, form);
    schema
}

fn extend(schema: &mut Value, form: Value) {
    if let (Some(members), Value::Object(form)) = (schema.as_object_mut(), form) {
        members.extend(form);
    }
}

/// A mapping with these keys alone.
pub(in crate::policy) fn object(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = false.into();
    schema
}
