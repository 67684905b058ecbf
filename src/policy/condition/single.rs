//! One value of a line, with which an attribute or a claim is compared.

use crate::identity::Value;
use crate::policy::pattern::Pattern;
use serde_json::Value as Json;

/// The words of `event`.
pub(in crate::policy) const EVENTS: [&str; 11] = [
    "push",
    "tag",
    "pull-request",
    "merge-queue",
    "schedule",
    "manual",
    "api",
    "deployment",
    "upstream",
    "privileged-pull-request",
    "webhook",
];

/// Events that may run a stranger's code with the repository's rights, or that cannot be distinguished from such events. A `not` never
/// includes them: a policy has to name them.
pub(in crate::policy) const UNNAMED_EVENTS: [&str; 2] = ["privileged-pull-request", "webhook"];

/// The test of a line: the value fits one of these, or it fits none of these.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::policy) enum Test {
    Any(Vec<Single>),
    Not(Vec<Single>),
}

#[derive(Clone, PartialEq, Debug)]
pub(in crate::policy) enum Single {
    Text(Pattern),
    /// The id decides; the name before it is for people.
    Id {
        name: String,
        id: String,
    },
    Json(Json),
}

/// One value that a condition pins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(in crate::policy) enum Pin<'a> {
    Id(&'a str),
    Name(&'a str),
}

impl Single {
    pub(super) fn fits_value(&self, value: &Value, ignore_case: bool) -> bool {
        match (self, value) {
            (Self::Text(pattern), Value::Text(text) | Value::Named { name: text, .. }) if ignore_case => {
                pattern.matches_folded(text)
            }
            (Self::Text(pattern), Value::Text(text) | Value::Named { name: text, .. }) => pattern.matches(text),
            (Self::Id { id, .. }, Value::Named { id: Some(claimed), .. }) => id == claimed,
            (Self::Json(Json::Bool(expected)), Value::Flag(flag)) => expected == flag,
            _ => false,
        }
    }

    /// Whether it is a `name@id` with the name of this value, and the token has no id: a denial by id then counts by name.
    pub(super) fn is_called(&self, value: &Value) -> bool {
        matches!((self, value), (Self::Id { name, .. }, Value::Named { name: claimed, id: None }) if name.eq_ignore_ascii_case(claimed))
    }

    pub(super) fn fits_claim(&self, claim: &Json) -> bool {
        match (self, claim) {
            (Self::Text(pattern), Json::String(text)) => pattern.matches(text),
            (Self::Json(expected), claim) => expected == claim,
            _ => false,
        }
    }

    /// Whether a claim of this type can be compared with it. What cannot be compared does not fit, and nobody can say that it differs.
    /// Of numbers, whole ones within 64 bits can: others are rounded when they are read.
    pub(in crate::policy) fn is_comparable(&self, claim: &Json) -> bool {
        match (self, claim) {
            (Self::Text(_) | Self::Json(Json::String(_)), Json::String(_)) | (Self::Json(Json::Bool(_)), Json::Bool(_)) => true,
            (Self::Json(Json::Number(_)), Json::Number(claimed)) => claimed.is_i64() || claimed.is_u64(),
            _ => false,
        }
    }

    pub(super) fn pin(&self) -> Option<Pin<'_>> {
        match self {
            Self::Id { id, .. } => Some(Pin::Id(id)),
            Self::Text(pattern) => pattern.literal().map(Pin::Name),
            Self::Json(_) => None,
        }
    }
}
