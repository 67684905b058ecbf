//! Bodies and answers of the uses of daypass itself.

use super::{SINCE, decided};
use crate::exchange::REWRITTEN_MAX;
use crate::kind::{closed, nullable, object, reference};
use crate::policy::CREDENTIALS_MAX;
use serde_json::{Value, json};

pub(super) fn replay_request() -> Value {
    let mut schema = closed(
        &["files"],
        json!({
            "since": { "type": "string", "pattern": SINCE, "default": "30d", "description": "How far back. Hours, minutes and seconds are taken too, such as `36h`." },
            "files": {
                "type": "object", "additionalProperties": { "type": "string", "pattern": "^[^\\u0000]*$" }, "propertyNames": { "pattern": "^[^\\u0000]*$" },
                "description": "Every file of the candidate that decides, by its path. A file that is left out counts as deleted.",
            },
            "secrets": { "type": ["array", "null"], "items": reference("SecretPath"), "description": "The names of its secrets. If they are left out or null, every secret is taken to exist." },
        }),
    );
    schema["examples"] = json!([{ "since": "30d", "files": { "policies/shop/deploy.yaml": "issuer: github\n" }, "secrets": ["shop/production/db.yaml"] }]);
    schema
}

pub(super) fn replay_answer() -> Value {
    decided(&["replay"], json!({ "replay": reference("Findings") }))
}

pub(super) fn dry_run_answer() -> Value {
    let credentials = json!({ "type": "array", "minItems": 1, "maxItems": CREDENTIALS_MAX, "items": { "type": "string" }, "description": "What would be released, in the order of the request." });
    decided(&["dry_run"], json!({ "dry_run": object(&["credentials"], json!({ "credentials": credentials })) }))
}

pub(super) fn findings() -> Value {
    let count = json!({ "type": "integer", "minimum": 0 });
    object(
        &["revision", "decisions", "denied", "claims_pruned", "unreadable", "cut_off_at", "grants", "uses_more", "faults"],
        json!({
            "revision": nullable(&reference("Commit")),
            "decisions": count, "denied": count, "claims_pruned": count, "unreadable": count, "cut_off_at": nullable(&reference("Moment")),
            "grants": { "type": "array", "items": reference("Lost") }, "uses_more": count, "faults": { "type": "array", "items": reference("Fault") },
            "faults_left_out": object(&["faults", "files"], json!({ "faults": count, "files": count })),
        }),
    )
}

pub(super) fn lost() -> Value {
    let text = json!({ "type": "string" });
    let maybe = json!({ "type": ["string", "null"] });
    let line = object(&["at", "says", "saw"], json!({ "at": text, "says": text, "saw": maybe }));
    let near_miss =
        object(&["policy", "lines"], json!({ "policy": reference("PolicyName"), "lines": { "type": "array", "items": line } }));
    object(
        &["policy", "credential", "times", "last_at", "last_repository", "last_run", "denied_already", "because", "near_miss"],
        json!({
            "policy": reference("PolicyName"), "credential": text, "times": { "type": "integer", "minimum": 1 }, "last_at": reference("Moment"),
            "last_repository": maybe, "last_run": maybe, "denied_already": { "type": "boolean" }, "because": text, "near_miss": nullable(&near_miss),
        }),
    )
}

pub(super) fn fault() -> Value {
    let text = json!({ "type": "string" });
    let place = json!({ "type": "integer", "minimum": 0 });
    object(
        &["severity", "code", "file", "line", "column", "message", "help"],
        json!({
            "severity": { "type": "string", "enum": ["warning", "error"] }, "code": text, "file": text, "line": place, "column": place,
            "message": text, "help": { "type": ["string", "null"] }, "example": { "type": "object", "additionalProperties": true },
        }),
    )
}

pub(super) fn rewrite_request() -> Value {
    let name = json!({ "type": "string", "pattern": "^[^\\u0000]*$", "description": "By its path in the source's repository, below secrets/ or transit/." });
    let digest = json!({ "type": "string", "pattern": "^[^\\u0000]*$", "description": "The SHA-256 of the client's form of the file, in hexadecimal. The server does not rewrite another form." });
    let file = closed(&["file", "sha256"], json!({ "file": name, "sha256": digest }));
    let mut schema = closed(
        &["change", "files"],
        json!({
            "change": { "type": "string", "enum": ["update-keys", "rotate"], "description": "Today's recipients alone, or a new data key too." },
            "files": { "type": "array", "minItems": 1, "maxItems": REWRITTEN_MAX, "items": file },
        }),
    );
    schema["examples"] =
        json!([{ "change": "rotate", "files": [{ "file": "secrets/shop/production/db.yaml", "sha256": "0".repeat(64) }] }]);
    schema
}

pub(super) fn rewrite_answer() -> Value {
    let text = json!({ "type": "string" });
    let file = object(
        &["file"],
        json!({
            "file": text,
            "content": { "type": "string", "description": "Its new form, in base64. With neither this nor a fault, the file needs no change." },
            "fault": { "type": "string", "description": "Why it has no new form, for the operator." },
        }),
    );
    let files = json!({ "type": "array", "items": file, "description": "As many of the named files as one answer holds: ask again for the others." });
    let commit = json!({ "type": ["string", "null"], "description": "The commit whose files they are." });
    decided(&["rewrite"], json!({ "rewrite": object(&["commit", "files"], json!({ "commit": commit, "files": files })) }))
}

pub(super) fn deny_request() -> Value {
    let text = |description: &str| json!({ "type": "string", "pattern": "^[^\\u0000]*$", "description": description });
    let named = |name: &str, description: &str| {
        let mut schema = reference(name);
        schema["description"] = description.into();
        schema
    };
    let mut stop = closed(
        &["reason"],
        json!({
            "policy": named("PolicyName", "Grants of this policy."),
            "repository": text("Jobs of this repository: name@id, where the id decides, or a name."),
            "issuer": named("IssuerName", "Tokens of this issuer."),
            "run": text("One run, by the id that the CI gives it."),
            "reason": text("Why, for the audit log and for whoever asks."),
        }),
    );
    stop["description"] = "Every line that is given has to match. At least one is required beside the reason.".into();
    let mut schema = closed(
        &["stop"],
        json!({
            "stop": stop,
            "lasting": { "type": ["string", "null"], "pattern": "^[^\\u0000]*$", "description": "Such as `4h`; left out: until it is lifted." },
            "unknown_too": { "type": "boolean", "default": false, "description": "Also accepts a policy or an issuer that does not exist." },
        }),
    );
    schema["examples"] = json!([{ "stop": { "repository": "acme/shop@456789", "reason": "INC-42" }, "lasting": "4h" }]);
    schema
}

pub(super) fn deny_answer() -> Value {
    let (text, count) = (json!({ "type": "string" }), json!({ "type": "integer", "minimum": 0 }));
    let covers = object(&["grants", "of", "since"], json!({ "grants": count, "of": count, "since": reference("Moment") }));
    let mut covers = nullable(&covers);
    covers["description"] = "How many of the last day's grants it would have denied; null where that was not counted.".into();
    let denied = object(
        &["id", "denies", "until", "covers", "uncounted"],
        json!({
            "id": { "type": "string", "description": "The id by which an operator lifts it." }, "denies": text,
            "until": nullable(&reference("Moment")), "covers": covers, "uncounted": { "type": ["string", "null"] },
        }),
    );
    decided(&["deny"], json!({ "deny": denied }))
}
