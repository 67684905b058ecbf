//! A document with only some of its values, for callers who are granted no more of it.

use super::document::{Document, Unauthenticated, check};
use super::draft::Draft;
use super::error::{ReadError, ValueError};
use super::format::Format;
use super::scalar::Scalar;
use super::tree::{Form, Node, steps};
use super::{dotenv, ini};
use crate::words::Secret;

impl Document {
    /// The values at these JSON pointers, in the document's own format and without its comments. A value that the document lacks is left
    /// out. A list keeps its positions: items that are not given become null.
    pub fn only(&self, keys: &[String], unauthenticated: Unauthenticated) -> Result<Secret, ReadError> {
        let [part] = &self.file.tree.parts[..] else {
            return Err(ReadError::SeveralDocuments);
        };
        for key in keys {
            self.find(key).map_or(Ok(()), |node| check(node, unauthenticated, key))?;
        }
        let pointers: Vec<Vec<String>> = keys.iter().map(|key| steps(key)).collect();
        let pointers: Vec<&[String]> = pointers.iter().map(Vec::as_slice).collect();
        let picked = pick(&part.root, &pointers).ok_or(ReadError::NoneGranted)?;
        written(self.file.format, &picked).map(Secret::from)
    }
}

fn pick(node: &Node, pointers: &[&[String]]) -> Option<Draft> {
    if pointers.iter().any(|pointer| pointer.is_empty()) {
        return Some(Draft::of(node));
    }
    let below = |step: &str| {
        let below: Vec<&[String]> = pointers.iter().filter(|pointer| pointer[0] == step).map(|pointer| &pointer[1..]).collect();
        (!below.is_empty()).then_some(below)
    };
    match &node.form {
        Form::Leaf(_) => None,
        Form::Mapping(members) => {
            let picked = members.entries().filter_map(|entry| Some((entry.key.clone(), pick(&entry.node, &below(&entry.key)?)?)));
            let picked: Vec<(String, Draft)> = picked.collect();
            (!picked.is_empty()).then_some(Draft::Mapping(picked))
        }
        Form::Sequence(items) => {
            let picked = items.entries().enumerate().map(|(place, item)| pick(&item.node, &below(&place.to_string())?));
            let mut picked: Vec<Option<Draft>> = picked.collect();
            let last = picked.iter().rposition(Option::is_some)?;
            picked.truncate(last + 1);
            Some(Draft::Sequence(picked.into_iter().map(|item| item.unwrap_or(Draft::Null)).collect()))
        }
    }
}

fn written(format: Format, picked: &Draft) -> Result<String, ReadError> {
    match (format, picked) {
        (Format::Json, _) => Ok(picked.json_lines("\n")? + "\n"),
        (Format::Yaml, _) => {
            let value: serde_json::Value = serde_json::from_str(&picked.json()?)?;
            Ok(serde_saphyr::to_string(&value)?)
        }
        (Format::Dotenv, Draft::Mapping(members)) => lines(members, "=", dotenv::value),
        (Format::Ini, Draft::Mapping(sections)) => sections.iter().map(section).collect(),
        (Format::Dotenv | Format::Ini | Format::Binary, _) => Err(ReadError::GrantedWhole),
    }
}

fn section((name, members): &(String, Draft)) -> Result<String, ReadError> {
    match members {
        Draft::Mapping(members) => Ok(format!("[{name}]\n{}", lines(members, " = ", ini::value)?)),
        _ => Err(ReadError::NoIniSection { name: name.clone() }),
    }
}

fn lines(members: &[(String, Draft)], sign: &str, value: fn(&Scalar) -> Result<String, ValueError>) -> Result<String, ReadError> {
    let line = |(name, draft): &(String, Draft)| match draft {
        Draft::Scalar(scalar) => Ok(format!("{name}{sign}{}\n", value(scalar)?)),
        Draft::Null => Ok(format!("{name}{sign}\n")),
        Draft::Mapping(_) | Draft::Sequence(_) => Err(ReadError::NoSingleValue { name: name.clone() }),
    };
    members.iter().map(line).collect()
}
