//! What the schemas say of tokens of Microsoft Entra ID.

use super::{ACCESS_TTL_DEFAULT, ACCESS_TTL_MAX, FEDERATED_TTL_DEFAULT, FEDERATED_TTL_MAX, TTL_MIN};
use crate::policy::schema::{CredentialSchema, SectionSchema, Values, key, object, reference, text};
use crate::words::duration_text;
use serde_json::{Value, json};

const CLIENT_ID: &str = "11111111-2222-3333-4444-555555555555";
const SCOPE: &str = "https://management.azure.com/.default";

pub(super) fn schema() -> SectionSchema {
    SectionSchema {
        entries: Values {
            description: "Tokens of Microsoft Entra ID: of which application, and for what.",
            each: reference("azure"),
            examples: json!([{ "client_id": CLIENT_ID, "scope": SCOPE }]),
        },
        patterns: Values {
            description: "CLIENT_ID/SCOPE by pattern; whoever is denied one scope is denied the federated token too.",
            each: text(),
            examples: json!([["*/https://vault.azure.net/**"]]),
        },
        credentials: vec![CredentialSchema {
            word: "azure",
            alone: Some("any token of Entra"),
            named: key(
                "An Azure token: CLIENT_ID/SCOPE or CLIENT_ID/federated-token.",
                text(),
                json!([format!("{CLIENT_ID}/https://vault.azure.net/.default")]),
            ),
        }],
        definitions: vec![
            ("azure", json!({ "anyOf": [reference("azure_access"), reference("azure_federated")] })),
            ("azure_access", access()),
            ("azure_federated", federated()),
        ],
    }
}

fn client_id() -> Value {
    key("The application, or the managed identity, by its client id.", text(), json!([CLIENT_ID]))
}

fn access() -> Value {
    let ttl = format!(
        "How long the access token may live; one that lives longer is refused. {} to {}, and {} when nothing is said.",
        duration_text(TTL_MIN),
        duration_text(ACCESS_TTL_MAX),
        duration_text(ACCESS_TTL_DEFAULT)
    );
    object(
        &["client_id", "scope"],
        json!({
            "client_id": client_id(),
            "scope": key("One resource with `/.default` behind it.", text(), json!([SCOPE])),
            "ttl": key(ttl, reference("duration"), json!(["90m"])),
        }),
    )
}

fn federated() -> Value {
    let ttl = format!(
        "How long the token lives: {} to {}, and {} when nothing is said.",
        duration_text(TTL_MIN),
        duration_text(FEDERATED_TTL_MAX),
        duration_text(FEDERATED_TTL_DEFAULT)
    );
    object(
        &["client_id", "federated_token"],
        json!({
            "client_id": client_id(),
            "federated_token": key(
                "The token of ours that Entra takes for the application: with it every scope can be had.",
                json!({ "const": "allow" }),
                json!(["allow"]),
            ),
            "ttl": key(ttl, reference("duration"), json!(["10m"])),
        }),
    )
}
