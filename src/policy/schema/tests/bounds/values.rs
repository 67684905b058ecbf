//! The values that are tried at a place: its samples, hostile ones, and those around each bound.

use super::About;
use crate::policy::schema::structural::holds;
use crate::policy::schema::tests::{list, properties, required_keys, resolved};
use regex::Regex;
use serde_json::{Map, Value, json};

/// Texts that a reader may take for something else.
const HOSTILE: [&str; 21] = [
    "",
    " ",
    "a",
    "A",
    "a b",
    "a\n",
    "a\0b",
    "\u{7f}",
    "/",
    "/a",
    "a//b",
    "../a",
    "a\"'",
    "**",
    "a**",
    "\u{430}ws",
    "\u{feff}",
    "{",
    "{each.name}",
    "{repository}",
    "aws x",
];

/// Texts around the patterns and formats that the schemas have, and names that a mapping of data may not have.
const NEARLY: [&str; 24] = [
    "0s",
    "1h30m",
    "1H",
    "30",
    "-1s",
    "1.5h",
    "4000d",
    "99999999999999999999s",
    "2027-06-30",
    "2027-06-30T00:00Z",
    "2027-06-30 00:00:00Z",
    "2027-06-30t00:00:00+02:00",
    "2027-02-31T00:00:00Z",
    "refs/",
    "refs/heads/a:b",
    "refs/heads/a\u{430}",
    "/~",
    "/~1a~0",
    "/a\n",
    "aws:x",
    "AwS:x",
    "ISS",
    "encrypt a/decrypt",
    "a.example",
];

/// The samples of a schema, and the values that it lists.
pub(super) fn samples(schema: &Value) -> Vec<Value> {
    list(schema, "examples").cloned().collect()
}

/// The entries of the samples that are lists, and the other samples.
pub(super) fn entries(samples: &[Value]) -> Vec<Value> {
    samples.iter().flat_map(|sample| sample.as_array().cloned().unwrap_or_else(|| vec![sample.clone()])).collect()
}

/// The first member of the samples that are mappings.
pub(super) fn member(samples: &[Value]) -> Option<(String, Value)> {
    let members = samples.iter().filter_map(Value::as_object).flatten();
    members.map(|(key, value)| (key.clone(), value.clone())).next()
}

/// The values of the members of the samples that are mappings.
pub(super) fn of_members(samples: &[Value]) -> Vec<Value> {
    samples.iter().filter_map(Value::as_object).flat_map(Map::values).cloned().collect()
}

/// The values to try for a schema.
pub(super) fn around(root: &Value, schema: &Value, samples: &[Value]) -> Vec<(About, Value)> {
    let of_other_types = [json!(null), json!(true), json!(7), json!(1.5), json!([]), json!({}), json!([null])];
    let forms = samples.iter().cloned().chain(of_other_types).chain(lists(root, schema, samples));
    let forms = forms.chain(mappings(root, schema, samples)).map(|value| (About::Form, value));
    let is_text =
        |kind: &Value| kind == "string" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "string"));
    let has_texts = is_text(&schema["type"]) || ["const", "enum", "pattern"].iter().any(|word| schema.get(word).is_some());
    let texts = has_texts.then(|| texts(schema, samples)).into_iter().flatten();
    let texts = texts.map(|text| (About::Text, text.into()));
    let names = schema.get("propertyNames").zip(member(samples)).into_iter().flat_map(|(names, (key, value))| {
        let named = move |name: String| (About::Name, json!({ name: value }));
        texts_of_names(names, &key).into_iter().map(named)
    });
    forms.chain(texts).chain(names).collect()
}

fn texts_of_names(names: &Value, sample: &str) -> Vec<String> {
    let excluded = list(&names["not"], "anyOf").flat_map(|branch| list(branch, "enum")).filter_map(Value::as_str);
    let excluded: Vec<String> = excluded.take(3).map(str::to_owned).collect();
    let nearly = NEARLY.map(str::to_owned);
    texts(names, &[sample.into()]).into_iter().chain(excluded).chain(nearly).collect()
}

/// The texts to try: hostile ones, the samples and what is nearly one, and the longest ones.
fn texts(schema: &Value, samples: &[Value]) -> Vec<String> {
    let mut texts: Vec<String> = HOSTILE.map(str::to_owned).into();
    for sample in samples.iter().filter_map(Value::as_str) {
        texts.push(sample.to_owned());
        texts.extend(["\n", " ", "/", "\0", "\u{e9}"].map(|end| format!("{sample}{end}")));
        texts.extend([format!(" {sample}"), sample.to_uppercase()]);
    }
    if ["pattern", "format"].iter().any(|word| schema.get(word).is_some()) {
        texts.extend(NEARLY.map(str::to_owned));
    }
    let listed = list(schema, "enum").chain(schema.get("const")).filter_map(Value::as_str);
    texts.extend(listed.map(str::to_owned));
    texts.extend(lengths(schema).into_iter().map(|length| "a".repeat(length)));
    texts
}

/// The lengths that `maxLength` and the pattern name, and the next ones.
fn lengths(schema: &Value) -> Vec<usize> {
    let counts = Regex::new("([0-9]+)\\}").unwrap();
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    let named = counts.captures_iter(pattern).map(|count| count[1].parse::<usize>().unwrap());
    let most = schema["maxLength"].as_u64().map(|most| usize::try_from(most).unwrap());
    named.chain(most).flat_map(|most| [most, most + 1]).collect()
}

/// Lists with as many entries as they may have, and with one more.
fn lists(root: &Value, schema: &Value, samples: &[Value]) -> Vec<Value> {
    let Some(items) = schema.get("items") else { return Vec::new() };
    let Some(entry) = entries(samples).into_iter().find(|entry| holds(root, items, entry)) else { return Vec::new() };
    let most = schema["maxItems"].as_u64().and_then(|most| usize::try_from(most).ok());
    let counts = [1, 2].into_iter().chain(most.into_iter().flat_map(|most| [most, most + 1]));
    counts.map(|count| vec![entry.clone(); count].into()).collect()
}

fn mappings(root: &Value, schema: &Value, samples: &[Value]) -> Vec<Value> {
    let mut all = Vec::new();
    if let (Some(most), Some((_, value))) = (schema["maxProperties"].as_u64(), member(samples)) {
        let named = |count: u64| (0..count).map(|number| (format!("n{number}"), value.clone())).collect::<Map<_, _>>();
        all.extend([named(most).into(), named(most + 1).into()]);
    }
    if schema.get("properties").is_none() {
        return all;
    }
    let whole = |names: &mut dyn Iterator<Item = &str>| -> Value {
        let sample = |name: &str| samples_of(root, schema, name).map(|sample| (name.to_owned(), sample));
        names.filter_map(sample).collect::<Map<_, _>>().into()
    };
    let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    // Without the keys that only a branch requires, and without each other one in turn.
    all.push(whole(&mut required.iter().copied()));
    all.extend(required.iter().map(|lacking| whole(&mut required.iter().copied().filter(|key| key != lacking))));
    all.extend(properties(schema).map(|(key, _)| whole(&mut required.iter().copied().chain([key.as_str()]))));
    let excluded = || required.iter().copied().chain(list(&schema["not"], "required").filter_map(Value::as_str));
    all.push(whole(&mut excluded()));
    let branches = list(&schema["not"], "anyOf").map(|branch| list(branch, "required").filter_map(Value::as_str));
    all.extend(branches.map(|branch| whole(&mut excluded().chain(branch))));
    all.push(whole(&mut properties(schema).map(|(key, _)| key.as_str()).take(2)));
    let mut unknown = required_keys(root, schema, "");
    unknown["no_such_key"] = "x".into();
    all.push(unknown);
    all
}

fn samples_of(root: &Value, schema: &Value, name: &str) -> Option<Value> {
    samples(&resolved(root, &schema["properties"][name])).into_iter().next()
}
