//! The part of JSON Schema that our schemas use. Another keyword in a schema fails the test.

use regex::Regex;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::HashMap;

/// The form of an instant (RFC 3339, section 5.6). Which days a month has is not looked at: editors do not look at it either.
const DATE_TIME: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";

/// Whether the value conforms to the schema.
pub(crate) fn holds(root: &Value, schema: &Value, value: &Value) -> bool {
    match schema {
        Value::Bool(any) => *any,
        Value::Object(words) => words.iter().all(|(word, rule)| one_holds(root, words, word, rule, value)),
        other => panic!("{other} is no schema"),
    }
}

/// Whether the value conforms to one keyword of a schema.
pub(crate) fn one_holds(root: &Value, words: &Map<String, Value>, word: &str, rule: &Value, value: &Value) -> bool {
    let (object, text, list) = (value.as_object(), value.as_str(), value.as_array());
    let has = |key: &Value| object.is_none_or(|object| object.contains_key(key.as_str().unwrap()));
    let bound = |length: Option<usize>, fits: fn(u64, u64) -> bool| length.is_none_or(|n| fits(n as u64, rule.as_u64().unwrap()));
    let members = || object.into_iter().flatten();
    let own = |key: &str| words.get("properties").and_then(|properties| properties.get(key));
    match word {
        "$schema" | "$defs" | "title" | "description" | "examples" => true,
        "$ref" => holds(root, definition(root, rule), value),
        "type" if rule.is_array() => each(rule).any(|kind| is_of(kind, value)),
        "type" => is_of(rule, value),
        "const" => rule == value,
        "enum" => each(rule).any(|one| one == value),
        "format" => rule != "date-time" || text.is_none_or(|text| fits(DATE_TIME, text)),
        "pattern" => text.is_none_or(|text| fits(rule.as_str().unwrap(), text)),
        "minLength" => bound(text.map(|text| text.chars().count()), |n, least| n >= least),
        "maxLength" => bound(text.map(|text| text.chars().count()), |n, most| n <= most),
        "minItems" => bound(list.map(Vec::len), |n, least| n >= least),
        "maxItems" => bound(list.map(Vec::len), |n, most| n <= most),
        "minProperties" => bound(object.map(Map::len), |n, least| n >= least),
        "maxProperties" => bound(object.map(Map::len), |n, most| n <= most),
        "items" => list.is_none_or(|list| list.iter().all(|item| holds(root, rule, item))),
        "required" => each(rule).all(has),
        "dependentRequired" => members().filter_map(|(key, _)| rule.get(key)).all(|keys| each(keys).all(has)),
        "properties" => members().all(|(key, value)| own(key).is_none_or(|schema| holds(root, schema, value))),
        "additionalProperties" => members().all(|(key, value)| own(key).is_some() || holds(root, rule, value)),
        "propertyNames" => members().all(|(key, _)| holds(root, rule, &key.as_str().into())),
        "anyOf" => each(rule).any(|schema| holds(root, schema, value)),
        "not" => !holds(root, rule, value),
        _ => panic!("`{word}` is a word that this check does not know"),
    }
}

/// The entries of a keyword's list.
fn each(rule: &Value) -> impl Iterator<Item = &Value> {
    rule.as_array().into_iter().flatten()
}

fn definition<'a>(root: &'a Value, reference: &Value) -> &'a Value {
    let found = reference.as_str().and_then(|reference| root.pointer(&reference[1..]));
    found.unwrap_or_else(|| panic!("{reference} is nowhere"))
}

/// Each pattern is compiled once: thousands of documents are held against a schema.
fn fits(pattern: &str, text: &str) -> bool {
    thread_local! { static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default(); }
    COMPILED.with_borrow_mut(|compiled| {
        compiled.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap()).is_match(text)
    })
}

fn is_of(kind: &Value, value: &Value) -> bool {
    kind == kind_of(value) || (kind == "integer" && value.is_i64())
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
