//! Refusals: which reason each operation may answer with, so that a new one cannot be forgotten.

use crate::http::problem::is_for_now;
use crate::words::Reason;
use serde_json::{Map, Value, json};

/// The operations, for the table of their reasons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OperationKind {
    Exchange,
    Secret,
    Whoami,
    Replay,
    Audit,
    Rewrite,
    SecretStatus,
    Deny,
    Hook,
    /// Needs no token, decides nothing, and refuses nothing.
    Nothing,
}

/// The operations that answer with this reason. Other protocols answer in their own forms.
pub(super) const fn operations_of(reason: Reason) -> &'static [OperationKind] {
    use OperationKind::{Audit, Deny, Exchange, Hook, Replay, Rewrite, Secret, SecretStatus, Whoami};
    match reason {
        Reason::TokenMissing
        | Reason::TokenMalformed
        | Reason::TokenTypeRefused
        | Reason::AlgorithmRefused
        | Reason::UnknownIssuer
        | Reason::AudienceMismatch
        | Reason::UnknownKey
        | Reason::SignatureInvalid
        | Reason::ProofMissing
        | Reason::ProofInvalid
        | Reason::TokenExpired
        | Reason::TokenNotYetValid
        | Reason::TokenTooOld
        | Reason::ClaimRefused
        | Reason::IssuerUnavailable => &[Exchange, Secret, Whoami, Replay, Audit, Rewrite, SecretStatus, Deny],
        Reason::ProofRequired
        | Reason::Replayed
        | Reason::RateLimited
        | Reason::NoMatchingPolicy
        | Reason::Denied
        | Reason::ClaimUnreadable
        | Reason::PolicyAmbiguous
        | Reason::PolicyChanged
        | Reason::PolicyUnavailable => &[Exchange, Secret, Replay, Audit, Rewrite, SecretStatus, Deny],
        Reason::TagRefused
        | Reason::SessionNameRefused
        | Reason::SessionPolicyRefused
        | Reason::AwsDenied
        | Reason::AwsUnavailable
        | Reason::ProviderDenied
        | Reason::ProviderUnavailable => &[Exchange],
        Reason::SecretMissing => &[Exchange, Secret],
        Reason::SecretUnreadable => &[Exchange, Secret, Rewrite],
        Reason::CommitRefused => &[Exchange, Secret],
        Reason::BadRequest => &[Exchange, Secret, Whoami, Replay, Audit, Rewrite, SecretStatus, Deny, Hook],
        Reason::MediaTypeRefused => &[Exchange, Replay, Rewrite, Deny],
        Reason::TooLarge => &[Exchange, Replay, Rewrite, Deny, Hook],
        Reason::Overloaded => &[Exchange, Secret, Replay, Audit, Rewrite, SecretStatus, Deny, Hook],
        Reason::HookRefused => &[Hook],
        Reason::AuditUnavailable | Reason::Internal => {
            &[Exchange, Secret, Whoami, Replay, Audit, Rewrite, SecretStatus, Deny, Hook]
        }
        // Of no route, or only of routes that are not described here.
        Reason::NotFound
        | Reason::MethodNotAllowed
        | Reason::SessionRefused
        | Reason::SessionPolicyDenied
        | Reason::CredentialUnknown => &[],
    }
}

/// The reasons of a request that reaches no operation.
pub(super) fn of_no_address(status: u16) -> Vec<Reason> {
    Reason::ALL.iter().copied().filter(|reason| reason.status() == status).collect()
}

/// What a status means to the caller.
pub(super) const fn words(status: u16) -> &'static str {
    match status {
        400 => "The request is malformed.",
        401 => "The token is not acceptable.",
        403 => "Nothing grants this.",
        413 => "The request is larger than the limit.",
        415 => "The body's type is not JSON.",
        429 => "This identity was answered too often.",
        502 => "It is granted, but cannot be obtained.",
        503 => "Try again in a moment.",
        _ => "Something failed inside of daypass.",
    }
}

/// A problem document with one of these reasons.
pub(super) fn response(description: &str, status: u16, reasons: &[Reason]) -> Value {
    let mut headers = Map::new();
    let mut add = |name: &str, component: &str| {
        headers.insert(name.to_owned(), json!({ "$ref": format!("#/components/headers/{component}") }))
    };
    add("Cache-Control", "NoStore");
    match status {
        401 => _ = add("WWW-Authenticate", "Bearer"),
        405 => _ = add("Allow", "Allow"),
        415 => _ = add("Accept", "Accept"),
        status if is_for_now(status) => _ = add("Retry-After", "RetryAfter"),
        _ => {}
    }
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code()).collect();
    json!({
        "description": description, "headers": headers,
        "content": { "application/problem+json": { "schema": {
            "$ref": "#/components/schemas/Problem", "properties": { "status": { "const": status }, "code": { "enum": codes } },
        } } },
    })
}

/// The document itself, with every code that any API of the server may answer with.
pub(super) fn schema() -> Value {
    let codes: Vec<Value> = Reason::ALL.iter().map(|reason| one(*reason)).collect();
    let statuses: std::collections::BTreeSet<u16> = Reason::ALL.iter().map(|reason| reason.status()).collect();
    json!({
        "type": "object", "description": "A refusal (RFC 9457).",
        "required": ["type", "title", "status", "code", "decision_id", "detail", "hint"],
        "properties": {
            "type": { "type": "string", "format": "uri", "description": "One URI for each code." },
            "title": { "type": "string", "description": "What happened, in one sentence." },
            "status": { "type": "integer", "enum": statuses },
            "code": { "type": "string", "description": "A stable word.", "oneOf": codes },
            "decision_id": { "$ref": "#/components/schemas/DecisionId" },
            "detail": { "type": "string", "description": "What happened here; safe in a public job log." },
            "hint": { "type": "string", "description": "What to do next; safe in a public job log." },
            "provider": { "type": "string", "description": "The provider that refused, such as `github`; only with `provider_denied` and `provider_unavailable`." },
        },
    })
}

fn one(reason: Reason) -> Value {
    json!({ "const": reason.code(), "title": reason.title(), "description": format!("{}. {}", reason.status(), reason.hint()) })
}
