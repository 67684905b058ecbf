//! What the schemas say of transit keys.

use crate::kind::Operation;
use crate::policy::schema::{CredentialSchema, SectionSchema, Values, key, object, one_or_more, reference, text};
use crate::words::names::patterns::PATH;
use serde_json::{Value, json};

pub(super) fn schema() -> SectionSchema {
    SectionSchema {
        entries: Values {
            description: "Transit keys by pattern, for both operations, or for those that are listed.",
            each: reference("transit"),
            examples: json!([["shop/backup", { "key": "flux", "allow": ["decrypt"] }]]),
        },
        patterns: Values { description: "Transit keys by pattern.", each: text(), examples: json!([["shop/**"]]) },
        credentials: vec![CredentialSchema {
            word: "transit",
            alone: None,
            named: key(
                "This use of a transit key: an operation and the key.",
                json!({ "type": "string", "pattern": use_of_a_key() }),
                json!(["decrypt flux", "encrypt shop/backup"]),
            ),
        }],
        definitions: vec![("transit", entry()), ("transit_operation", json!({ "enum": Operation::ALL.map(Operation::as_str) }))],
    }
}

/// A use, as tests of policies name it.
fn use_of_a_key() -> String {
    format!("^({}) {}", Operation::ALL.map(Operation::as_str).join("|"), PATH.trim_start_matches('^'))
}

fn entry() -> Value {
    let properties = json!({
        "key": key("The keys, by pattern.", text(), json!(["flux", "shop/*"])),
        "allow": key(
            "What may be done by them; absent: both.",
            one_or_more(reference("transit_operation")),
            json!([["decrypt"], "encrypt"]),
        ),
    });
    json!({ "anyOf": [text(), object(&["key"], properties)] })
}
