//! The names of services, and the fields of their requests. Only a valid field gets into the body of a request.

use super::error::{FIELDS_MAX, FieldError, TokenExchangeError, VALUE_CHARS_MAX};
use crate::words::yaml::{Fields, Node};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::collections::BTreeMap;
use std::fmt;

/// The pattern of a service's name for JSON Schema.
pub(super) const SERVICE: &str = "^[a-z0-9_-]{1,64}$";
/// The pattern of a field's name.
pub(super) const NAME: &str = "^[A-Za-z0-9_.-]{1,64}$";
/// The pattern of a field's value.
pub(super) const VALUE: &str = "^[ -~]{1,512}$";
/// The length of the name of a service or of a field.
const NAME_BYTES_MAX: usize = 64;

/// A service of the configuration.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServiceName(String);

/// Fields by name, each once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ExchangeFields(BTreeMap<String, String>);

impl ServiceName {
    /// The form of a name, as a regular expression.
    pub const FORM: &str = SERVICE;

    /// Parses a service's name.
    pub fn parse(text: &str) -> Result<Self, TokenExchangeError> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        let is_name = (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(good);
        if is_name { Ok(Self(text.to_owned())) } else { Err(TokenExchangeError::Service) }
    }
}

crate::words::holds_text! { ServiceName }

impl ExchangeFields {
    /// The most fields.
    pub const MAX: usize = FIELDS_MAX;
    /// The pattern of a name for JSON Schema.
    pub const NAME: &str = NAME;
    /// The pattern of a value for JSON Schema.
    pub const VALUE: &str = VALUE;
    /// The longest value.
    pub const VALUE_CHARS_MAX: usize = VALUE_CHARS_MAX;

    /// Checks each of these fields.
    pub fn new(fields: impl IntoIterator<Item = (String, String)>) -> Result<Self, FieldError> {
        let mut all = BTreeMap::new();
        for (name, value) in fields {
            Self::check_name(&name)?;
            // A character that does not print could deceive a reviewer, and no service needs one.
            if value.is_empty() || value.len() > VALUE_CHARS_MAX || !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                return Err(FieldError::Value);
            }
            if all.insert(name, value).is_some() {
                return Err(FieldError::Twice);
            }
        }
        if all.len() > FIELDS_MAX { Err(FieldError::TooMany) } else { Ok(Self(all)) }
    }

    /// Reads a mapping. `fill` replaces the placeholders of a value's text.
    pub fn read<'a, E: fmt::Display>(
        fields: &mut Fields<'a, '_>,
        node: &'a Node,
        fill: impl Fn(&str) -> Result<String, E>,
    ) -> Option<Self> {
        let mut inner = fields.below(node);
        let mut all = Vec::new();
        for (name, _, node) in inner.members() {
            all.push(inner.parsed(node, &fill).map(|value| (name.clone(), value)));
        }
        let all: Option<Vec<(String, String)>> = all.into_iter().collect();
        Self::new(all?).map_err(|fault| fields.fault(node.place, fault)).ok()
    }

    /// Checks the name of a field.
    pub fn check_name(name: &str) -> Result<(), FieldError> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let is_name = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(good);
        if is_name { Ok(()) } else { Err(FieldError::Name) }
    }

    /// Reads `NAME=VALUE&…` (WHATWG URL, "application/x-www-form-urlencoded").
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        Self::new(form_urlencoded::parse(text.as_bytes()).into_owned())
    }

    /// The fields in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of one field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Writes what [`ExchangeFields::parse`] reads.
impl fmt::Display for ExchangeFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish())
    }
}

impl Serialize for ExchangeFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ExchangeFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(BTreeMap::<String, String>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
