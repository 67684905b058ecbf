//! The whole document, put together from its tables.

use super::operations::{OPERATIONS, Operation};
use super::{problems, schemas};
use crate::http::problem::RETRY_AFTER_SECONDS;
use serde_json::{Map, Value, json};

/// Routes of other protocols, which have documents of their own.
pub(super) const FOREIGN: [(&str, &str); 10] = [
    ("/oauth2/token", "docs/api/oauth.md"),
    ("/aws/sts", "docs/api/aws-sts.md"),
    ("/aws/sts/", "docs/api/aws-sts.md"),
    ("/aws/container", "docs/api/aws-container.md"),
    ("/sts/exchange", "docs/github.md"),
    ("/vault/v1/sys/health", "docs/api/vault.md"),
    ("/vault/v1/{*path}", "docs/api/vault.md"),
    ("/v1/{*path}", "docs/api/vault.md"),
    ("/v1/events", "docs/sidecar.md"),
    ("/v1/age/unwrap", "docs/api.md"),
];

pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        paths.entry(operation.openapi_path()).or_insert_with(|| json!({}))[operation.method] = operation.described();
    }
    json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{ "url": "https://daypass.example", "description": "The server's `public_url`." }],
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(),
            "headers": headers(),
            "schemas": schemas::all(),
            "responses": {
                "NotFound": problems::response("No address of this server.", 404, &problems::of_no_address(404)),
                "MethodNotAllowed": problems::response("An address of this server, by a method that it does not take.", 405, &problems::of_no_address(405)),
            },
        },
    })
}

fn info() -> Value {
    let foreign: String = FOREIGN.iter().map(|(path, page)| format!("\n- `{}`: {page}", path.replace("{*path}", "…"))).collect();
    json!({
        "title": "daypass", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        "description": format!(
            "The native API: a job's OIDC token in, credentials out. Every refusal is a problem document (RFC 9457) with a stable `code`. \
             Other addresses are 404 (`#/components/responses/NotFound`); another method is 405 with `Allow` (`#/components/responses/MethodNotAllowed`).\n\n\
             Not described here are the addresses of other protocols, whose answers have their own forms:\n{foreign}"
        ),
    })
}

fn security_schemes() -> Value {
    json!({
        "jobToken": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The job's OIDC token as its CI issued it, at most 16 KiB." },
        "possession": {
            "type": "apiKey", "in": "header", "name": "DPoP",
            "description": "A proof by the key that the token's audience names (RFC 9449), made anew for each request: one that was used is refused. Its claims `query_sha256` and `body_sha256` cover the query and the body, which a policy may require. Without a proof a bound token is refused; for any other token it says nothing.",
        },
        "hookSignature": {
            "type": "apiKey", "in": "header", "name": "X-Hub-Signature-256",
            "description": "`sha256=` and the HMAC-SHA-256 of the body in hexadecimal: GitHub, Forgejo, Gitea; Bitbucket sends it as `X-Hub-Signature`.",
        },
        "hookToken": { "type": "apiKey", "in": "header", "name": "X-Gitlab-Token", "description": "The hook's secret itself: GitLab." },
    })
}

fn headers() -> Value {
    let text = |description: &str, schema: Value| json!({ "description": description, "required": true, "schema": schema });
    json!({
        "NoStore": text("No cache may keep the answer.", json!({ "type": "string", "const": "no-store" })),
        "NoSniff": text("Clients may not guess another type.", json!({ "type": "string", "const": "nosniff" })),
        "Bearer": text("RFC 6750.", json!({ "type": "string", "const": "Bearer" })),
        "Allow": text("The methods that the address takes.", json!({ "type": "string" })),
        "Accept": text("What the body may be.", json!({ "type": "string", "const": "application/json" })),
        "RetryAfter": text("Seconds.", json!({ "type": "integer", "const": RETRY_AFTER_SECONDS })),
    })
}

impl Operation {
    /// The path as OpenAPI writes it: a name that may have several segments is one parameter.
    pub(super) fn openapi_path(&self) -> String {
        self.path.replace("{*", "{")
    }

    fn described(&self) -> Value {
        let mut responses = Map::new();
        let (status, answer) = (self.answer)();
        responses.insert(status.to_string(), answer);
        let mut statuses: Vec<u16> = self.reasons().map(|reason| reason.status()).collect();
        statuses.sort_unstable();
        statuses.dedup();
        for status in statuses {
            let reasons: Vec<_> = self.reasons().filter(|reason| reason.status() == status).collect();
            responses.insert(status.to_string(), problems::response(problems::words(status), status, &reasons));
        }
        let mut described = json!({
            "operationId": self.id, "summary": self.summary, "description": self.description,
            "parameters": (self.parameters)(), "security": (self.security)(), "responses": responses,
        });
        if let Some(body) = self.body {
            described["requestBody"] = body();
        }
        described
    }
}
