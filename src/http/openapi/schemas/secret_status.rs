//! How the encrypted files of a source stand.

use super::decided;
use crate::app::FILES_MAX;
use crate::http::secret_status::FILE_CHARACTERS_MAX;
use crate::kind::{nullable, object, reference};
use serde_json::{Value, json};

pub(in crate::http::openapi) fn parameters() -> Value {
    let file = json!({ "type": "string", "minLength": 1, "maxLength": FILE_CHARACTERS_MAX, "pattern": "^[^\\u0000]*$" });
    json!([
        { "name": "below", "in": "query", "schema": file, "example": "secrets/shop", "description": "Those below this folder of the repository, or the one of this name." },
        { "name": "after", "in": "query", "schema": file, "example": "secrets/shop/a.yaml", "description": "Those behind this one: the `next_after` of the page before." },
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
            "granted_and_not_there": { "type": "array", "items": empty, "description": "Grants of documents of which there is none." },
            "next_after": { "type": ["string", "null"], "description": "The `after` of the next page, where there is one." },
        }),
    );
    decided(&["secret_status"], json!({ "secret_status": status }))
}

pub(super) fn file() -> Value {
    let maybe_list =
        |description: &str| json!({ "type": ["array", "null"], "items": { "type": "string" }, "description": description });
    object(
        &["file", "commit", "recipients", "not_in_force", "granted_by"],
        json!({
            "file": { "type": "string", "description": "Its path in the source's repository." },
            "commit": nullable(&reference("Commit")),
            "recipients": maybe_list("To whom a SOPS file is encrypted by age; null of an age file, which does not name them."),
            "not_in_force": { "type": ["string", "null"], "description": "Why the newest form of it is not in force." },
            "granted_by": maybe_list("The grants that reach a document, as file and line; null of a transit key."),
        }),
    )
}
