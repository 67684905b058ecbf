//! The part of JSON Schema that our schemas use. Another keyword in a schema fails the test.

use regex::Regex;
use serde_json::{Map, Value};

/// The schema with its `$ref` resolved. Keywords next to the `$ref` override those of the referenced schema.
pub(crate) fn resolved(root: &Value, schema: &Value) -> Value {
    let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return schema.clone() };
    let mut whole = resolved(root, root.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} is nowhere")));
    whole.as_object_mut().unwrap().extend(schema.as_object().unwrap().clone());
    whole.as_object_mut().unwrap().remove("$ref");
    whole
}

/// Whether the value conforms to the schema.
pub(crate) fn holds(root: &Value, schema: &Value, value: &Value) -> bool {
    match resolved(root, schema) {
        Value::Bool(any) => any,
        Value::Object(words) => words.iter().all(|(word, rule)| one_holds(root, &words, word, rule, value)),
        other => panic!("{other} is no schema"),
    }
}

fn one_holds(root: &Value, words: &Map<String, Value>, word: &str, rule: &Value, value: &Value) -> bool {
    let (object, text, list) = (value.as_object(), value.as_str(), value.as_array());
    let each = |rule: &Value| rule.as_array().unwrap().clone();
    let has = |key: &Value| object.is_none_or(|object| object.contains_key(key.as_str().unwrap()));
    let bound = |length: Option<usize>, fits: fn(u64, u64) -> bool| length.is_none_or(|n| fits(n as u64, rule.as_u64().unwrap()));
    let members = || object.into_iter().flatten();
    let own = |key: &str| words.get("properties").and_then(|properties| properties.get(key));
    match word {
        "$schema" | "$defs" | "title" | "description" | "examples" | "format" => true,
        "type" => rule.as_array().unwrap_or(&vec![rule.clone()]).iter().any(|kind| kind == kind_of(value)),
        "const" => rule == value,
        "enum" => each(rule).contains(value),
        "pattern" => text.is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
        "minLength" => bound(text.map(|text| text.chars().count()), |n, least| n >= least),
        "maxLength" => bound(text.map(|text| text.chars().count()), |n, most| n <= most),
        "minItems" => bound(list.map(Vec::len), |n, least| n >= least),
        "maxItems" => bound(list.map(Vec::len), |n, most| n <= most),
        "minProperties" => bound(object.map(Map::len), |n, least| n >= least),
        "maxProperties" => bound(object.map(Map::len), |n, most| n <= most),
        "items" => list.is_none_or(|list| list.iter().all(|item| holds(root, rule, item))),
        "required" => each(rule).iter().all(has),
        "dependentRequired" => members().filter_map(|(key, _)| rule.get(key)).all(|keys| each(keys).iter().all(has)),
        "properties" => members().all(|(key, value)| own(key).is_none_or(|schema| holds(root, schema, value))),
        "additionalProperties" => members().all(|(key, value)| own(key).is_some() || holds(root, rule, value)),
        "propertyNames" => members().all(|(key, _)| holds(root, rule, &key.as_str().into())),
        "anyOf" => each(rule).iter().any(|schema| holds(root, schema, value)),
        "not" => !holds(root, rule, value),
        _ => panic!("`{word}` is a word that this check does not know"),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
