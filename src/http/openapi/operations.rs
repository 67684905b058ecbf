//! One row for each public route of the native API. A route that is neither here nor in the list of other protocols fails a test.

use super::problems::{OperationKind, operations_of};
use super::schemas::{self, POINTER, reference};
use crate::http::{hooks, reply};
use crate::words::Reason;
use crate::words::names::patterns::{LABEL, LABEL_BYTES_MAX};
use serde_json::{Value, json};

/// One method of one route.
pub(super) struct Operation {
    /// As in the router.
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    operation: OperationKind,
    pub(super) parameters: fn() -> Value,
    pub(super) body: Option<fn() -> Value>,
    pub(super) answer: fn() -> (u16, Value),
    pub(super) security: fn() -> Value,
}

pub(super) const OPERATIONS: [Operation; 15] = [
    Operation {
        path: "/v1/exchange",
        method: "post",
        id: "exchange",
        summary: "Exchanges the job's token for credentials.",
        description: "All requested credentials, or none. If the issuer makes a token per request, the same client gets the same answer again for a minute.",
        operation: OperationKind::Exchange,
        parameters: none,
        body: Some(|| json_body("Request", reply::BODY_BYTES_MAX)),
        answer: || {
            secret_answer("The released credentials, or those that a dry run would release, durably recorded.", "Exchanged")
        },
        security: token,
    },
    Operation {
        path: "/v1/secrets/{*path}",
        method: "get",
        id: "secret",
        summary: "One secret.",
        description: "The same exchange for one secret. With `Accept: text/plain` the answer is the bare value.",
        operation: OperationKind::Secret,
        parameters: secret_parameters,
        body: None,
        answer: secret,
        security: token,
    },
    Operation {
        path: "/v1/whoami",
        method: "get",
        id: "whoami",
        summary: "What the server sees in the token.",
        description: "Uses nothing up, and releases nothing.",
        operation: OperationKind::Whoami,
        parameters: none,
        body: None,
        answer: || (200, described("The identity.", &[("Cache-Control", "NoStore")], "application/json", reference("Seen"))),
        security: token,
    },
    Operation {
        path: "/v1/policy/replay",
        method: "post",
        id: "replay",
        summary: "The earlier grants that a candidate revision would have denied.",
        description: "For a job to which a policy grants `daypass: [policy.replay]`. The body is read after the decision; one replay runs at a time.",
        operation: OperationKind::Replay,
        parameters: none,
        body: Some(|| json_body("ReplayRequest", reply::CANDIDATE_BYTES_MAX)),
        answer: || secret_answer("What was found.", "ReplayAnswer"),
        security: token,
    },
    Operation {
        path: "/v1/audit",
        method: "get",
        id: "audit",
        summary: "Records of the audit log, the newest first.",
        description: "For identities to which a policy grants `daypass: [audit.read]`. A policy of the root repository gives all records, one of a further source those of its own policies. Each read is recorded too. If a bound ended the page, `next_before` is the `before` of the next one. An empty page is not always the last.",
        operation: OperationKind::Audit,
        parameters: schemas::audit_parameters,
        body: None,
        answer: || secret_answer("What was found.", "AuditAnswer"),
        security: token,
    },
    Operation {
        path: "/v1/secret-status",
        method: "get",
        id: "secretStatus",
        summary: "The state of a source's encrypted files.",
        description: "For identities to which a policy grants `daypass: [secret.status]`: the files of that policy's source, also those that are not in force. Names and recipients; nothing is opened.",
        operation: OperationKind::SecretStatus,
        parameters: schemas::secret_status_parameters,
        body: None,
        answer: || secret_answer("A page of files.", "SecretStatusAnswer"),
        security: token,
    },
    Operation {
        path: "/v1/deny",
        method: "post",
        id: "deny",
        summary: "Denies from now on, without Git.",
        description: "For identities to which a policy grants `daypass: [deny]`. A policy of the root repository lets them deny anything, one of a further source what its own policies grant. The denial takes effect at once. It is lifted only on the server's own machine.",
        operation: OperationKind::Deny,
        parameters: none,
        body: Some(|| json_body("DenyRequest", reply::BODY_BYTES_MAX)),
        answer: || secret_answer("The denial is in force.", "DenyAnswer"),
        security: token,
    },
    Operation {
        path: "/v1/rewrite",
        method: "post",
        id: "rewrite",
        summary: "Files encrypted to today's recipients, or with new data keys.",
        description: "For an operator to whom a policy grants `daypass: [secret.rotate]`, over the files of that policy's source. The recipients are those that the commit in force names. The answer holds ciphertext, and no plaintext.",
        operation: OperationKind::Rewrite,
        parameters: none,
        body: Some(|| json_body("RewriteRequest", reply::REWRITE_BYTES_MAX)),
        answer: || secret_answer("The new files.", "RewriteAnswer"),
        security: token,
    },
    Operation {
        path: "/v1/openapi.json",
        method: "get",
        id: "openapi",
        summary: "This document.",
        description: "The document in the repository.",
        operation: OperationKind::Nothing,
        parameters: none,
        body: None,
        answer: || document("An OpenAPI document.", json!({ "type": "object", "required": ["openapi", "info", "paths"] })),
        security: nothing,
    },
    Operation {
        path: "/hooks/git/{source}",
        method: "post",
        id: "hook",
        summary: "A forge reports a push to a source.",
        description: "Wakes the source's own fetch. The body is not interpreted. The answer does not say whether the source exists.",
        operation: OperationKind::Hook,
        parameters: || json!([{ "name": "source", "in": "path", "required": true, "schema": { "type": "string", "pattern": LABEL, "maxLength": LABEL_BYTES_MAX }, "example": "root" }]),
        body: Some(
            || json!({ "required": false, "description": size("The forge's event", hooks::EVENT_BYTES_MAX), "content": { "application/json": { "schema": true } } }),
        ),
        answer: || (202, json!({ "description": "The source is polled." })),
        security: || json!([{ "hookSignature": [] }, { "hookToken": [] }]),
    },
    Operation {
        path: "/.well-known/openid-configuration",
        method: "get",
        id: "discovery",
        summary: "The issuer that clouds trust.",
        description: "OpenID Connect Discovery 1.0, section 3, as far as workload federation reads it.",
        operation: OperationKind::Nothing,
        parameters: none,
        body: None,
        answer: discovery,
        security: nothing,
    },
    Operation {
        path: "/.well-known/jwks.json",
        method: "get",
        id: "jwks",
        summary: "The keys of the issuer that clouds trust.",
        description: "RFC 7517.",
        operation: OperationKind::Nothing,
        parameters: none,
        body: None,
        answer: keys,
        security: nothing,
    },
    Operation {
        path: "/id-tokens/.well-known/openid-configuration",
        method: "get",
        id: "idTokenDiscovery",
        summary: "The issuer of `id_token`s, which no cloud trusts.",
        description: "OpenID Connect Discovery 1.0, section 3.",
        operation: OperationKind::Nothing,
        parameters: none,
        body: None,
        answer: discovery,
        security: nothing,
    },
    Operation {
        path: "/id-tokens/.well-known/jwks.json",
        method: "get",
        id: "idTokenJwks",
        summary: "The keys of the issuer of `id_token`s, which no cloud trusts.",
        description: "RFC 7517.",
        operation: OperationKind::Nothing,
        parameters: none,
        body: None,
        answer: keys,
        security: nothing,
    },
    Operation {
        path: "/.well-known/oauth-authorization-server",
        method: "get",
        id: "oauthMetadata",
        summary: "The metadata of the token exchange (RFC 8693).",
        description: "RFC 8414, section 2.",
        operation: OperationKind::Nothing,
        parameters: none,
        body: None,
        answer: || {
            document(
                "The metadata.",
                json!({ "type": "object", "required": ["issuer", "token_endpoint", "jwks_uri", "grant_types_supported"] }),
            )
        },
        security: nothing,
    },
];

impl Operation {
    pub(super) fn reasons(&self) -> impl Iterator<Item = Reason> {
        Reason::ALL.iter().copied().filter(|reason| operations_of(*reason).contains(&self.operation))
    }
}

fn none() -> Value {
    json!([])
}

fn nothing() -> Value {
    json!([])
}

/// A token alone, or one that is bound to a key with its proof.
fn token() -> Value {
    json!([{ "jobToken": [] }, { "jobToken": [], "possession": [] }])
}

fn size(what: &str, bytes_max: usize) -> String {
    format!("{what}: at most {} KiB.", bytes_max / 1024)
}

fn json_body(name: &str, bytes_max: usize) -> Value {
    json!({ "required": true, "description": size("JSON, each member once", bytes_max), "content": { "application/json": { "schema": reference(name) } } })
}

fn described(description: &str, headers: &[(&str, &str)], kind: &str, schema: Value) -> Value {
    let headers: serde_json::Map<_, _> = headers
        .iter()
        .map(|(name, component)| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{component}") })))
        .collect();
    let mut described = json!({ "description": description, "content": { kind: { "schema": schema } } });
    if !headers.is_empty() {
        described["headers"] = headers.into();
    }
    described
}

const SECRET_HEADERS: [(&str, &str); 2] = [("Cache-Control", "NoStore"), ("X-Content-Type-Options", "NoSniff")];

fn secret_answer(description: &str, name: &str) -> (u16, Value) {
    (200, described(description, &SECRET_HEADERS, "application/json", reference(name)))
}

fn document(description: &str, schema: Value) -> (u16, Value) {
    (200, described(description, &[], "application/json", schema))
}

fn discovery() -> (u16, Value) {
    let members = ["issuer", "jwks_uri", "id_token_signing_alg_values_supported"];
    document("The issuer.", json!({ "type": "object", "required": members }))
}

fn keys() -> (u16, Value) {
    let key =
        json!({ "type": "object", "required": ["kty", "kid", "use", "alg"], "properties": { "kty": { "enum": ["EC", "RSA"] } } });
    let set = json!({ "type": "object", "required": ["keys"], "properties": { "keys": { "type": "array", "minItems": 1, "items": key } } });
    document("The keys.", set)
}

fn secret() -> (u16, Value) {
    let (status, mut answer) = secret_answer("The released secret, durably recorded.", "Answer");
    answer["content"]["text/plain"] = json!({ "schema": { "type": "string", "description": "The bare value." } });
    (status, answer)
}

fn secret_parameters() -> Value {
    json!([
        { "name": "path", "in": "path", "required": true, "schema": reference("SecretPath"), "example": "shop/production/db.yaml",
          "description": "May have several segments; a `/` in it may stand as it is or as `%2F`." },
        { "name": "key", "in": "query", "schema": { "type": "string", "pattern": POINTER }, "example": "/password", "description": "One value of the document, by JSON pointer (RFC 6901)." },
        { "name": "commit", "in": "query", "schema": reference("Commit"), "description": "The value at this commit, an ancestor of the one in force; for a policy with `history: allow`." },
        { "name": "policy", "in": "query", "schema": reference("PolicyName"), "example": "shop/deploy", "description": "The policy to use where several grant the same." },
    ])
}

/// The names of all schemas: a test checks that each is used.
pub(super) fn schema_names() -> Vec<String> {
    schemas::all().as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}
