//! A form as clients send it (`application/x-www-form-urlencoded`, WHATWG URL, section 5.1), read strictly: every parameter once,
//! and nothing repaired. Values are secrets, because one of them is the token.

use crate::http::form::{opened, quoted_among, unescaped};
use crate::words::Secret;
use std::collections::BTreeMap;

/// The parameters that AWS documents for the actions here. A caller may have sent a token where a name belongs, so no other name is
/// shown.
const KNOWN: [&str; 16] = [
    "Action",
    "DurationSeconds",
    "ExternalId",
    "Policy",
    "PolicyArns",
    "PolicyArns.member.1.arn",
    "ProviderId",
    "RoleArn",
    "RoleSessionName",
    "SerialNumber",
    "SourceIdentity",
    "Tags.member.1.Key",
    "Tags.member.1.Value",
    "TokenCode",
    "Version",
    "WebIdentityToken",
];

/// What is wrong with a form; it names the parameter, never its value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ParameterError {
    /// Its name cannot be decoded.
    #[error("A parameter's name is not encoded well.")]
    Name,
    /// Its value cannot be decoded.
    #[error("The value of {} is not encoded well.", quoted_among(.name, &KNOWN))]
    Value {
        /// Its name.
        name: String,
    },
    /// It is there twice, and readers would differ on which one counts.
    #[error("{} is given twice.", opened(quoted_among(.name, &KNOWN)))]
    Twice {
        /// Its name.
        name: String,
    },
    /// It is unknown, and could have been meant to narrow a session.
    #[error("{} is no parameter of this action here.", opened(quoted_among(.name, &KNOWN)))]
    Unknown {
        /// Its name.
        name: String,
    },
}

/// Parameters by name.
#[derive(Debug)]
pub(super) struct Form(BTreeMap<String, Secret>);

impl Form {
    /// Reads a body; the error names the parameter, never its value.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ParameterError> {
        let mut parameters = BTreeMap::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = (&pair[..at], pair.get(at + 1..).unwrap_or_default());
            let name = unescaped(name).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(ParameterError::Name)?;
            let value = unescaped(value).ok().map(Secret::new).filter(|value| value.expose_text().is_some());
            let value = value.ok_or_else(|| ParameterError::Value { name: name.clone() })?;
            if parameters.insert(name.clone(), value).is_some() {
                return Err(ParameterError::Twice { name });
            }
        }
        Ok(Self(parameters))
    }

    /// Takes a parameter out.
    pub(super) fn take(&mut self, name: &str) -> Option<Secret> {
        self.0.remove(name)
    }

    /// Takes out a parameter that is no secret.
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        self.take(name)?.expose_text().map(str::to_owned)
    }

    /// The names that are left.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Refuses parameters that nobody took: an unknown one could have been meant to narrow a session.
    pub(super) fn finish(self) -> Result<(), ParameterError> {
        self.0.into_keys().next().map_or(Ok(()), |name| Err(ParameterError::Unknown { name }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once() {
        let mut form = Form::parse(b"Action=A&Policy=%7b%22a%22%3A+%22%252B%22%7D&&Empty=&Bare&n%C3%A9=%C3%A9").unwrap();
        for (name, value) in [("Action", "A"), ("Policy", "{\"a\": \"%2B\"}"), ("Empty", ""), ("Bare", ""), ("n\u{e9}", "\u{e9}")]
        {
            assert_eq!(form.take_text(name).as_deref(), Some(value), "{name}");
        }
        assert!(form.finish().is_ok());
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_is_read_back(name in "\\PC{1,20}", value in "(?s).{0,50}") {
            let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
            let mut form = Form::parse(format!("{}={}", encode(&name), encode(&value)).as_bytes()).unwrap();
            proptest::prop_assert_eq!(form.take_text(&name), Some(value));
            proptest::prop_assert!(form.finish().is_ok());
        }

        #[test]
        fn any_bytes_are_read_or_refused(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let names = Form::parse(&body).map(|form| form.names().count()).unwrap_or_default();
            proptest::prop_assert!(names <= body.len());
        }
    }

    #[test]
    fn nothing_is_repaired_and_no_value_comes_back() {
        let bad: [&[u8]; 8] = [b"a=%", b"a=%4", b"a=%g0", b"a=%-1", b"a=\xff", b"a=%ff", b"a=canary&a=canary", b"%80=canary"];
        for body in bad {
            let fault = Form::parse(body).unwrap_err().to_string();
            assert!(!fault.contains("canary"), "{fault}");
        }
        let long = "x".repeat(5000);
        let fault = Form::parse(long.as_bytes()).unwrap().finish().unwrap_err().to_string();
        assert!(fault.len() < 200, "{fault}");
    }
}
