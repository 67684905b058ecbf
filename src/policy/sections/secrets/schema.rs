//! What the schemas say of secrets.

use super::{OFFLINE_DEFAULT, OFFLINE_MAX, OFFLINE_MIN};
use crate::policy::schema::{CredentialSchema, SectionSchema, Values, key, object, reference, text};
use crate::words::duration_text;
use serde_json::{Value, json};

const VALUE: &str = "shop/production/db.yaml#/password";

pub(super) fn schema() -> SectionSchema {
    let named = |word, description| CredentialSchema { word, alone: None, named: key(description, text(), json!([VALUE])) };
    SectionSchema {
        entries: Values {
            description: "Documents below secrets/ by pattern; after `#` one key of them by JSON pointer.",
            each: reference("secret"),
            examples: json!([[VALUE, "shop/shared/**"]]),
        },
        patterns: Values {
            description: "Documents below secrets/ by pattern.",
            each: text(),
            examples: json!([["shop/production/**"]]),
        },
        credentials: vec![
            named("secret", "This secret: a document below secrets/, and after `#` a key of it."),
            named("secret_at", "This secret as an older commit had it, whichever it is."),
        ],
        definitions: vec![("secret", entry())],
    }
}

fn entry() -> Value {
    let offline = format!(
        "How long a pod may keep it while the server does not answer: {} to {}, and {} when nothing is said.",
        duration_text(OFFLINE_MIN),
        duration_text(OFFLINE_MAX),
        duration_text(OFFLINE_DEFAULT)
    );
    let allow = || json!({ "const": "allow" });
    let properties = json!({
        "secret": key("Documents by pattern; after `#` one key of them by JSON pointer.", text(), json!([VALUE])),
        "offline": key(offline, reference("duration"), json!(["1h"])),
        "unauthenticated": key(
            "Also values that are not encrypted, in files with `mac_only_encrypted`: whoever can write to the repository can change them. Refused when nothing is said.",
            allow(),
            json!(["allow"]),
        ),
        "history": key(
            "Also as an older commit had it, by the commit's id: what was rotated since, and files that are gone. Refused when nothing is said.",
            allow(),
            json!(["allow"]),
        ),
    });
    json!({ "anyOf": [text(), object(&["secret"], properties)] })
}
