//! Values to write into a document.

use super::error::{ChangeError, ValueError};
use super::scalar::Scalar;
use super::tree::{Form, Node};
use crate::words::Secret;
use serde_json::Value;

/// A value that has no place in a text yet.
pub(super) enum Draft {
    Null,
    Scalar(Scalar),
    Mapping(Vec<(String, Self)>),
    Sequence(Vec<Self>),
}

impl Draft {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Scalar(Scalar::text(text))
    }

    /// A copy of a node, without its comments.
    pub(super) fn of(node: &Node) -> Self {
        match &node.form {
            Form::Leaf(leaf) => leaf.meaning().map_or(Self::Null, |scalar| Self::Scalar(scalar.clone())),
            Form::Mapping(members) => {
                Self::Mapping(members.entries().map(|entry| (entry.key.clone(), Self::of(&entry.node))).collect())
            }
            Form::Sequence(items) => Self::Sequence(items.entries().map(|entry| Self::of(&entry.node)).collect()),
        }
    }

    /// From JSON. A whole number stays one.
    pub(super) fn from_json(value: &Value) -> Result<Self, ChangeError> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Scalar(Scalar::boolean(*truth)),
            Value::Number(number) => Self::Scalar(match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Scalar::integer(whole),
                (None, Some(float)) => Scalar::float(float),
                (None, None) => return Err(ChangeError::NumberOutOfRange),
            }),
            Value::String(text) => Self::text(text.clone()),
            Value::Array(items) => Self::Sequence(items.iter().map(Self::from_json).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                Self::Mapping(members.iter().map(|(key, value)| Ok((key.clone(), Self::from_json(value)?))).collect::<Result<
                    _,
                    ChangeError,
                >>(
                )?)
            }
        })
    }

    /// As JSON on several lines. `newline` is the line break with the current indentation; each level adds one tab.
    pub(super) fn json_lines(&self, newline: &str) -> Result<String, ValueError> {
        let inner = format!("{newline}\t");
        let lines: Vec<String> = match self {
            Self::Mapping(members) if !members.is_empty() => members
                .iter()
                .map(|(key, value)| Ok(format!("{}: {}", super::json::emit::quoted(key), value.json_lines(&inner)?)))
                .collect::<Result<_, ValueError>>()?,
            Self::Sequence(items) if !items.is_empty() => {
                items.iter().map(|item| item.json_lines(&inner)).collect::<Result<_, _>>()?
            }
            _ => return self.json(),
        };
        let (open, close) = if matches!(self, Self::Mapping(_)) { ('{', '}') } else { ('[', ']') };
        Ok(format!("{open}{inner}{}{newline}{close}", lines.join(&format!(",{inner}"))))
    }

    /// As JSON on one line, which is also valid YAML.
    pub(super) fn json(&self) -> Result<String, ValueError> {
        Ok(match self {
            Self::Null => "null".to_owned(),
            Self::Scalar(scalar) => super::json::emit::scalar(scalar)?,
            Self::Mapping(members) => {
                let member = |(key, value): &(String, Self)| Ok(format!("{}: {}", super::json::emit::quoted(key), value.json()?));
                format!("{{{}}}", members.iter().map(member).collect::<Result<Vec<String>, ValueError>>()?.join(", "))
            }
            Self::Sequence(items) => {
                format!("[{}]", items.iter().map(Self::json).collect::<Result<Vec<String>, ValueError>>()?.join(", "))
            }
        })
    }
}

/// A caller's value, which is JSON. The parser refuses ambiguous or too deep JSON.
pub(super) fn from_secret_json(text: &Secret) -> Result<Draft, ChangeError> {
    Draft::from_json(&crate::token::parse_document(text.expose())?)
}
