//! The format of a document, which its name's extension decides, and how each format writes values, comments and the section.

use super::draft::Draft;
use super::error::{SyntaxError, ValueError, WriteError};
use super::scalar::Scalar;
use super::splice::{Splices, line_end};
use super::tree::{Comment, Leaf, Section, Tree};
use super::{dotenv, flow, ini, json, yaml};
use crate::words::Secret;
use crate::words::names::SecretPath;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    Yaml,
    Json,
    Dotenv,
    Ini,
    /// Any other extension: one value, which is JSON once it is encrypted.
    Binary,
}

impl Format {
    pub(super) fn of(path: &SecretPath) -> Self {
        match path.as_str().rsplit_once('.').map(|(_, ending)| ending) {
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json,
            Some("env") => Self::Dotenv,
            Some("ini") => Self::Ini,
            _ => Self::Binary,
        }
    }

    pub(super) fn parse(self, text: &str) -> Result<Tree, SyntaxError> {
        match self {
            Self::Yaml => yaml::parse(text),
            Self::Json | Self::Binary => json::parse(text),
            Self::Dotenv => dotenv::parse(text),
            Self::Ini => ini::parse(text),
        }
    }

    /// A value, written for a leaf's place.
    pub(super) fn plain(self, text: &str, leaf: &Leaf, scalar: &Scalar) -> Result<String, ValueError> {
        let spot = &leaf.spot;
        match self {
            Self::Yaml => {
                let free = spot.lines.is_some() || text[spot.place.end..line_end(text, spot.place.end)].trim().is_empty();
                yaml::emit::scalar(scalar, spot.column, spot.flow, free)
            }
            Self::Json | Self::Binary => json::emit::scalar(scalar),
            Self::Dotenv => dotenv::value(scalar),
            Self::Ini => ini::value(scalar),
        }
    }

    /// An encrypted value, written for a leaf's place.
    pub(super) fn sealed(self, leaf: &Leaf, sealed: &str) -> String {
        match self {
            Self::Yaml if leaf.spot.flow => format!("\"{sealed}\""),
            Self::Json | Self::Binary => format!("\"{sealed}\""),
            Self::Yaml | Self::Dotenv | Self::Ini => sealed.to_owned(),
        }
    }

    /// A comment, written for its place, with its sign.
    pub(super) fn comment(self, source: &str, comment: &Comment, text: &str) -> Secret {
        let sign = if self == Self::Ini { "; " } else { "#" };
        let column = comment.place.start - super::splice::line_start(source, comment.place.start);
        let further = if self == Self::Ini { "\n".to_owned() } else { format!("\n{}#", " ".repeat(column)) };
        Secret::from(format!("{sign}{}", text.replace('\n', &further)))
    }

    /// A new `sops` section.
    pub(super) fn section(self, section: Draft) -> Result<String, ValueError> {
        match self {
            Self::Yaml => Ok(yaml::emit::block(&Draft::Mapping(vec![("sops".to_owned(), section)]), 0)? + "\n"),
            Self::Json | Self::Binary => Ok(format!("\"sops\": {}", section.json_lines("\n\t")?)),
            Self::Dotenv => Ok(dotenv::section(&section)),
            Self::Ini => Ok(ini::section(&section)),
        }
    }

    /// The text of a section, to insert it elsewhere.
    pub(super) fn written(self, text: &str, section: &Section) -> String {
        match self {
            Self::Json | Self::Binary => format!("\"sops\": {}", &text[section.node.place.clone()]),
            Self::Yaml | Self::Dotenv | Self::Ini => section.cuts.iter().map(|cut| &text[cut.clone()]).collect(),
        }
    }

    /// Inserts a section into each document.
    pub(super) fn put_section(self, text: &str, tree: &Tree, sections: &[String]) -> Result<Splices, WriteError> {
        let mut splices = Splices::default();
        let first = sections.first().ok_or(WriteError::NoSection)?;
        for (number, part) in tree.parts.iter().enumerate() {
            let section = sections.get(number).unwrap_or(first);
            let collection = part.root.collection().ok_or(WriteError::NoMapping)?;
            let newline = if part.end == 0 || text[..part.end].ends_with('\n') { "" } else { "\n" };
            match self {
                Self::Json | Self::Binary => {
                    let (at, comma) = flow::addition(text, collection, part.root.place.start);
                    splices.put(at..at, format!("{comma}{section}"));
                }
                // As in SOPS, an empty document is `{}` as plaintext and only its section when it is encrypted.
                Self::Yaml if collection.flow && collection.entries().next().is_none() => {
                    splices.put(part.root.place.clone(), section.trim_end().to_owned());
                }
                Self::Yaml if collection.flow => {
                    return Err(WriteError::RootInBraces);
                }
                Self::Ini if !text.ends_with("\n\n") && !text.is_empty() => {
                    splices.put(part.end..part.end, format!("{newline}\n{section}"));
                }
                Self::Yaml | Self::Dotenv | Self::Ini => splices.put(part.end..part.end, format!("{newline}{section}")),
            }
        }
        Ok(splices)
    }
}
