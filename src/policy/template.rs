//! Placeholders: `{each.NAME}` is filled with a row's value when the file is read, `{ATTRIBUTE}` with a verified attribute at each use.

use super::error::FILLED_CHARACTERS_MAX;
use super::error::{FillError, TemplateError};
use crate::identity::{Attribute, Facts};
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};

/// One row of a `for_each` file.
pub(super) type Row = BTreeMap<String, String>;

/// A character, and whether it came from a row's value. Such a character is never a wildcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    pub(super) character: char,
    pub(super) literal: bool,
}

/// Puts the row's values into the text.
pub(super) fn fill_row(text: &str, row: Option<&Row>) -> Result<Vec<Piece>, FillError> {
    let mut pieces = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{each.") {
        pieces.extend(before.chars().map(|character| Piece { character, literal: false }));
        let (name, behind) = after.split_once('}').ok_or(FillError::Unclosed)?;
        let row = row.ok_or(FillError::NoRows)?;
        let value = row.get(name).ok_or_else(|| FillError::NoColumn { name: name.to_owned() })?;
        pieces.extend(value.chars().map(|character| Piece { character, literal: true }));
        if pieces.len() > FILLED_CHARACTERS_MAX {
            return Err(FillError::TooLong);
        }
        rest = behind;
    }
    pieces.extend(rest.chars().map(|character| Piece { character, literal: false }));
    Ok(pieces)
}

/// The same as text, for values that are no patterns.
pub(super) fn fill_row_text(text: &str, row: Option<&Row>) -> Result<String, FillError> {
    Ok(fill_row(text, row)?.iter().map(|piece| piece.character).collect())
}

/// Text with `{ATTRIBUTE}` in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(String),
    Attribute(Attribute),
}

impl Display for Template {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => out.write_str(text),
            Part::Attribute(attribute) => write!(out, "{{{attribute}}}"),
        })
    }
}

impl Template {
    /// Parses it; every placeholder has to be an attribute.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            parts.push(Part::Text(before.to_owned()));
            let (name, behind) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
            let attribute = Attribute::parse(name).ok_or_else(|| TemplateError::NoAttribute { name: name.to_owned() })?;
            parts.push(Part::Attribute(attribute));
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The attributes in it.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute> {
        self.0.iter().filter_map(|part| match part {
            Part::Attribute(attribute) => Some(*attribute),
            Part::Text(_) => None,
        })
    }

    /// The text with this in the place of every placeholder.
    pub(super) fn with_values(&self, value: &str) -> String {
        self.0.iter().map(|part| if let Part::Text(text) = part { text } else { value }).collect()
    }

    /// The text for this identity; as an error an attribute of the template that the identity lacks.
    pub(super) fn fill(&self, facts: &Facts) -> Result<String, Attribute> {
        let fill = |part: &Part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Attribute(attribute) => facts.attribute(*attribute).map(ToString::to_string).ok_or(*attribute),
        };
        self.0.iter().map(fill).collect()
    }
}
