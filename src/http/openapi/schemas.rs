//! The schemas of requests and answers. A test compares the patterns of names with the parsers.

mod audit;
mod secret_status;
mod uses;

pub(super) use audit::parameters as audit_parameters;
pub(super) use secret_status::parameters as secret_status_parameters;

use super::problems;
use crate::kind::{Credential, Target, closed, object};
pub(super) use crate::kind::{POINTER, reference};
use crate::policy::CREDENTIALS_MAX;
use crate::words::names::NAME_BYTES_MAX;
use crate::words::names::patterns::{AUDIENCE, COMMIT, LABEL, LABEL_BYTES_MAX, PATH, ROLE_ARN, SECRET_NAME};
use serde_json::{Map, Value, json};

/// Up to 90 days, the longest history of a replay.
const SINCE: &str = "^([1-9]|[1-8][0-9]|90)d$";

pub(super) fn all() -> Value {
    let mut all = names();
    let (credentials, components) = Credential::schemas();
    all.extend(components.into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    for (name, schema) in [
        ("Request", request()),
        ("Wanted", json!({ "oneOf": Target::bodies().collect::<Vec<_>>() })),
        ("Answer", answer()),
        ("DryRunAnswer", uses::dry_run_answer()),
        ("Exchanged", json!({ "oneOf": [reference("Answer"), reference("DryRunAnswer")] })),
        ("Credential", json!({ "oneOf": credentials })),
        ("Seen", whoami()),
        ("ReplayRequest", uses::replay_request()),
        ("ReplayAnswer", uses::replay_answer()),
        ("Findings", uses::findings()),
        ("Lost", uses::lost()),
        ("Fault", uses::fault()),
        ("AuditAnswer", audit::answer()),
        ("AuditRecord", audit::record()),
        ("SecretStatusAnswer", secret_status::answer()),
        ("FileStatus", secret_status::file()),
        ("DenyRequest", uses::deny_request()),
        ("DenyAnswer", uses::deny_answer()),
        ("RewriteRequest", uses::rewrite_request()),
        ("RewriteAnswer", uses::rewrite_answer()),
        ("Problem", problems::schema()),
    ] {
        all.insert(name.to_owned(), schema);
    }
    Value::Object(all)
}

fn names() -> Map<String, Value> {
    let name = |description: &str, pattern: &str, most: usize, example: &str| json!({ "type": "string", "description": description, "pattern": pattern, "maxLength": most, "examples": [example] });
    let listed = [
        (
            "PolicyName",
            name("A trust policy: its path below `policies/` without the ending.", PATH, NAME_BYTES_MAX, "shop/deploy"),
        ),
        ("SecretPath", name("A secret document: its path below `secrets/`.", PATH, NAME_BYTES_MAX, "shop/production/db.yaml")),
        (
            "SecretName",
            name(
                "A secret document, or one value of it by JSON pointer.",
                SECRET_NAME,
                NAME_BYTES_MAX,
                "shop/production/db.yaml#/password",
            ),
        ),
        ("RoleArn", name("An IAM role.", ROLE_ARN, NAME_BYTES_MAX, "arn:aws:iam::123456789012:role/shop-deploy")),
        ("Audience", name("Whom a token is for.", AUDIENCE, NAME_BYTES_MAX, "https://api.partner.example")),
        ("IssuerName", name("An issuer, as the configuration calls it.", LABEL, LABEL_BYTES_MAX, "github")),
        (
            "Commit",
            json!({ "type": "string", "description": "A commit of a source: the one that a value is of.", "pattern": COMMIT, "examples": ["4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b"] }),
        ),
        (
            "DecisionId",
            json!({ "type": "string", "format": "uuid", "description": "The id by which the operator finds the decision (RFC 9562, version 7)." }),
        ),
        ("Moment", json!({ "type": "string", "format": "date-time", "description": "RFC 3339." })),
    ];
    listed.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn request() -> Value {
    let mut schema = closed(
        &["credentials"],
        json!({
            "credentials": {
                "type": "array", "minItems": 1, "maxItems": CREDENTIALS_MAX, "uniqueItems": true, "items": reference("Wanted"),
                "description": "All of these, or none.",
            },
            "policy": { "$ref": "#/components/schemas/PolicyName", "description": "The policy to use where several grant the same." },
            "dry_run": { "type": "boolean", "default": false, "description": "Decides and records a dry run, and issues nothing. The answer has `dry_run` in place of credentials, or is the refusal that the request would get." },
        }),
    );
    schema["examples"] = json!([
        { "credentials": [{ "secret": "shop/production/db.yaml#/password" }], "policy": "shop/deploy" },
        { "credentials": [{ "secret_at": { "commit": "4f2a9c1d0e8b7a6f5c4d3e2f1a0b9c8d7e6f5a4b", "secret": "shop/production/db.yaml#/password" } }] },
        { "credentials": [{ "aws": { "role": "arn:aws:iam::123456789012:role/shop-deploy" } }, { "id_token": { "audience": "https://api.partner.example" } }] },
        { "credentials": [{ "secret": "shop/production/db.yaml#/password" }], "dry_run": true },
    ]);
    schema
}

/// Several policies may grant one request.
fn decided(more: &[&str], properties: Value) -> Value {
    let mut all = json!({
        "decision_id": reference("DecisionId"),
        "policy": { "type": "string", "description": "The policies that grant, with a comma between them." },
        "policy_revision": { "type": "string", "description": "The commit of the granting policies. If an older form of a policy is in force, because its newer form waits or is faulty, it is the commit of the older form. If the commits differ, there is one for each of `policy`, with a comma between them." },
    });
    if let (Some(all), Value::Object(properties)) = (all.as_object_mut(), properties) {
        all.extend(properties);
    }
    object(&[&["decision_id", "policy", "policy_revision"], more].concat(), all)
}

fn answer() -> Value {
    decided(
        &["expires_at", "credentials"],
        json!({
            "expires_at": { "anyOf": [reference("Moment"), { "type": "null" }], "description": "When the first credential expires; null if none does." },
            "credentials": { "type": "array", "minItems": 1, "maxItems": CREDENTIALS_MAX, "items": reference("Credential"), "description": "In the order of the request." },
        }),
    )
}

fn whoami() -> Value {
    object(
        &["issuer", "attributes", "claims", "expires_at"],
        json!({
            "issuer": reference("IssuerName"),
            "attributes": { "type": "object", "additionalProperties": { "type": ["string", "boolean"] }, "description": "The canonical attributes: docs/attributes.md." },
            "claims": { "type": "object", "additionalProperties": true, "description": "The token's own claims." },
            "expires_at": reference("Moment"),
        }),
    )
}
