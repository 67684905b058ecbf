//! The JSON of an answer, read as strictly as a token's. Two readers may take different values of a member that stands twice, so such
//! an answer is refused.

use crate::token::{JsonError, parse_document};
use crate::words::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a body is not an answer. It may quote the body, so callers drop it.
#[derive(Debug, thiserror::Error)]
pub(in crate::issue) enum AnswerError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Form(#[from] serde_json::Error),
}

/// Parses the whole body.
pub(in crate::issue) fn json(body: &Secret) -> Result<Value, JsonError> {
    parse_document(body.expose())
}

/// Parses the whole body as a provider's type.
pub(in crate::issue) fn answer<T: DeserializeOwned>(body: &Secret) -> Result<T, AnswerError> {
    Ok(serde_json::from_value(json(body)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_refused_at_any_depth() {
        let read = |text: &str| json(&Secret::from(text.to_owned()));
        assert!(read(r#"{ "a": { "b": 1 }, "b": 1 }"#).is_ok());
        for bad in [r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"b":2}}"#, r#"{"a":1,"\u0061":2}"#, "\u{feff}{}", "{} {}", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
