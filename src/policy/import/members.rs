//! Reads an object of an export strictly: an unknown member is refused, because it may restrict something.

use crate::token::JsonError;
use serde_json::{Map, Value};

/// Why a file is not read as such an object.
#[derive(Debug, thiserror::Error)]
pub(super) enum MemberError {
    /// It is no JSON.
    #[error("{file}: {fault}; was it cut?")]
    Json {
        file: String,
        #[source]
        fault: JsonError,
    },
    /// It is JSON of another form.
    #[error("{file}: expected what `{command}` prints: {expected}")]
    Form { file: String, command: &'static str, expected: &'static str },
    /// A member that is not known.
    #[error("{file}: `{member}` is not known here, and may restrict something: leave it out there, or write the policy by hand")]
    Unknown { file: String, member: String },
    /// A member of another type.
    #[error("{file}: `{member}`: expected {expected}")]
    Type { file: String, member: String, expected: &'static str },
}

/// An object whose members are all known.
pub(super) struct Members {
    file: String,
    members: Map<String, Value>,
}

impl Members {
    /// Takes an object; `known` lists the members that may be there.
    pub(super) fn of(file: &str, members: Map<String, Value>, known: &[&[&str]]) -> Result<Self, MemberError> {
        let file = file.to_owned();
        match members.keys().find(|member| !known.iter().any(|known| known.contains(&member.as_str()))) {
            Some(member) => Err(MemberError::Unknown { member: member.clone(), file }),
            None => Ok(Self { file, members }),
        }
    }

    fn refuse(&self, member: &str, expected: &'static str) -> MemberError {
        MemberError::Type { file: self.file.clone(), member: member.to_owned(), expected }
    }

    /// A value that is not null.
    fn value(&self, member: &str) -> Option<&Value> {
        self.members.get(member).filter(|value| !value.is_null())
    }

    pub(super) fn is_there(&self, member: &str) -> bool {
        self.value(member).is_some()
    }

    /// A text; `None` if it is missing or empty.
    pub(super) fn text(&self, member: &str) -> Result<Option<&str>, MemberError> {
        let Some(value) = self.value(member) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.refuse(member, "a text"))?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// A list of texts; empty if it is missing.
    pub(super) fn texts(&self, member: &str) -> Result<Vec<&str>, MemberError> {
        let Some(value) = self.value(member) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        texts.ok_or_else(|| self.refuse(member, "a list of texts"))
    }

    pub(super) fn flag(&self, member: &str) -> Result<bool, MemberError> {
        let Some(value) = self.value(member) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.refuse(member, "true or false"))
    }

    /// A whole number; zero if it is missing.
    pub(super) fn number(&self, member: &str) -> Result<i64, MemberError> {
        let Some(value) = self.value(member) else { return Ok(0) };
        value.as_i64().ok_or_else(|| self.refuse(member, "a whole number"))
    }

    /// The members of an object; empty if it is missing.
    pub(super) fn members(&self, member: &str) -> Result<Vec<(&String, &Value)>, MemberError> {
        let Some(value) = self.value(member) else { return Ok(Vec::new()) };
        let members = value.as_object().ok_or_else(|| self.refuse(member, "an object"))?;
        Ok(members.iter().collect())
    }
}
