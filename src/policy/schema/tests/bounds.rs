//! Holds each bound of a schema to the reader of the file, by values on both sides of the bound. A schema never refuses what loads. What it
//! accepts and the reader refuses has a reason.

mod values;

use super::readers::CASES;
use super::reasons::REASONS;
use super::{list, properties, required_keys, resolved, with};
use crate::policy::schema::structural::{holds, one_holds};
use crate::words::yaml::{Fault, Severity};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The most documents of one schema: the test is for every build.
const DOCUMENTS_MAX: usize = 15_000;
/// With fewer ones, a part of the schema was not walked through.
const DOCUMENTS_MIN: usize = 500;

/// The keywords that bound a value.
const BOUNDS: [&str; 15] = [
    "type",
    "const",
    "enum",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "required",
    "dependentRequired",
    "not",
];

/// What a value tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum About {
    /// A text.
    Text,
    /// A key of a mapping whose keys are data.
    Name,
    /// A value of another type, how many entries a list or a mapping has, and which keys a mapping has.
    Form,
}

/// A place of the schema, and the documents that have a value there.
struct Spot<'a> {
    /// The keys from the root or from the definition on.
    at: &'a str,
    /// The last key.
    key: &'a str,
    /// The document with this value there, and of everything else what is required.
    least: &'a dyn Fn(Value) -> Value,
    /// The document in which also everything stands beside the value that may stand there.
    most: &'a dyn Fn(Value) -> Value,
}

/// Whether a bound has been tried on both sides.
#[derive(Clone, Copy, Default)]
struct Tried {
    inside: bool,
    outside: bool,
}

/// Walks through a schema.
struct Walk<'a> {
    root: &'a Value,
    loads: &'a dyn Fn(&Value) -> bool,
    seen: BTreeSet<[String; 3]>,
    /// Whether each document is valid by the schema, and whether it loads.
    documents: BTreeMap<String, (bool, bool)>,
    tried: BTreeMap<(String, &'static str), Tried>,
    reasons: BTreeSet<usize>,
    wrong: Vec<String>,
}

impl Walk<'_> {
    fn walk(&mut self, schema: &Value, samples: &[Value], spot: &Spot<'_>) {
        let definition = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        let spot = &Spot { at: definition.unwrap_or(spot.at), ..*spot };
        let schema = &resolved(self.root, schema);
        let text = schema.to_string();
        if self.seen.insert([spot.at.to_owned(), spot.key.to_owned(), text.clone()]) {
            self.attempt_all(schema, samples, spot);
        }
        list(schema, "anyOf").for_each(|branch| self.walk(branch, samples, spot));
        if let Some(items) = schema.get("items") {
            let (least, most) = (|value: Value| (spot.least)(json!([value])), |value: Value| (spot.most)(json!([value])));
            let below = Spot { at: &format!("{}[]", spot.at), key: spot.key, least: &least, most: &most };
            self.walk(items, &values::entries(samples), &below);
        }
        // The same reader reads what is below a definition, wherever the definition stands.
        if self.seen.insert([spot.at.trim_end_matches("[]").to_owned(), "(members)".to_owned(), text]) {
            self.walk_members(schema, samples, spot);
        }
    }

    fn walk_members(&mut self, schema: &Value, samples: &[Value], spot: &Spot<'_>) {
        let full = self.full(schema, spot);
        for (key, property) in properties(schema) {
            let required = required_keys(self.root, schema, key);
            let least = |value: Value| (spot.least)(with(required.clone(), key, value));
            let most = |value: Value| (spot.least)(with(full.clone(), key, value));
            let below = Spot { at: &format!("{}.{key}", spot.at), key, least: &least, most: &most };
            self.walk(property, &values::samples(&resolved(self.root, property)), &below);
        }
        let Some((key, _)) = values::member(samples).filter(|_| schema["additionalProperties"].is_object()) else { return };
        let (least, most) =
            (|value: Value| (spot.least)(json!({ &key: value })), |value: Value| (spot.most)(json!({ &key: value })));
        let below = Spot { at: &format!("{}.*", spot.at), key: spot.key, least: &least, most: &most };
        self.walk(&schema["additionalProperties"], &values::of_members(samples), &below);
    }

    /// As many keys as a mapping can have at once.
    fn full(&self, schema: &Value, spot: &Spot<'_>) -> Value {
        let mut full = required_keys(self.root, schema, "");
        for (key, property) in properties(schema) {
            let mut more = full.clone();
            more.as_object_mut().unwrap().extend(required_keys(self.root, schema, key).as_object().unwrap().clone());
            more[key] = values::samples(&resolved(self.root, property)).first().cloned().unwrap_or_default();
            let document = (spot.least)(more.clone());
            if holds(self.root, self.root, &document) && (self.loads)(&document) {
                full = more;
            }
        }
        full
    }

    fn attempt_all(&mut self, schema: &Value, samples: &[Value], spot: &Spot<'_>) {
        // A branch that names required keys alone is no value's form.
        if schema.as_object().is_some_and(|words| words.keys().all(|word| word == "required")) {
            return;
        }
        let samples = [samples, &values::entries(samples)].concat();
        for (about, value) in values::around(self.root, schema, &samples) {
            self.attempt(schema, &value, &(spot.least)(value.clone()), (spot.at, about));
            if about == About::Form {
                self.attempt(schema, &value, &(spot.most)(value.clone()), (spot.at, about));
            }
        }
    }

    fn attempt(&mut self, schema: &Value, value: &Value, document: &Value, (at, about): (&str, About)) {
        let verdicts = || (holds(self.root, self.root, document), (self.loads)(document));
        let (is_valid, loads) = *self.documents.entry(document.to_string()).or_insert_with(verdicts);
        match (is_valid, loads) {
            (false, true) => self.wrong.push(format!("{at}: the schema refuses what loads: {document}")),
            (true, false) => match REASONS.iter().position(|(known, of, _)| (*known, *of) == (at, about)) {
                Some(reason) => _ = self.reasons.insert(reason),
                None => self.wrong.push(format!("{at}: the schema accepts what does not load ({about:?}): {document}")),
            },
            (true, true) | (false, false) => {}
        }
        let words = schema.as_object().unwrap();
        for word in BOUNDS {
            let Some(rule) = words.get(word) else { continue };
            let fits = one_holds(self.root, words, word, rule, value);
            let tried = self.tried.entry((at.to_owned(), word)).or_default();
            tried.inside |= fits && is_valid && loads;
            tried.outside |= !fits && !is_valid && !loads;
        }
    }
}

/// A schema beside the reader of its files: what is wrong, and the reasons that were needed.
fn compared(root: &Value, read: fn(&str) -> Vec<Fault>) -> (Vec<String>, BTreeSet<usize>) {
    // JSON has this character as it is, and YAML does not.
    let written = |document: &Value| document.to_string().replace('\u{7f}', "\\u007f");
    let loads = |document: &Value| read(&written(document)).iter().all(|fault| fault.severity != Severity::Error);
    let mut walk = Walk {
        root,
        loads: &loads,
        seen: BTreeSet::new(),
        documents: BTreeMap::new(),
        tried: BTreeMap::new(),
        reasons: BTreeSet::new(),
        wrong: Vec::new(),
    };
    let whole = |value: Value| value;
    walk.walk(root, &[required_keys(root, root, "")], &Spot { at: "file", key: "", least: &whole, most: &whole });
    let half = walk.tried.iter().filter(|(_, tried)| !(tried.inside && tried.outside));
    walk.wrong.extend(half.map(|((at, word), _)| format!("{at}: `{word}` is not tried on both sides")));
    let documents = walk.documents.len();
    if !(DOCUMENTS_MIN..DOCUMENTS_MAX).contains(&documents) {
        walk.wrong.push(format!("{}: {documents} documents", root["title"]));
    }
    (walk.wrong, walk.reasons)
}

#[test]
fn every_bound_is_the_readers_own() {
    let (mut wrong, mut reasons) = (Vec::new(), BTreeSet::new());
    for (text, read) in CASES {
        let compared = compared(&serde_json::from_str(text).unwrap(), read);
        wrong.extend(compared.0);
        reasons.extend(compared.1);
    }
    let idle = REASONS.iter().enumerate().filter(|(reason, _)| !reasons.contains(reason));
    wrong.extend(idle.map(|(_, reason)| format!("nothing needs the reason {reason:?}")));
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The smallest schema, with bounds that are not the reader's.
#[test]
fn a_bound_that_is_not_the_readers_is_found() {
    let (text, read) = CASES[1];
    let root: Value = serde_json::from_str(text).unwrap();
    for (pointer, bound, refuses) in [
        ("/$defs/text/minLength", json!(2), true),
        ("/$defs/claims/propertyNames/pattern", json!("^/"), false),
        ("/$defs/denial/properties/deny/minProperties", json!(0), false),
    ] {
        let mut other = root.clone();
        *other.pointer_mut(pointer).unwrap() = bound;
        let (wrong, _) = compared(&other, read);
        let verb = if refuses { "refuses what loads" } else { "accepts what does not load" };
        assert!(wrong.iter().any(|wrong| wrong.contains(verb)), "{pointer}: {wrong:?}");
    }
}
