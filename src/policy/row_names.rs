//! The names of the rows of a `for_each` file. Clouds tell the rules of one policy apart by them.

use super::error::RowNameError;
use super::template::Row;
use crate::words::names::RowName;
use crate::words::yaml::{Fields, Node};
use std::collections::HashSet;

/// The column of the names.
const COLUMN: &str = "name";

/// The names read so far.
#[derive(Default)]
pub(super) struct RowNames(HashSet<RowName>);

impl RowNames {
    /// The row's name, if it has one. A name that cannot be part of a subject is a fault, and so is the name of an earlier row.
    pub(super) fn read<'a>(&mut self, fields: &mut Fields<'a, '_>, for_each: &'a Node, row: &Row) -> Option<RowName> {
        let text = row.get(COLUMN)?;
        let file = || for_each.as_text().unwrap_or_default().to_owned();
        let name = match RowName::parse(text) {
            Ok(name) if self.0.insert(name.clone()) => return Some(name),
            Ok(name) => Err(RowNameError::Twice { file: file(), name }),
            Err(fault) => Err(RowNameError::Name { file: file(), name: text.clone(), fault }),
        };
        name.map_err(|fault| fields.fault(for_each.place, fault)).ok()
    }
}
