//! What `vault read -format=json` prints, strictly: of a member that is not known nobody can tell what it takes away.

use super::error::VaultError;
use crate::token::parse_document;
use serde_json::{Map, Value};

/// What stands around an answer's `data`.
const AROUND: [&str; 9] =
    ["request_id", "lease_id", "lease_duration", "renewable", "data", "wrap_info", "warnings", "auth", "mount_type"];

/// The `data` of an answer, whose members are all known.
pub(super) struct Data {
    file: String,
    members: Map<String, Value>,
}

impl Data {
    /// Reads a file; `known` are the members that may be there.
    pub(super) fn read(file: &str, bytes: &[u8], known: &[&[&str]]) -> Result<Self, VaultError> {
        let file = file.to_owned();
        let document = parse_document(bytes).map_err(|fault| VaultError::Json { file: file.clone(), fault })?;
        let Value::Object(mut around) = document else { return Err(VaultError::NoAnswer { file }) };
        let is_around = around.keys().all(|member| AROUND.contains(&member.as_str()));
        let data = around.remove("data").filter(|_| is_around);
        let Some(Value::Object(members)) = data else { return Err(VaultError::NoAnswer { file }) };
        match members.keys().find(|member| !known.iter().any(|known| known.contains(&member.as_str()))) {
            Some(member) => Err(VaultError::Unknown { member: member.clone(), file }),
            None => Ok(Self { file, members }),
        }
    }

    fn refuse(&self, member: &str, expected: &'static str) -> VaultError {
        VaultError::Type { file: self.file.clone(), member: member.to_owned(), expected }
    }

    /// A value that is not null.
    fn value(&self, member: &str) -> Option<&Value> {
        self.members.get(member).filter(|value| !value.is_null())
    }

    pub(super) fn value_is_there(&self, member: &str) -> bool {
        self.value(member).is_some()
    }

    /// A text; none where it is empty.
    pub(super) fn text(&self, member: &str) -> Result<Option<&str>, VaultError> {
        let Some(value) = self.value(member) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.refuse(member, "a text"))?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// A list of texts; empty where there is none.
    pub(super) fn texts(&self, member: &str) -> Result<Vec<&str>, VaultError> {
        let Some(value) = self.value(member) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        texts.ok_or_else(|| self.refuse(member, "a list of texts"))
    }

    pub(super) fn flag(&self, member: &str) -> Result<bool, VaultError> {
        let Some(value) = self.value(member) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.refuse(member, "true or false"))
    }

    /// A number; zero where there is none.
    pub(super) fn number(&self, member: &str) -> Result<i64, VaultError> {
        let Some(value) = self.value(member) else { return Ok(0) };
        value.as_i64().ok_or_else(|| self.refuse(member, "a whole number"))
    }

    /// An object's members.
    pub(super) fn members(&self, member: &str) -> Result<Vec<(&String, &Value)>, VaultError> {
        let Some(value) = self.value(member) else { return Ok(Vec::new()) };
        let members = value.as_object().ok_or_else(|| self.refuse(member, "an object"))?;
        Ok(members.iter().collect())
    }
}
