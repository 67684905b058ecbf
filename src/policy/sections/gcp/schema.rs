//! What the schemas say of tokens of Google Cloud.

use super::boundary::{IN_ROLE, RULES_MAX};
use super::{DELEGATES_MAX, SCOPE_DEFAULT, SCOPES_MAX, TTL_DEFAULT, TTL_MAX, TTL_MIN};
use crate::kind::DIRECT;
use crate::policy::schema::{CredentialSchema, SectionSchema, Values, key, object, one_or_more, reference, text};
use crate::words::duration_text;
use serde_json::{Value, json};

const ACCOUNT: &str = "deploy@acme-prod.iam.gserviceaccount.com";
const READ_ONLY: &str = "https://www.googleapis.com/auth/devstorage.read_only";
const AUDIENCE: &str = "https://shop-abc.a.run.app";
const BUCKET: &str = "acme-artifacts";

pub(super) fn schema() -> SectionSchema {
    SectionSchema {
        entries: Values {
            description: "Tokens of Google Cloud's: of service accounts, or of the federated identity itself.",
            each: reference("gcp"),
            examples: json!([{ "service_account": ACCOUNT, "ttl": "30m" }]),
        },
        patterns: Values {
            description: "Service accounts of Google Cloud's by pattern, and `direct`.",
            each: text(),
            examples: json!([["*@acme-prod.iam.gserviceaccount.com", DIRECT]]),
        },
        credentials: vec![CredentialSchema {
            word: "gcp",
            alone: Some("any access token of Google's"),
            named: key(
                "A token of Google's: a service account or `direct`, and `audience=URL` for an ID token.",
                text(),
                json!([ACCOUNT]),
            ),
        }],
        definitions: vec![
            ("gcp", json!({ "anyOf": [reference("gcp_account"), reference("gcp_direct")] })),
            ("gcp_account", account()),
            ("gcp_direct", direct()),
            ("gcp_scopes", up_to(text(), SCOPES_MAX)),
            ("gcp_id_token", id_token()),
            ("gcp_boundary", up_to(reference("gcp_bucket"), RULES_MAX)),
            ("gcp_bucket", bucket()),
        ],
    }
}

/// One of these, or a list of one to `most`.
fn up_to(each: Value, most: usize) -> Value {
    let mut list = one_or_more(each);
    list["anyOf"][1]["maxItems"] = most.into();
    list
}

fn boundary(description: &str) -> Value {
    let rule = json!({ "bucket": BUCKET, "permissions": format!("{IN_ROLE}roles/storage.objectViewer") });
    key(description, reference("gcp_boundary"), json!([rule]))
}

fn account() -> Value {
    let cloud_platform = SCOPE_DEFAULT.rsplit('/').next().unwrap_or_default();
    let ttl = format!(
        "How long an access token lives: {} to {}, and more than {} where the server's configuration says so; {} when nothing is said.",
        duration_text(TTL_MIN),
        duration_text(TTL_MAX),
        duration_text(TTL_DEFAULT),
        duration_text(TTL_DEFAULT)
    );
    let delegates = json!({ "anyOf": [text(), { "type": "array", "items": text(), "maxItems": DELEGATES_MAX }] });
    let mut entry = object(
        &["service_account"],
        json!({
            "service_account": key("Whose token it is, by its address.", text(), json!([ACCOUNT])),
            "ttl": key(ttl, reference("duration"), json!(["30m"])),
            "scopes": key(
                format!("What an access token can be used for; `{cloud_platform}` when nothing is said."),
                reference("gcp_scopes"),
                json!([[READ_ONLY]]),
            ),
            "delegates": key(
                "Service accounts through which it is impersonated, the first one by the policy's own subject.",
                delegates,
                json!([["hub@acme-prod.iam.gserviceaccount.com"]]),
            ),
            "id_token": key(
                "An ID token instead of an access token.",
                reference("gcp_id_token"),
                json!([{ "audience": AUDIENCE }]),
            ),
            "boundary": boundary("What of Cloud Storage an access token reaches, and nothing else."),
        }),
    );
    // These are of access tokens.
    let others = ["ttl", "scopes", "boundary"].map(|key| json!({ "required": [key] }));
    entry["not"] = json!({ "required": ["id_token"], "anyOf": others });
    entry
}

fn direct() -> Value {
    object(
        &["access", "scopes"],
        json!({
            "access": key(
                "`direct`: the federated token itself, without a service account. Some of Google's APIs do not take it.",
                json!({ "const": DIRECT }),
                json!([DIRECT]),
            ),
            "scopes": key("What it can be used for.", reference("gcp_scopes"), json!([READ_ONLY])),
            "boundary": boundary("What of Cloud Storage it reaches, and nothing else."),
        }),
    )
}

fn id_token() -> Value {
    object(&["audience"], json!({ "audience": key("Whom it is for.", text(), json!([AUDIENCE])) }))
}

fn bucket() -> Value {
    object(
        &["bucket", "permissions"],
        json!({
            "bucket": key("A bucket.", text(), json!([BUCKET])),
            "permissions": key(
                format!("What may be done in it: `{IN_ROLE}` and a role of Cloud Storage, or one of your own."),
                one_or_more(text()),
                json!([[format!("{IN_ROLE}roles/storage.objectViewer")]]),
            ),
            "prefix": key("Of the objects; without it every object.", text(), json!(["shop/"])),
        }),
    )
}
