//! What the schemas say of tokens of services.

use super::{TTL_DEFAULT, TTL_MAX, TTL_MIN};
use crate::kind::ExchangeFields;
use crate::policy::schema::{CredentialSchema, SectionSchema, Values, key, object, reference, text};
use crate::words::duration_text;
use serde_json::{Value, json};

pub(super) fn schema() -> SectionSchema {
    SectionSchema {
        entries: Values {
            description: "Tokens of services that take ours in exchange.",
            each: reference("token_exchange"),
            examples: json!([{ "service": "partner", "fields": { "role": "deploy" } }]),
        },
        patterns: Values {
            description: "Services, or services with their fields, by pattern.",
            each: text(),
            examples: json!([["partner", "*?role=admin"]]),
        },
        credentials: vec![CredentialSchema {
            word: "token_exchange",
            alone: Some("any token of a service"),
            named: key("A token of a service: SERVICE or SERVICE?NAME=VALUE&….", text(), json!(["partner?role=deploy"])),
        }],
        definitions: vec![("token_exchange", entry())],
    }
}

fn entry() -> Value {
    let ttl = format!(
        "How long the token may live; one that lives longer is refused. {} to {}, and {} when nothing is said.",
        duration_text(TTL_MIN),
        duration_text(TTL_MAX),
        duration_text(TTL_DEFAULT)
    );
    let fields = json!({
        "type": "object",
        "maxProperties": ExchangeFields::MAX,
        "propertyNames": { "pattern": ExchangeFields::NAME },
        "additionalProperties": text(),
    });
    object(
        &["service"],
        json!({
            "service": key("The service, as the server's configuration calls it.", text(), json!(["partner"])),
            "fields": key(
                format!(
                    "The fields of the request that the configuration leaves to policies, all of them, each of 1 to {} printable characters.",
                    ExchangeFields::VALUE_CHARS_MAX
                ),
                fields,
                json!([{ "role": "deploy" }]),
            ),
            "ttl": key(ttl, reference("duration"), json!(["30m"])),
        }),
    )
}
