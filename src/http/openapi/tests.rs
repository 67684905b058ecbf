//! Compares the document with what it describes: routes, reasons, names, and itself.

use super::DOCUMENT;
use super::document::{FOREIGN, document};
use super::operations::{OPERATIONS, schema_names};
use super::problems::operations_of;
use super::schemas;
use crate::answers;
use crate::http::native;
use crate::kind::Credential;
use crate::policy::Request;
use crate::words::Reason;
use crate::words::names::{Audience, CommitId, IssuerName, PolicyName, RoleArn, SecretName, SecretPath, check_pointer, patterns};
use proptest::prelude::*;
use regex::Regex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Writes the generated document to the build's folder if it differs.
#[test]
fn the_document_is_the_one_that_is_checked_in() {
    let generated = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if generated != DOCUMENT {
        let left = concat!(env!("CARGO_MANIFEST_DIR"), "/target/openapi.json");
        std::fs::write(left, generated).unwrap();
        panic!(
            "the API's description has changed: look at the difference, then run\n  cp target/openapi.json docs/api/openapi.json"
        );
    }
}

#[test]
fn every_route_is_described_and_every_description_has_a_route() {
    let served: BTreeSet<_> = native::routes().listed.into_iter().collect();
    let ours = OPERATIONS.iter().map(|operation| (operation.method, operation.path));
    let foreign = |path: &str| FOREIGN.iter().any(|(known, _)| *known == path);
    let described: BTreeSet<_> = ours.chain(served.iter().copied().filter(|(_, path)| foreign(path))).collect();
    assert_eq!(served, described, "add a row to src/http/openapi/operations.rs");
    for (path, page) in FOREIGN {
        assert!(served.iter().any(|(_, known)| *known == path), "{path}");
        assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(page).exists(), "{page}");
    }
}

#[test]
fn every_status_of_a_reason_is_described_where_it_is_heard() {
    let document = document();
    for operation in &OPERATIONS {
        for reason in operation.reasons() {
            let response =
                &document["paths"][operation.openapi_path()][operation.method]["responses"][reason.status().to_string()];
            let codes = &response["content"]["application/problem+json"]["schema"]["properties"]["code"]["enum"];
            assert!(codes.as_array().unwrap().contains(&json!(reason.code())), "{} {}", operation.path, reason.code());
        }
    }
    let codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["oneOf"].as_array().unwrap();
    assert_eq!(codes.len(), Reason::ALL.len());
    assert!(operations_of(Reason::NoMatchingPolicy).len() > 2);
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    for name in schema_names() {
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is used nowhere");
    }
    let ids: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
    assert_eq!(ids.len(), OPERATIONS.len());
}

/// Notes which members of the schema's objects a value has. The schema has to describe all members, and the value has to have all
/// required ones.
fn note(document: &Value, schema: &Value, value: &Value, seen: &mut BTreeMap<String, BTreeSet<String>>) {
    if let Some(reference) = schema["$ref"].as_str() {
        return note(document, &document[reference.trim_start_matches("#/components/schemas/")], value, seen);
    }
    if let Some(forms) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let fits = |form: &&Value| {
            form["required"].as_array().is_none_or(|names| names.iter().all(|name| value.get(name.as_str().unwrap()).is_some()))
        };
        return forms
            .iter()
            .filter(fits)
            .filter(|form| (form["type"] == "null") == value.is_null())
            .for_each(|form| note(document, form, value, seen));
    }
    if let Value::Array(values) = value {
        return values.iter().for_each(|value| note(document, &schema["items"], value, seen));
    }
    let (Some(described), Some(members)) = (schema["properties"].as_object(), value.as_object()) else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(members.contains_key(name.as_str().unwrap()), "{name} lacks in {value}");
    }
    for (name, value) in members {
        note(document, described.get(name).unwrap_or_else(|| panic!("{name} is not described: {schema}")), value, seen);
    }
    seen.entry(schema.to_string()).or_default().extend(members.keys().cloned());
}

/// The types of `answers` write exactly the described members.
#[test]
fn answers_have_exactly_the_described_members() {
    let (document, mut seen) = (document()["components"]["schemas"].take(), BTreeMap::new());
    let native = |sample: &Value| sample.get("file_key").is_none();
    let credentials: Vec<Value> = Credential::samples().into_iter().filter(native).collect();
    note(&document, &document["Answer"], &answers::tests::document(&credentials), &mut seen);
    let [_, replay, audit, rewrite] = answers::tests::uses();
    note(&document, &document["ReplayAnswer"], &replay, &mut seen);
    note(&document, &document["AuditAnswer"], &audit, &mut seen);
    note(&document, &document["RewriteAnswer"], &rewrite, &mut seen);
    assert!(seen.len() > 12, "{}", seen.len());
    for (schema, members) in seen {
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let described: BTreeSet<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, described, "{schema}");
    }
}

#[test]
fn the_examples_of_a_request_are_read() {
    let document = document();
    for example in document["components"]["schemas"]["Request"]["examples"].as_array().unwrap() {
        assert!(Request::parse(example.to_string().as_bytes()).is_ok(), "{example}");
    }
}

/// A pattern, and the parser of the name.
type Name = (&'static str, fn(&str) -> bool);
const NAMES: [Name; 8] = [
    (patterns::PATH, |text| SecretPath::parse(text).is_ok() && PolicyName::parse(text).is_ok()),
    (patterns::SECRET_NAME, |text| SecretName::parse(text).is_ok()),
    (schemas::POINTER, |text| check_pointer(text).is_ok()),
    (patterns::ROLE_ARN, |text| RoleArn::parse(text).is_ok()),
    (patterns::AUDIENCE, |text| Audience::parse(text).is_ok()),
    (patterns::COMMIT, |text| CommitId::parse(text).is_ok()),
    (patterns::LABEL, |text| text.len() > patterns::LABEL_BYTES_MAX || IssuerName::parse(text).is_ok()),
    ("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", |text| {
        serde_json::from_value::<crate::words::names::DecisionId>(Value::from(text)).is_ok()
    }),
];

proptest! {
    /// The parser accepts what fits a pattern.
    #[test]
    fn parsers_accept_what_patterns_allow(
        which in 0..NAMES.len(),
        texts in NAMES.map(|(pattern, _)| proptest::string::string_regex(pattern.trim_matches(['^', '$'])).unwrap().boxed()).to_vec(),
    ) {
        let (pattern, is_read) = NAMES[which];
        let text = &texts[which];
        prop_assume!(text.len() <= crate::words::names::NAME_BYTES_MAX);
        prop_assert!(is_read(text), "{pattern}: {text:?}");
    }

    /// The pattern fits what the parser accepts, tried with texts that are nearly names.
    #[test]
    fn patterns_allow_what_parsers_accept(
        which in 0..7_usize,
        start in prop::sample::select(vec!["", "a", "/", "shop/db.yaml#", "0123456789abcdef0123456789abcdef01234567", "arn:aws", "arn:aws:iam::123456789012:role/", "a-"]),
        rest in "[a-cA-C0-2/.#~:*%_ \\-\u{0}\n\u{7f}\u{85}\u{430}]{0,12}",
    ) {
        let ((pattern, is_read), text) = (NAMES[which], format!("{start}{rest}"));
        prop_assert_eq!(Regex::new(pattern).unwrap().is_match(&text), is_read(&text), "{}: {:?}", pattern, text);
    }
}
