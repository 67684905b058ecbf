//! `application/x-www-form-urlencoded` (URL Standard, section 5.1), read more strictly than the standard does: UTF-8, whole
//! escapes, each name once.

use crate::words::yaml::nearest;
use crate::words::{Denial, Reason};
use axum::http::Uri;
use std::collections::BTreeMap;

/// The most names of one form: no API here has as many.
const NAMES_MAX: usize = 64;

/// Values by their names.
pub(super) type Values = BTreeMap<String, String>;

/// What is wrong with a form; it holds no value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum FormError {
    /// A name is not encoded well.
    #[error(transparent)]
    Name(#[from] EscapeError),
    /// A value is not encoded well.
    #[error("{}: {fault}", quoted(.name))]
    Value {
        /// Its name.
        name: String,
        /// Why not.
        #[source]
        fault: EscapeError,
    },
    /// It has too many names.
    #[error("more than {NAMES_MAX} parameters")]
    TooMany,
    /// A name is there twice, and readers would differ on which one counts.
    #[error("{} stands twice", quoted(.name))]
    Twice {
        /// Which name.
        name: String,
    },
}

/// Why a text is not encoded well.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum EscapeError {
    /// A `%` that is no escape.
    #[error("a `%` without two hexadecimal digits")]
    Digits,
    /// Bytes that are no UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A NUL: for some readers a text ends there.
    #[error("a NUL")]
    Nul,
}

/// Reads the values by their names. A caller may see the error: it holds no value.
pub(super) fn parse(bytes: &[u8]) -> Result<Values, FormError> {
    let mut values = BTreeMap::new();
    for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(place) => (&pair[..place], &pair[place + 1..]),
            None => (pair, &[][..]),
        };
        let name = decode(name)?;
        let value = decode(value).map_err(|fault| FormError::Value { name: name.clone(), fault })?;
        if values.len() == NAMES_MAX {
            return Err(FormError::TooMany);
        }
        if values.insert(name.clone(), value).is_some() {
            return Err(FormError::Twice { name });
        }
    }
    Ok(values)
}

/// Refuses a query at a route that reads none: a parameter such as `dry_run` would be ignored there.
pub(super) fn no_query(uri: &Uri) -> Result<(), Denial> {
    let refused = |detail: String| Reason::BadRequest.with_cause(&detail).with_detail(detail);
    let query = parse(uri.query().unwrap_or_default().as_bytes()).map_err(|fault| refused(format!("The query: {fault}.")))?;
    match query.keys().next() {
        None => Ok(()),
        Some(name) => Err(refused(format!("The query: {} is no parameter here, and there is none.", quoted(name)))),
    }
}

/// The parameters of all APIs here that take a form, a query or members of a body.
const KNOWN: [&str; 37] = [
    "actor_token",
    "actor_token_type",
    "after",
    "associated_data",
    "audience",
    "before",
    "below",
    "ciphertext",
    "client_id",
    "code",
    "commit",
    "context",
    "decision",
    "dry_run",
    "grant_type",
    "identity",
    "issuer",
    "jwt",
    "key",
    "key_version",
    "kind",
    "limit",
    "list",
    "plaintext",
    "policy",
    "repository",
    "requested_token_type",
    "resource",
    "role",
    "role_arn",
    "scope",
    "scopes",
    "since",
    "subject_token",
    "subject_token_type",
    "ttl",
    "version",
];

/// A parameter's name for an error's text, which the audit log keeps: one of our own. A caller may have sent a token or a key where a
/// name belongs, so no other text of theirs is shown.
pub(super) fn quoted(name: &str) -> String {
    quoted_among(name, &KNOWN)
}

/// The same for an API with names of its own.
pub(super) fn quoted_among(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(known) if known == name => format!("`{known}`"),
        Some(near) => format!("a name near `{near}`"),
        None => "a name that is not known".to_owned(),
    }
}

/// The same where a sentence begins.
pub(super) fn opening(name: &str) -> String {
    opened(quoted(name))
}

/// Such a text where a sentence begins.
pub(super) fn opened(quoted: String) -> String {
    quoted.strip_prefix("a ").map(|rest| format!("A {rest}")).unwrap_or(quoted)
}

/// Text with its escapes undone; `+` is a space.
pub(super) fn decode(text: &[u8]) -> Result<String, EscapeError> {
    let text = String::from_utf8(unescaped(text)?).map_err(|_| EscapeError::NotUtf8)?;
    if text.contains('\0') { Err(EscapeError::Nul) } else { Ok(text) }
}

/// Bytes with their escapes undone.
pub(super) fn unescaped(text: &[u8]) -> Result<Vec<u8>, EscapeError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(rest.next())? * 16 + digit(rest.next())?,
            plain => plain,
        });
    }
    Ok(bytes)
}

fn digit(byte: Option<u8>) -> Result<u8, EscapeError> {
    let value = byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
    value.ok_or(EscapeError::Digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_of_clients_are_read() {
        let values = parse(b"a=1+2&b=%2F%e2%82%ac&c&d=x=y&").unwrap();
        let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(values, [("a", "1 2"), ("b", "/€"), ("c", ""), ("d", "x=y")]);
    }

    #[test]
    fn forms_that_two_readers_could_read_differently_are_refused() {
        let many = (0..65).map(|n| format!("n{n}=1")).collect::<Vec<_>>().join("&");
        let bad = ["a=1&a=1", "a=1&%61=2", "a=%", "a=%4", "a=%zz", "a=%ff", "a=%00", many.as_str()];
        for body in bad {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(parse(b"a=secret%zz").is_err_and(|fault| !fault.to_string().contains("secret")));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(values) = parse(&bytes) {
                prop_assert!(values.values().all(|value| value.len() <= bytes.len()));
            }
        }
    }
}
