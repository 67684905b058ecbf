//! Finds the trust policies of roles: in a file of their own, in what `aws iam` prints, and in what `terraform show -json` prints.

mod error;

pub(in crate::policy::import) use error::RoleError;

use super::{Role, read as read_trust_policy};
use crate::policy::import::original::Original;
use crate::policy::import::trust::Trust;
use crate::token::parse_document;
use crate::words::names::RoleArn;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a document holds: a trust for each way in, or the name of a role and why it is not imported.
pub(in crate::policy::import) type Found = Vec<Result<Trust, (String, RoleError)>>;

/// Reads a document, if it has one of these forms. `role` is for a trust policy that does not name its role.
pub(in crate::policy::import) fn read(original: &Original<'_>, role: Option<&RoleArn>) -> Option<Result<Found, RoleError>> {
    if !original.bytes.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    if let Ok(plan) = serde_json::from_slice::<Plan>(original.bytes) {
        return Some(found(plan.roles(), role));
    }
    let document = match parse_document(original.bytes) {
        Ok(Value::Object(document)) => document,
        Ok(_) => return None,
        Err(fault) => return Some(Err(fault.into())),
    };
    let name = original.stem(&[".json"]).to_owned();
    let described = match (document.get("Role"), document.get("Roles"), document.get("Statement")) {
        (Some(one), None, None) => vec![described(one)],
        (None, Some(Value::Array(all)), None) => all.iter().map(described).collect(),
        (None, None, Some(_)) => vec![Described { name, arn: None, document: Some(Value::Object(document)) }],
        _ => return None,
    };
    Some(found(described, role))
}

/// A role as a document describes it.
struct Described {
    name: String,
    arn: Option<String>,
    document: Option<Value>,
}

fn found(roles: Vec<Described>, role: Option<&RoleArn>) -> Result<Found, RoleError> {
    let nameless = roles.iter().filter(|role| role.arn.is_none()).count();
    if role.is_some() && nameless > 1 {
        return Err(RoleError::Nameless);
    }
    let mut found = Found::new();
    for described in &roles {
        match described.trusts(role) {
            Ok(trusts) => found.extend(trusts.into_iter().map(Ok)),
            Err(reason) => found.push(Err((described.name.clone(), reason))),
        }
    }
    if found.is_empty() { Err(RoleError::NoneTrusts) } else { Ok(found) }
}

impl Described {
    fn trusts(&self, role: Option<&RoleArn>) -> Result<Vec<Trust>, RoleError> {
        let arn = match &self.arn {
            Some(arn) => Some(RoleArn::parse(arn).map_err(|fault| RoleError::Arn { arn: arn.clone(), fault })?),
            None => role.cloned(),
        };
        let document = self.document.as_ref().ok_or(RoleError::NotYet)?;
        let document = match document {
            Value::String(text) => parse_document(decoded(text).ok_or(RoleError::Encoding)?.as_bytes())?,
            other => other.clone(),
        };
        Ok(read_trust_policy(&Role { name: &self.name, arn, document: &document })?)
    }
}

/// Decodes a document that IAM's API URL-encodes (RFC 3986). `None` if it is cut off or no text.
pub(in crate::policy) fn decoded(text: &str) -> Option<String> {
    if !text.starts_with('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok()
}

/// `Role` of `aws iam get-role`.
fn described(role: &Value) -> Described {
    let text = |key: &str| role[key].as_str().map(str::to_owned);
    let name = text("RoleName").unwrap_or_else(|| "role".to_owned());
    Described { name, arn: text("Arn"), document: role.get("AssumeRolePolicyDocument").cloned() }
}

/// A plan or a state (Terraform docs, "JSON output format"). The rest of it is not read.
#[derive(Deserialize)]
struct Plan {
    #[serde(alias = "values")]
    planned_values: Values,
}

#[derive(Deserialize)]
struct Values {
    #[serde(default)]
    root_module: Module,
}

#[derive(Deserialize, Default)]
struct Module {
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    child_modules: Vec<Module>,
}

#[derive(Deserialize)]
struct Resource {
    address: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    values: Map<String, Value>,
}

impl Plan {
    fn roles(&self) -> Vec<Described> {
        let mut roles = Vec::new();
        self.planned_values.root_module.add_to(&mut roles);
        roles
    }
}

impl Module {
    fn add_to(&self, roles: &mut Vec<Described>) {
        let managed = self.resources.iter().filter(|resource| resource.kind == "aws_iam_role" && resource.mode != "data");
        roles.extend(managed.map(Resource::described));
        self.child_modules.iter().for_each(|module| module.add_to(roles));
    }
}

impl Resource {
    fn described(&self) -> Described {
        let text = |key: &str| self.values.get(key).and_then(Value::as_str).map(str::to_owned);
        let document = text("assume_role_policy").map(Value::String);
        Described { name: text("name").unwrap_or_else(|| self.address.clone()), arn: text("arn"), document }
    }
}

#[cfg(test)]
mod tests;
