//! Parameters and answer of `GET /v1/secret-status`.

use super::decided;
use crate::app::{FILES_MAX, GRANTS_LISTED_MAX};
use crate::http::secret_status::FILE_CHARACTERS_MAX;
use crate::kind::{nullable, object, reference};
use serde_json::{Value, json};

pub(in crate::http::openapi) fn parameters() -> Value {
    let file = json!({ "type": "string", "minLength": 1, "maxLength": FILE_CHARACTERS_MAX, "pattern": "^[^\\u0000]*$" });
    json!([
        { "name": "below", "in": "query", "schema": file, "example": "secrets/shop", "description": "Only files below this folder of the repository, or the file of this name." },
        { "name": "after", "in": "query", "schema": file, "example": "secrets/shop/a.yaml", "description": "Only files after this one: the `next_after` of the page before." },
    ])
}

pub(super) fn answer() -> Value {
    let (text, files) =
        (json!({ "type": "string" }), json!({ "type": "array", "maxItems": FILES_MAX, "items": reference("FileStatus") }));
    let empty = object(&["at", "documents"], json!({ "at": text, "documents": text }));
    let status = object(
        &["source", "commit", "files", "granted_and_not_there", "next_after"],
        json!({
            "source": { "type": "string", "description": "The source of the policy that grants it." },
            "commit": nullable(&reference("Commit")), "files": files,
            "granted_and_not_there": { "type": "array", "items": empty, "maxItems": GRANTS_LISTED_MAX, "description": "The first grants that reach no document." },
            "next_after": { "type": ["string", "null"], "description": "The `after` of the next page, where there is one." },
        }),
    );
    decided(&["secret_status"], json!({ "secret_status": status }))
}

pub(super) fn file() -> Value {
    let maybe_list =
        |description: &str| json!({ "type": ["array", "null"], "items": { "type": "string" }, "description": description });
    object(
        &["file", "commit", "recipients", "other_keys", "not_in_force", "grants", "granted_by"],
        json!({
            "file": { "type": "string", "description": "Its path in the source's repository." },
            "commit": nullable(&reference("Commit")),
            "recipients": maybe_list("The age recipients of a SOPS file; null for an age file, which does not name them."),
            "other_keys": { "type": "array", "items": { "type": "string" }, "description": "The kinds of its other keys, such as `kms`." },
            "not_in_force": { "type": ["string", "null"], "description": "Why the newest form of it is not in force." },
            "grants": { "type": ["integer", "null"], "minimum": 0, "description": "How many grants reach the document; null for a transit key." },
            "granted_by": maybe_list(&format!("The first {GRANTS_LISTED_MAX} of these, as file and line.")),
        }),
    )
}
