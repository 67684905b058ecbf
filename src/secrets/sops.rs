//! SOPS files with age recipients: YAML, JSON, dotenv, INI and whole files (getsops/sops, the format's own source and its README).
//!
//! The MAC is always checked. Other key services that a file's metadata names, such as a KMS or a Vault, are never contacted.

mod change;
mod cipher;
mod clear;
mod creation;
mod document;
mod dotenv;
mod draft;
mod edit;
mod entries;
mod error;
mod finish;
mod flat;
mod flow;
mod format;
mod ini;
mod json;
mod limits;
mod looser;
mod mac;
mod metadata;
mod named;
mod open;
mod part;
mod recipients;
mod render;
mod rule;
mod scalar;
mod seal;
mod splice;
mod stray;
mod tree;
mod values;
mod walk;
mod yaml;

pub use creation::{Creation, Creations};
pub use document::{Document, SopsFile, Unauthenticated};
pub use edit::{encrypt, encrypt_with};
pub(super) use error::ReadError;
pub use error::{CreationError, EntryError, SopsError};
pub use values::Values;

use crate::words::names::SecretPath;
use format::Format;
use serde_json::{Map, Value};
use tree::{Form, Node};

/// The values of a plaintext document that is a mapping. Its name decides its format.
pub fn values(path: &SecretPath, plaintext: &[u8]) -> Result<Map<String, Value>, SopsError> {
    let format = Format::of(path);
    if format == Format::Binary {
        return Err(ReadError::OneValue.into());
    }
    let text = std::str::from_utf8(plaintext).map_err(|_| ReadError::NotUtf8)?;
    if format == Format::Json {
        // Read as plain JSON: SOPS turns every number into a float, which callers of this function do not want.
        return match crate::token::parse_document(plaintext).map_err(ReadError::Json)? {
            Value::Object(members) => Ok(members),
            _ => Err(ReadError::NoMapping.into()),
        };
    }
    let tree = format.parse(text)?;
    match tree.parts.first().map(|part| to_json(&part.root)) {
        Some(Value::Object(members)) => Ok(members),
        _ => Err(ReadError::NoMapping.into()),
    }
}

/// A part of a document as JSON. Numbers keep their types.
fn to_json(node: &Node) -> Value {
    use scalar::Kind;
    match &node.form {
        Form::Leaf(leaf) => leaf.meaning().map_or(Value::Null, |scalar| {
            let text = String::from_utf8_lossy(scalar.expose());
            match scalar.kind {
                Kind::Boolean => Value::Bool(text == "True"),
                Kind::Integer | Kind::Float => serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned())),
                Kind::Text | Kind::Time => Value::String(text.into_owned()),
            }
        }),
        Form::Mapping(members) => {
            members.entries().map(|entry| (entry.key.clone(), to_json(&entry.node))).collect::<Map<_, _>>().into()
        }
        Form::Sequence(items) => items.entries().map(|entry| to_json(&entry.node)).collect(),
    }
}

#[cfg(test)]
mod tests;
