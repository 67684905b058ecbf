//! Reads what `vault read -format=json` prints, strictly: an unknown member is refused, because it may restrict something.

use crate::policy::import::members::{MemberError, Members};
use crate::token::parse_document;
use serde_json::Value;

/// The members of an answer.
const AROUND: [&str; 9] =
    ["request_id", "lease_id", "lease_duration", "renewable", "data", "wrap_info", "warnings", "auth", "mount_type"];

/// Reads the `data` of an answer; `known` lists the members that may be there.
pub(super) fn read(file: &str, bytes: &[u8], known: &[&[&str]]) -> Result<Members, MemberError> {
    let document = parse_document(bytes).map_err(|fault| MemberError::Json { file: file.to_owned(), fault })?;
    let other =
        || MemberError::Form { file: file.to_owned(), command: "vault read -format=json", expected: "an object with `data`" };
    let Value::Object(mut around) = document else { return Err(other()) };
    let is_around = around.keys().all(|member| AROUND.contains(&member.as_str()));
    match around.remove("data").filter(|_| is_around) {
        Some(Value::Object(members)) => Members::of(file, members, known),
        _ => Err(other()),
    }
}
