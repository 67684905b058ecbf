//! The JSON of an answer, read as strictly as a token's. Two readers may take different values of a member that stands twice, so such
//! an answer is refused. So is one with an array in place of an object, whose elements serde would take for the members in their order.

use crate::token::{FormError, JsonError, from_json, parse_document};
use crate::words::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a body is not an answer. It may quote the body, so callers drop it.
#[derive(Debug, thiserror::Error)]
pub(in crate::issue) enum AnswerError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Form(#[from] FormError),
}

/// Parses the whole body.
pub(in crate::issue) fn json(body: &Secret) -> Result<Value, JsonError> {
    parse_document(body.expose())
}

/// Parses the whole body as a provider's type.
pub(in crate::issue) fn answer<T: DeserializeOwned>(body: &Secret) -> Result<T, AnswerError> {
    Ok(from_json(json(body)?)?)
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

    #[test]
    fn an_array_is_no_object_at_any_depth_and_a_lifetime_is_written_in_digits() {
        #[derive(serde::Deserialize, Debug)]
        struct Outer {
            lives: u64,
            inner: Option<Vec<Inner>>,
        }
        #[derive(serde::Deserialize, Debug)]
        struct Inner {
            id: u64,
        }
        let read = |text: &str| answer::<Outer>(&Secret::from(text.to_owned()));
        let good = read(r#"{ "lives": 60, "inner": [{ "id": 1 }], "more": {} }"#).unwrap();
        assert_eq!((good.lives, good.inner.unwrap()[0].id), (60, 1));
        for bad in [
            "[60]",
            "[60, null]",
            r#"{"lives":60,"inner":[[1]]}"#,
            r#"{"lives":60,"inner":{"id":1}}"#,
            r#"{"lives":1e9}"#,
            r#"{"lives":60.0}"#,
            r#"{"lives":-1}"#,
            r#"{"lives":"60"}"#,
            r#"{"lives":null}"#,
            r#"{"lives":18446744073709551616}"#,
            "{}",
            "60",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
