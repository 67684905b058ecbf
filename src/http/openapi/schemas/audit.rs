//! Parameters and answer of `GET /v1/audit`.

use super::decided;
use crate::exchange::{RECORDS_MAX, SEQ_MAX};
use crate::http::audit::REPOSITORY_CHARACTERS_MAX;
use crate::kind::{object, reference};
use crate::store::RECORD_KINDS;
use crate::words::Reason;
use serde_json::{Value, json};

/// An id, or at least its last eight digits.
const DECISION: &str = "^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-)?[0-9a-f]{8,12}$";

pub(in crate::http::openapi) fn parameters() -> Value {
    let codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    let query = |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "query", "schema": schema, "description": description });
    let seq = |least: i64| json!({ "type": "integer", "minimum": least, "maximum": SEQ_MAX });
    json!([
        query("kind", json!({ "type": "string", "enum": RECORD_KINDS }), "Of this kind, such as `refused`."),
        query("code", json!({ "type": "string", "enum": codes }), "Refused or failed with this code."),
        query("policy", reference("PolicyName"), "By this policy, or for it."),
        query(
            "repository",
            json!({ "type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$", "maxLength": REPOSITORY_CHARACTERS_MAX }),
            "Of jobs of this repository: a name, or `name@id`, of which the id decides."
        ),
        query("issuer", reference("IssuerName"), "Of tokens of this issuer."),
        query("decision", json!({ "type": "string", "pattern": DECISION }), "Of this decision: its id, or the end of it."),
        query(
            "since",
            json!({ "type": "string", "pattern": "^[1-9][0-9]{0,2}d$" }),
            "No older than this. Hours, minutes and seconds are taken too, such as `36h`."
        ),
        query("before", seq(1), "Before this `seq`: the last answer's `next_before`."),
        query("after", seq(0), "After this `seq`."),
        query(
            "limit",
            json!({ "type": "integer", "minimum": 1, "maximum": RECORDS_MAX, "default": RECORDS_MAX }),
            "At most this many records."
        ),
    ])
}

pub(super) fn answer() -> Value {
    let records = json!({ "type": "array", "maxItems": RECORDS_MAX, "items": reference("AuditRecord") });
    let next = json!({ "type": ["integer", "null"], "description": "The `before` of the next page; null where there is none." });
    decided(
        &["audit"],
        json!({ "audit": object(&["records", "next_before"], json!({ "records": records, "next_before": next })) }),
    )
}

pub(super) fn record() -> Value {
    object(
        &["seq", "at", "kind", "decision_id", "body"],
        json!({
            "seq": { "type": "integer", "minimum": 1, "description": "Its place in the log." },
            "at": reference("Moment"),
            "kind": { "type": "string" },
            "decision_id": { "type": ["string", "null"] },
            "body": { "type": "object", "additionalProperties": true, "description": "docs/reference/audit-records.md. It holds no token, no secret and no credential." },
        }),
    )
}
