//! What the schemas say of tokens of our own issuer.

use super::claims::registered;
use super::{ID_TOKEN_TTL_DEFAULT, ID_TOKEN_TTL_MAX, ID_TOKEN_TTL_MIN};
use crate::policy::schema::{CredentialSchema, SectionSchema, Values, key, object, reference, text};
use crate::policy::sections::templates::names_schema;
use crate::words::duration_text;
use serde_json::{Value, json};

const AUDIENCE: &str = "https://api.partner.example";

pub(super) fn schema() -> SectionSchema {
    SectionSchema {
        entries: Values {
            description: "Tokens of daypass's own issuer.",
            each: reference("id_token"),
            examples: json!([{ "audience": AUDIENCE }]),
        },
        patterns: Values { description: "Audiences by pattern.", each: text(), examples: json!([[AUDIENCE]]) },
        credentials: vec![CredentialSchema {
            word: "id_token",
            alone: None,
            named: key("A token for this audience.", text(), json!([AUDIENCE])),
        }],
        definitions: vec![("id_token", entry())],
    }
}

fn entry() -> Value {
    let ttl = format!(
        "How long the token lives: {} to {}, and {} when nothing is said.",
        duration_text(ID_TOKEN_TTL_MIN),
        duration_text(ID_TOKEN_TTL_MAX),
        duration_text(ID_TOKEN_TTL_DEFAULT)
    );
    let mut names = names_schema();
    let registered: Vec<&str> = registered().collect();
    names["not"] = json!({ "anyOf": [{ "enum": registered }, names["not"]] });
    let claims = json!({ "type": "object", "propertyNames": names, "additionalProperties": { "type": "string" } });
    object(
        &["audience"],
        json!({
            "audience": key("Whom the token is for; never an audience that a cloud exchanges.", text(), json!([AUDIENCE])),
            "ttl": key(ttl, reference("duration"), json!(["10m"])),
            "claims": key(
                "Further claims. `{ATTRIBUTE}` takes a verified attribute.",
                claims,
                json!([{ "repository": "{repository}" }]),
            ),
        }),
    )
}
