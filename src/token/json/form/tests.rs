//! Errors have the same text as serde_json's, and never a text of the value.

use super::*;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Outer {
    #[serde(default)]
    list: Vec<Inner>,
    name: Option<crate::words::names::SecretPath>,
    #[serde(default)]
    counts: BTreeMap<String, u8>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
enum Inner {
    Word,
    Text(String),
    Pair(u8, bool),
    Form { size: f64 },
}

#[test]
fn values_are_read_as_serde_json_reads_them() {
    let good = [
        json!({}),
        json!({ "name": null, "list": [] }),
        json!({ "name": "shop/db", "counts": { "a": 1 }, "list": ["word", { "text": "x" }, { "pair": [1, true] }, { "form": { "size": 1 } }, { "word": null }] }),
    ];
    for value in good {
        assert_eq!(from_json::<Outer>(value.clone()).unwrap(), serde_json::from_value::<Outer>(value).unwrap());
    }
}

/// serde_json reads `[[], null, {}]` as the members of the object.
#[test]
fn an_array_is_no_object() {
    let array = json!([[], null, {}]);
    assert!(serde_json::from_value::<Outer>(array.clone()).is_ok());
    for bad in [array, json!([]), json!([1, 2, 3, 4])] {
        assert!(matches!(from_json::<Outer>(bad.clone()), Err(FormError::Type { .. })), "{bad}");
    }
}

#[test]
fn an_error_has_the_text_of_serde_json() {
    let bad = [
        json!(null),
        json!(5),
        json!({ "names": "x" }),
        json!({ "name": 1.5e300 }),
        json!({ "name": "a b" }),
        json!({ "counts": { "a": 300 } }),
        json!({ "counts": { "a": -1 } }),
        json!({ "counts": { "a": "word" } }),
        json!({ "list": {} }),
        json!({ "list": ["other"] }),
        json!({ "list": [7] }),
        json!({ "list": [{}] }),
        json!({ "list": ["text"] }),
        json!({ "list": ["form"] }),
        json!({ "list": [{ "pair": [1] }] }),
        json!({ "list": [{ "pair": [1, true, 2] }] }),
        json!({ "list": [{ "pair": 1 }] }),
        json!({ "list": [{ "form": {} }] }),
        json!({ "list": [{ "form": null }] }),
        json!({ "list": [{ "word": 1 }] }),
    ];
    for value in bad {
        let expected = serde_json::from_value::<Outer>(value.clone()).unwrap_err().to_string();
        assert_eq!(from_json::<Outer>(value.clone()).unwrap_err().to_string(), expected, "{value}");
    }
}

#[test]
fn an_error_holds_no_text_of_a_value() {
    const SECRET: &str = "eyJhbGciOiJub25lIn0";
    let hidden = [
        json!(SECRET),
        json!({ "list": [SECRET] }),
        json!({ "list": [{ SECRET: 1 }] }),
        json!({ "list": [{ "text": "x", "pair": SECRET }] }),
        json!({ "list": [{ "form": SECRET }] }),
        json!({ "list": [{ "form": { "size": SECRET } }] }),
        json!({ "list": SECRET }),
        json!({ "counts": { "a": SECRET } }),
        json!({ "counts": { "a": "\", expected" } }),
    ];
    for value in hidden {
        let fault = from_json::<Outer>(value.clone()).unwrap_err();
        assert!(
            !format!("{fault} {fault:?}").contains(SECRET) && !fault.to_string().contains("\", expected"),
            "{value}: {fault}"
        );
    }
    let member = from_json::<Outer>(json!({ SECRET: 1 })).unwrap_err();
    assert!(member.to_string().contains("an unknown field, expected") && !format!("{member} {member:?}").contains(SECRET));
    let long = <FormError as serde::de::Error>::custom("x".repeat(1000)).to_string();
    assert_eq!(long.chars().count(), 300);
}
