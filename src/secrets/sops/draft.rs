//! A value that is to be written.

use super::error::{ChangeError, ValueError};
use super::scalar::Scalar;
use super::tree::{Form, Node};
use crate::words::Secret;
use serde_json::Value;

/// Without a place yet.
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

    /// A copy of what stands elsewhere, without its comments.
    pub(super) fn of(node: &Node) -> Self {
        match &node.form {
            Form::Leaf(leaf) => leaf.meaning().map_or(Self::Null, |scalar| Self::Scalar(scalar.clone())),
            Form::Mapping(members) => {
                Self::Mapping(members.entries().map(|entry| (entry.key.clone(), Self::of(&entry.node))).collect())
            }
            Form::Sequence(items) => Self::Sequence(items.entries().map(|entry| Self::of(&entry.node)).collect()),
        }
    }

    /// From JSON, in which a whole number stays one.
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

    /// As JSON over several lines, each but the first after this line break and one tab more for each step in.
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

    /// On one line, as JSON, which is YAML in braces too.
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

/// A value as a caller gives it: JSON, guarded.
pub(super) fn from_secret_json(text: &Secret) -> Result<Draft, ChangeError> {
    Draft::from_json(&crate::token::parse_document(text.expose())?)
}
