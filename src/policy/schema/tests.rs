//! Compares the schemas and the readers in both directions, by the samples in the schemas; and the files of the repository with both.

mod bounds;
mod readers;
mod reasons;

use super::structural::holds;
use super::*;
use crate::client::environment::Environment;
use crate::kind::{Target, each_kind};
use crate::words::yaml::{Node, Place, Yaml, asked};
use readers::CASES;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The schema with its `$ref` resolved. Keywords next to the `$ref` override those of the referenced schema.
fn resolved(root: &Value, schema: &Value) -> Value {
    let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return schema.clone() };
    let mut whole = resolved(root, root.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} is nowhere")));
    whole.as_object_mut().unwrap().extend(schema.as_object().unwrap().clone());
    whole.as_object_mut().unwrap().remove("$ref");
    whole
}

macro_rules! words {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        [$($word),*]
    };
}

fn list<'a>(schema: &'a Value, word: &str) -> impl Iterator<Item = &'a Value> {
    schema[word].as_array().into_iter().flatten()
}

/// Every property that can have a value, with its schema.
fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten().filter(|(_, property)| property.is_object())
}

/// The other keys that this key requires, each with its first sample.
fn required_keys(root: &Value, schema: &Value, key: &str) -> Value {
    let either = schema["anyOf"].get(0).cloned().unwrap_or_default();
    let needed: Vec<&Value> =
        list(schema, "required").chain(list(&either, "required")).chain(list(&schema["dependentRequired"], key)).collect();
    let sample = |key: &Value| resolved(root, &schema["properties"][key.as_str().unwrap()])["examples"][0].clone();
    needed.into_iter().map(|key| (key.as_str().unwrap().to_owned(), sample(key))).collect::<serde_json::Map<_, _>>().into()
}

/// Whole documents: each value that is made from a schema below this one, with the required keys around it.
fn documents(root: &Value, schema: &Value, generate: &dyn Fn(&Value) -> Vec<Value>) -> Vec<Value> {
    let schema = &resolved(root, schema);
    let mut all = generate(schema);
    all.extend(list(schema, "anyOf").flat_map(|branch| documents(root, branch, generate)));
    let items = schema.get("items").map(|items| documents(root, items, generate)).unwrap_or_default();
    all.extend(items.into_iter().map(|item| json!([item])));
    for (key, property) in properties(schema) {
        all.extend(
            documents(root, property, generate).into_iter().map(|value| with(required_keys(root, schema, key), key, value)),
        );
    }
    all
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    object[key] = value;
    object
}

fn accepted(schema: &Value) -> Vec<Value> {
    list(schema, "examples").chain(list(schema, "enum")).chain(schema.get("const")).cloned().collect()
}

/// Objects with an unknown key, and objects that lack a required key.
fn refused(root: &Value, schema: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    if schema["additionalProperties"] == false {
        all.push(with(required_keys(root, schema, ""), "no_such_key", json!("x")));
    }
    let never = schema["properties"].as_object().into_iter().flatten().filter(|(_, property)| **property == false);
    all.extend(never.map(|(key, _)| with(required_keys(root, schema, ""), key, json!(["x"]))));
    for key in list(schema, "required").filter(|_| schema["type"] == "object") {
        let mut lacking = required_keys(root, schema, "");
        lacking.as_object_mut().unwrap().remove(key.as_str().unwrap());
        all.push(lacking);
    }
    all
}

/// The keys of each mapping of a document, by the schema.
fn keys(root: &Value, schema: &Value, node: &Node, known: &mut BTreeMap<Place, BTreeSet<String>>) {
    let schema = &resolved(root, schema);
    list(schema, "anyOf").for_each(|branch| keys(root, branch, node, known));
    match &node.value {
        Yaml::List(nodes) => nodes.iter().for_each(|node| keys(root, &schema["items"], node, known)),
        Yaml::Mapping(members) if schema.get("properties").is_some() => {
            let own = schema["properties"].as_object().unwrap();
            known.entry(node.place).or_default().extend(own.keys().cloned());
            members.iter().filter_map(|(key, _, node)| Some((own.get(key)?, node))).for_each(|(own, node)| {
                keys(root, own, node, known);
            });
        }
        _ => {}
    }
}

#[test]
fn every_sample_loads_and_the_readers_read_no_other_keys() {
    for (text, read) in CASES {
        let root: Value = serde_json::from_str(text).unwrap();
        let all = documents(&root, &root, &accepted);
        assert!(all.len() > 50, "only {} samples", all.len());
        for document in all {
            assert!(holds(&root, &root, &document), "the schema refuses {document}");
            asked::take();
            let faults = read(&document.to_string());
            assert!(faults.is_empty(), "{document}\n{}", faults[0]);
            let mut known = BTreeMap::new();
            let node = Node::parse("a.yaml", document.to_string().as_bytes()).unwrap();
            keys(&root, &root, &node, &mut known);
            for (place, key) in asked::take() {
                let known = known.get(&place).is_some_and(|known| known.contains(key));
                assert!(known, "`{key}` is read and not in the schema {}: {document}", root["title"]);
            }
        }
    }
}

#[test]
fn what_the_schema_refuses_does_not_load() {
    for (text, read) in CASES {
        let root: Value = serde_json::from_str(text).unwrap();
        for document in documents(&root, &root, &|schema| refused(&root, schema)) {
            assert!(!holds(&root, &root, &document), "the schema accepts {document}");
            assert!(!read(&document.to_string()).is_empty(), "it loads, and the schema refuses it: {document}");
        }
    }
}

/// A kind whose word alone is a credential: the policies choose the rest.
#[test]
fn a_test_names_a_kind_alone_where_the_policies_may_choose() {
    let schema: Value = serde_json::from_str(&POLICY_SCHEMA).unwrap();
    let alone: BTreeSet<&str> = list(&schema["$defs"]["credential"]["anyOf"][0], "enum").filter_map(Value::as_str).collect();
    let open = each_kind!(words).into_iter().filter(|word| Target::parse(word).is_ok());
    assert_eq!(alone, open.collect());
    let description = schema["$defs"]["expectation"]["properties"]["credential"]["description"].as_str().unwrap();
    assert!(Target::examples().all(|(word, _)| description.contains(&format!("`{word}`"))), "{description}");
}

/// The keys of each mapping that stands at this key, anywhere in a document.
fn keys_at(document: &Value, key: &str) -> BTreeSet<String> {
    let here = document.get(key).and_then(Value::as_object).into_iter().flat_map(|members| members.keys().cloned());
    let members = document.as_object().into_iter().flat_map(|members| members.values());
    let below = members.chain(document.as_array().into_iter().flatten()).flat_map(|value| keys_at(value, key));
    here.chain(below).collect()
}

/// What has no sample is never compared with its reader.
#[test]
fn every_section_and_every_kind_has_a_sample() {
    let samples = |text: &str, key: &str| -> BTreeSet<String> {
        let root: Value = serde_json::from_str(text).unwrap();
        documents(&root, &root, &accepted).iter().flat_map(|document| keys_at(document, key)).collect()
    };
    let [granted, tested] = ["grant", "credential"].map(|key| samples(&POLICY_SCHEMA, key));
    let (denied, allowed) = (samples(&GUARDRAILS_SCHEMA, "deny"), samples(&SOURCE_SCHEMA, "grant"));
    for section in sections::schemas() {
        let word = section.word;
        assert!(granted.contains(word) && denied.contains(word), "{word}: {granted:?} {denied:?}");
        assert_eq!(allowed.contains(word), !section.is_own, "{word}: {allowed:?}");
        for credential in &section.schema.credentials {
            assert!(tested.contains(credential.word), "{}: {tested:?}", credential.word);
        }
    }
}

#[test]
fn every_definition_has_a_name_of_its_own() {
    let sections = sections::schemas();
    let own = policy::definitions(&sections).map(|(name, _)| name).into_iter();
    let shared = conditions::definitions().into_iter().map(|(name, _)| name).chain(forms::definitions().map(|(name, _)| name));
    let of_sections = sections.iter().flat_map(|section| section.schema.definitions.iter().map(|(name, _)| *name));
    let of_guardrails = guardrails::definitions(&sections).map(|(name, _)| name);
    let all: Vec<&str> = own.chain(shared).chain(of_sections).chain(of_guardrails).collect();
    assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "{all:?}");
}

/// Editors use the files, and `daypass policy schema` prints what they hold.
#[test]
fn the_files_of_the_repository_are_as_the_code_is() {
    for (name, schema) in [("policy", &POLICY_SCHEMA), ("guardrails", &GUARDRAILS_SCHEMA), ("source", &SOURCE_SCHEMA)] {
        let file = format!("policies/schema/{name}.json");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
        if Environment::of_process().value("DAYPASS_GOLDEN") == Some("write") {
            std::fs::write(path, &**schema).unwrap();
            continue;
        }
        let written = std::fs::read_to_string(path).unwrap();
        let changed = written.lines().zip(schema.lines()).find(|(was, is)| was != is);
        let anew = "`DAYPASS_GOLDEN=write cargo test --lib policy::schema` writes it anew";
        assert!(written == **schema, "{file} is not as the code is: {changed:?}. {anew}");
    }
}

#[test]
fn every_key_is_described_and_has_a_sample() {
    fn look(schema: &Value) -> usize {
        for (key, property) in properties(schema) {
            assert!(property["description"].as_str().is_some_and(|text| text.len() > 5), "{key} is not described");
            assert!(list(property, "examples").count() > 0, "{key} has no sample");
        }
        let below: Option<Vec<&Value>> = schema
            .as_object()
            .map(|words| words.values().collect())
            .or_else(|| schema.as_array().map(|list| list.iter().collect()));
        properties(schema).count() + below.unwrap_or_default().into_iter().map(look).sum::<usize>()
    }
    for (text, _) in CASES {
        assert!(look(&serde_json::from_str(text).unwrap()) > 30);
    }
}
